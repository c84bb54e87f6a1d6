/**
 * Asks the endpoint's gRPC health service: `grpc.health.v1.Health/Check` over HTTP/2.
 *
 * When: the endpoint serves gRPC and has the health service registered. When not: it does not; the probe then fails with
 * `UNIMPLEMENTED`.
 * Source: the gRPC health checking protocol, https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import type { Endpoint } from '../endpoint.ts';
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeTiming } from './probe.ts';
import { probePort } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** Which service to ask for, where, and when. */
export interface GrpcHealthProbeOptions extends Partial<ProbeTiming> {
  /** Such as `shop.Cart`, at most 1,024 characters. @default '', which stands for the server as a whole */
  readonly service?: string;
  /** 1..65535. @default the endpoint's own */
  readonly port?: number;
  /** The `:authority`, and over TLS also the name that is asked for and checked. @default the endpoint's own */
  readonly authority?: string;
}

const PATH = '/grpc.health.v1.Health/Check';
const SERVICE = 'the name of a service, at most 1024 characters';
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const SERVING = 1;

const schema = v.strictObject({
  ...timingEntries,
  service: v.optional(v.pipe(v.string(SERVICE), v.maxLength(1_024, SERVICE)), ''),
  port: v.optional(probePort),
  authority: v.optional(v.pipe(v.string('a host'), v.regex(/^[\w.\-:[\]]+$/, 'a host, with a port if need be'))),
});

/** Passes if the answer is `SERVING`. @throws INVALID_OPTIONS */
export function grpcHealthProbe(options: GrpcHealthProbeOptions = {}): Probe {
  const { service, port, authority, ...given } = resolveOptions('grpcHealthProbe', schema, options);
  const timing = timingOf(given);
  const call = { path: PATH, message: requestOf(service), authority, ...(port && { port }) };
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<void> {
    const status = statusIn(await io.grpc(endpoint, call, timing.timeoutMs));
    if (status !== SERVING) {
      throw new Error(`the gRPC service ${JSON.stringify(service)} is ${STATUS_NAMES[status] ?? status}`);
    }
  }
  return { name: 'grpc-health', ...timing, check };
}

/** The protocol buffer `HealthCheckRequest`: the name as field 1, and nothing at all for the default. */
function requestOf(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  return name.length === 0 ? name : Uint8Array.from([0x0a, ...varintOf(name.length), ...name]);
}

/** Seven bits a byte, lowest first; the highest bit says that more follow. */
function varintOf(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varintOf(value >>> 7)];
}

/** Field 1 of the protocol buffer `HealthCheckResponse`. @throws Error if it is none */
function statusIn(message: Uint8Array): number {
  let at = 0;
  let status = 0;
  function varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 2 ** 7) {
      const byte = message[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error('the gRPC health service gave no HealthCheckResponse');
  }
  while (at < message.length) {
    const key = varint();
    const wireType = key % 8;
    if (wireType === 0) {
      const value = varint();
      if (key === 0x08) status = value;
    } else if (wireType === 1) at += 8;
    else if (wireType === 2) {
      const length = varint();
      at += length;
    } else if (wireType === 5) at += 4;
    else at = Infinity;
  }
  if (at !== message.length) throw new Error('the gRPC health service gave no HealthCheckResponse');
  return status;
}
