/**
 * The network and the machine as probes use them: one connection per probe, so that a probe also tells whether new connections
 * come about.
 */
import type { ProbeIo } from '../health/probe.ts';
import { grpc } from './probe-io-grpc.ts';
import { request } from './probe-io-http.ts';
import { run } from './probe-io-run.ts';
import { connect, readLine } from './probe-io-tcp.ts';
import { datagram } from './probe-io-udp.ts';
import type { TlsOptions } from './tls.ts';

/** What one run of a probe gets; when the signal aborts, whatever is under way is cut. */
export type ProbeIoFor = (signal: AbortSignal) => ProbeIo;

export function probeIo(tls: TlsOptions | undefined): ProbeIoFor {
  return (signal) => ({
    connect: (endpoint, timeoutMs, port) => connect(endpoint, timeoutMs, port, signal),
    request: (endpoint, asked, timeoutMs) => request(endpoint, asked, timeoutMs, tls, signal),
    readLine: (endpoint, options, timeoutMs) => readLine(endpoint, options, timeoutMs, signal),
    datagram: (endpoint, options, timeoutMs) => datagram(endpoint, options, timeoutMs, signal),
    run: (command, options) => run(command, options, signal),
    grpc: (endpoint, call, timeoutMs) => grpc(endpoint, call, timeoutMs, tls, signal),
  });
}
