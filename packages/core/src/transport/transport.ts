/**
 * The seam between choosing an endpoint and talking to it. Its shapes are those of undici's dispatch handlers, so that undici
 * calls an attempt directly and another wire client can do the same.
 */
import type { Duplex, Readable } from 'node:stream';
import type { Endpoint } from '../endpoint.ts';

/** Header fields as they were on the wire: name, value, name, value. Buffers hold latin1 bytes. */
export type RawHeaders = readonly (Buffer | string)[];

/** One request as it goes to whichever endpoint is picked. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form (`/path?query`) or `*`; sent as it is, byte for byte. */
  readonly path: string;
  /** Name, value, name, value; in latin1. Must hold no connection-level field; `host` is the endpoint's own unless present. */
  readonly headers: readonly string[];
  /** A `Readable` is sent as it comes and cannot be replayed. */
  readonly body: Buffer | Readable | null;
  /**
   * What follows a `Readable` that is sent in chunks, asked for when it has ended: name, value, name, value. The head has announced it
   * with a `Trailer` field. @default nothing
   */
  readonly trailers?: (() => readonly string[]) | undefined;
  /**
   * Has a `Readable` body begin again, as another one in `body`, for a request that an endpoint has refused to look at although some of
   * the body was on its way: false if too much of it has passed. @default it cannot
   */
  rewind?(): boolean;
  /**
   * Asked for each piece. True if nobody needs the pieces of a `Readable` once they have been written, so that their memory may be given
   * back at once: it is theirs alone. @default false
   */
  readonly isBodyTransient?: boolean;
  /** The protocol to change to, such as `websocket`; the transport adds the `Upgrade` and `Connection` fields. @default none */
  readonly upgrade?: string | undefined;
  /**
   * The body comes only when the endpoint wants it: the transport adds `Expect: 100-continue`, or, if it can't, says 100 in the
   * endpoint's place. @default false
   */
  readonly isContinueExpected?: boolean | undefined;
  /** What the connection has to begin with (a PROXY protocol header); it carries only requests with the same bytes. @default nothing */
  readonly preamble?: Buffer | undefined;
  /** Undefined for the cluster's. */
  readonly headTimeoutMs?: number | undefined;
  /** Undefined for the cluster's. */
  readonly bodyTimeoutMs?: number | undefined;
}

/** What an attempt may ask of the connection it is on. */
export interface TransportController {
  /** Ends the attempt; the handler's `onResponseError` follows with `reason`. */
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
  readonly rawHeaders?: unknown;
  readonly rawTrailers?: unknown;
}

/** What a transport reports about one attempt, in this order; exactly one of the last three ends it. None throws. */
export interface TransportHandler {
  /** The request waits for a connection. Until it has one, `controller` is good for `abort` alone, after which nothing is sent. */
  onRequestWait?(controller: TransportController): void;
  /** A connection is there and the request is about to be written on it. Never called if nothing was sent. */
  onRequestStart(controller: TransportController, context: unknown): void;
  /** Once per response head; statuses below 200, but never 101, come first and are not final. `controller.rawHeaders` holds the fields. */
  onResponseStart(controller: TransportController, status: number, headers: unknown, statusText?: string): void;
  onResponseData(controller: TransportController, chunk: Buffer): void;
  /**
   * Asked at the response head. True to take the body's pieces on loan: a `chunk` may be overwritten when `onResponseData` returns, unless
   * it has paused; then when it resumes. @default false
   */
  readonly takesLoans?: boolean;
  /** Asked before the request is sent. True if pieces of a body are forgotten soon, so that they may share memory. @default false */
  readonly isTransient?: boolean;
  /** `controller.rawTrailers` holds the trailer fields. */
  onResponseEnd(controller: TransportController, trailers: unknown): void;
  /**
   * The endpoint has changed protocols, as it was asked to: the connection is the handler's. What has arrived on it since the head can
   * still be read from it. `controller.rawHeaders` holds the fields of the head. A response that refuses is a response like others.
   */
  onRequestUpgrade(controller: TransportController, status: number, headers: unknown, socket: Duplex): void;
  /** `controller` is missing if the attempt never got a connection. */
  onResponseError(controller: TransportController | null | undefined, error: Error): void;
}

/** Sends requests to endpoints and keeps their connections. */
export interface Transport {
  /** Never throws; every failure goes to the handler. */
  send(endpoint: Endpoint, request: UpstreamRequest, handler: TransportHandler): void;
  /** Ends the endpoint's idle connections now and the busy ones when their attempt is over, or at once if `isForced`. */
  release(endpoint: Endpoint, isForced: boolean): Promise<void>;
}
