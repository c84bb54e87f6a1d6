/**
 * What `cluster.request()` and `cluster.execute()` take and give.
 */
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Outcome } from '../outcome.ts';

/** Header fields by name; the names' case is kept on the wire. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** One outbound request. */
export interface RequestOptions {
  /** Origin-form: starts with `/`. */
  readonly path: string;
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: HeaderFields;
  /** A string or bytes can be replayed; a stream cannot. */
  readonly body?: string | Uint8Array | Readable | null;
  /** Sending it twice does no harm. @default by method: GET, HEAD, OPTIONS, TRACE, PUT and DELETE are (RFC 9110 section 9.2.2) */
  readonly isIdempotent?: boolean;
  readonly signal?: AbortSignal;
  /** What the request hangs on, such as a user id; equal keys go together under a hashing strategy. */
  readonly key?: string;
  /** ms until the response head. @default the cluster's */
  readonly headTimeoutMs?: number;
  /** ms between two pieces of the body. @default the cluster's */
  readonly bodyTimeoutMs?: number;
}

/** A response whose body is read in one of four ways, once. A body that nobody reads holds its connection. */
export interface ClusterResponse {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; a name that came more than once has its values joined by `, `, but for `set-cookie`. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The id of the endpoint that answered. */
  readonly endpoint: string;
  text(): Promise<string>;
  json<T = unknown>(): Promise<T>;
  bytes(): Promise<Uint8Array>;
  /** As it comes, with back-pressure. Destroying it ends the attempt. */
  stream(): Readable;
  /** The same as a stream of the web. Cancelling it ends the attempt. */
  webStream(): ReadableStream<Uint8Array>;
  /** Reads and drops the body, so that the connection can be used again. */
  discard(): Promise<void>;
}

/** How to run a call of any protocol. */
export interface ExecuteOptions {
  readonly signal?: AbortSignal;
  readonly key?: string;
  /** The call may be repeated on another endpoint. @default false */
  readonly isIdempotent?: boolean;
  /** What a rejection means for the endpoint. @default 'cancelled' if the signal was aborted, else 'server-error' */
  readonly classify?: (error: unknown) => Outcome;
}
