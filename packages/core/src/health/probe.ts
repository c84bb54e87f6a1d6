/**
 * Active health: asking an endpoint whether it is well. A probe says what to ask and when; it reaches the network only through
 * the `ProbeIo` that it is handed.
 */
import type { Endpoint } from '../endpoint.ts';

/** The network as a probe may use it. Each call rejects if it fails or takes longer than `timeoutMs`. */
export interface ProbeIo {
  /** Opens and closes a TCP connection to the endpoint. */
  connect(endpoint: Endpoint, timeoutMs: number): Promise<void>;
  /** One HTTP request on a connection of its own; the body is cut after `maxBodyBytes`. */
  request(endpoint: Endpoint, request: ProbeRequest, timeoutMs: number): Promise<ProbeResponse>;
}

export interface ProbeRequest {
  readonly method: string;
  readonly path: string;
  /** The `Host` field; the endpoint's own if undefined. */
  readonly host: string | undefined;
  readonly maxBodyBytes: number;
}

export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
}

/** When to probe. The defaults are HAProxy's (`inter 2s rise 2 fall 3`, `fastinter` here 500 ms). */
export interface ProbeTiming {
  /** ms between two probes of an endpoint, 10..2^31-1; the first comes after a random share of it. @default 2_000 */
  readonly intervalMs: number;
  /** ms between two probes while the state is in doubt. @default 500, or `intervalMs` if that is less */
  readonly fastIntervalMs: number;
  /** ms until a probe has failed. @default `intervalMs`, at most 2_000 */
  readonly timeoutMs: number;
  /** Passed probes in a row that make a failed endpoint well, 1..100. @default 2 */
  readonly rise: number;
  /** Failed probes in a row that make an endpoint unfit, 1..100. @default 3 */
  readonly fall: number;
}

/** What to ask, and when. */
export interface Probe extends ProbeTiming {
  readonly name: string;
  /** Resolves if the endpoint is well, rejects if not. */
  check(endpoint: Endpoint, io: ProbeIo): Promise<void>;
}
