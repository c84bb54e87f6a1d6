import http from 'node:http';
import https from 'node:https';
import type { Endpoint } from '../endpoint.ts';
import type { ProbeRequest, ProbeResponse } from '../health/probe.ts';
import { LOAD_REPORT_FIELD } from '../load-report.ts';
import { addressOf } from './address.ts';
import { inTime } from './probe-deadline.ts';
import type { Settle } from './probe-deadline.ts';
import { identityOptions } from './tls.ts';
import type { TlsOptions } from './tls.ts';

/** One request on a connection of its own. */
export function request(
  endpoint: Endpoint,
  { method, path, host: hostField, maxBodyBytes, headers, port }: ProbeRequest,
  timeoutMs: number,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<ProbeResponse> {
  const address = addressOf(endpoint);
  const { request: send } = address.isTls ? https : http;
  return inTime<ProbeResponse>({ timeoutMs, signal, missing: 'no answer' }, (settle) => {
    const outgoing = send({
      ...identityOptions(address.host),
      ...tls,
      host: address.host,
      port: port ?? address.port,
      ...(port === undefined && address.socketPath !== undefined && { socketPath: address.socketPath }),
      method,
      path,
      headers: hostField === undefined ? { ...headers } : { ...headers, host: hostField },
      agent: false,
    });
    let missing = 'an answer';
    outgoing.on('response', (response) => {
      missing = 'the whole answer';
      read(response, maxBodyBytes, settle);
    });
    outgoing.on('error', settle.reject);
    // Such as a 101 that nobody asked for, after which Node destroys the connection and says no more.
    outgoing.on('close', () => settle.reject(new Error(`the connection ended without ${missing}`)));
    outgoing.end();
    return () => outgoing.destroy();
  });
}

function read(response: http.IncomingMessage, maxBodyBytes: number, settle: Settle<ProbeResponse>): void {
  const chunks: Buffer[] = [];
  let length = 0;
  function finish(): void {
    const report = response.headers[LOAD_REPORT_FIELD];
    settle.resolve({
      status: response.statusCode ?? 0,
      body: Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8'),
      loadReport: Array.isArray(report) ? report[0] : report,
    });
  }
  response.on('error', settle.reject);
  if (maxBodyBytes === 0) return finish();
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBodyBytes) finish();
  });
  response.on('end', finish);
}
