/**
 * Active health: asking an endpoint whether it is well. A probe says what to ask and when; it reaches the network only through
 * the `ProbeIo` that it is handed.
 */
import type { Endpoint } from '../endpoint.ts';

/** The network and the machine as a probe may use them. Each call rejects if it fails or takes longer than `timeoutMs`. */
export interface ProbeIo {
  /** Opens and closes a TCP connection to the endpoint, on its own port or another. */
  connect(endpoint: Endpoint, timeoutMs: number, port?: number): Promise<void>;
  /** One HTTP request on a connection of its own; the body is cut after `maxBodyBytes`. */
  request(endpoint: Endpoint, request: ProbeRequest, timeoutMs: number): Promise<ProbeResponse>;
  /** Connects, writes `text`, and reads until the first carriage return or line feed, the end, or `maxBytes`. */
  readLine(endpoint: Endpoint, options: ProbeLineOptions, timeoutMs: number): Promise<string>;
  /** Sends one datagram and waits for one back; rejects at once if the port is unreachable. */
  datagram(endpoint: Endpoint, options: ProbeDatagramOptions, timeoutMs: number): Promise<Uint8Array>;
  /**
   * Runs a program without a shell, and kills it and what it started if it takes too long. Rejects if it cannot be started
   * (`code` is `ENOENT` if there is none) or a signal ends it; resolves with its exit status and the start of its output.
   */
  run(command: readonly [file: string, ...args: string[]], options: ProbeRunOptions): Promise<ProbeRunResult>;
  /** One unary gRPC call over HTTP/2, in the clear for `http:` origins; resolves with the response message. */
  grpc(endpoint: Endpoint, call: ProbeGrpcCall, timeoutMs: number): Promise<Uint8Array>;
}

export interface ProbeRequest {
  readonly method: string;
  readonly path: string;
  /** The `Host` field; the endpoint's own if undefined. */
  readonly host: string | undefined;
  readonly maxBodyBytes: number;
  /** Further fields. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the endpoint's own */
  readonly port?: number;
}

export interface ProbeResponse {
  readonly status: number;
  readonly body: string;
  /** The value of `endpoint-load-metrics`, if there is one. */
  readonly loadReport?: string | undefined;
}

export interface ProbeLineOptions {
  readonly port: number;
  readonly text: string;
  readonly maxBytes: number;
}

export interface ProbeDatagramOptions {
  readonly port: number;
  readonly payload: Uint8Array;
  /** False if passing means that nothing says the port is unreachable within the timeout. */
  readonly isAnswered: boolean;
}

export interface ProbeRunOptions {
  readonly timeoutMs: number;
  /** All that the program's environment has besides `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  readonly maxOutputBytes: number;
}

export interface ProbeRunResult {
  readonly exitStatus: number;
  readonly output: string;
}

export interface ProbeGrpcCall {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly message: Uint8Array;
  readonly authority: string | undefined;
  /** @default the endpoint's own */
  readonly port?: number;
}

/** What an endpoint, or an agent beside it, says through a probe that passed. What is left out stays as it was. */
export interface ProbeVerdict {
  /** Share of its configured weight that it is to get, 0..10; 0 means nothing new, as `isDraining`. */
  readonly weightRatio?: number;
  /** True: nothing new, but what sticks to it goes on. False: as usual again. */
  readonly isDraining?: boolean;
  /** True: out of use at once, whatever `fall` says. False: well again at once. */
  readonly isDown?: boolean;
  /** A value of `endpoint-load-metrics`. */
  readonly loadReport?: string;
}

/** When to probe. The defaults are HAProxy's (`inter 2s rise 2 fall 3`, `fastinter` here 500 ms). */
export interface ProbeTiming {
  /** ms between two probes of an endpoint, 10..2^31-1; the first comes after a random share of it. @default 2_000 */
  readonly intervalMs: number;
  /** ms between two probes while the state is in doubt. @default 500, or `intervalMs` if that is less */
  readonly fastIntervalMs: number;
  /** ms between two probes of an endpoint that is down. @default `intervalMs` */
  readonly downIntervalMs: number;
  /** How much each interval may be off, at random, in percent of it, 0..50: what started together drifts apart. @default 5 */
  readonly spreadPercent: number;
  /** ms until a probe has failed. @default `intervalMs`, at most 2_000 */
  readonly timeoutMs: number;
  /** Passed probes in a row that make a failed endpoint well, 1..100. @default 2 */
  readonly rise: number;
  /** Failed probes in a row that make an endpoint unfit, 1..100. @default 3 */
  readonly fall: number;
  /**
   * What failing means: `remove` takes the endpoint out, sticky requests included; `inhibit` gives it nothing new (keepalived's
   * `inhibit_on_failure`). @default 'remove'
   */
  readonly onFail: 'remove' | 'inhibit';
}

/** What to ask, and when. */
export interface Probe extends ProbeTiming {
  readonly name: string;
  /**
   * Resolves if the endpoint is well, rejects if not. What it does through `io` stops when the endpoint is removed, the cluster
   * is closed, or twice `timeoutMs` are over, which counts as failed.
   */
  check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict | void>;
  /** False to leave this turn out, such as while the endpoint tells about itself anyway. @default always due */
  isDue?(endpoint: Endpoint, now: number): boolean;
}
