/**
 * What `cluster.request()` and `cluster.execute()` take and give.
 */
import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Outcome } from '../outcome.ts';
import type { Priority } from './wait-queue.ts';

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
  /**
   * ms from now until everything is over: attempts, waits and the response body; Infinity for no limit, 0 or less if it is too late
   * already. @default the cluster's
   */
  readonly deadlineMs?: number;
  /** ms that each attempt has until its response head, more than 0; Infinity for no limit. @default the cluster's */
  readonly attemptTimeoutMs?: number;
  /** How urgent it is if it has to wait for room. @default 'normal' */
  readonly priority?: Priority;
  /** False to never send it to a second endpoint beside the first. @default true, if the cluster has a `hedge` policy */
  readonly hedge?: boolean;
}

/** A response whose body is read in one of four ways, once. A body that nobody reads holds its connection. */
export interface ClusterResponse {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case; a name that came more than once has its values joined by `, `, but for `set-cookie`. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The id of the endpoint that answered; empty if the cluster's `fallback` did. */
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

/** How to run a call of any protocol that gives a `T`. */
export interface ExecuteOptions<T = never> {
  readonly signal?: AbortSignal;
  readonly key?: string;
  /** The call may be repeated on another endpoint. @default false */
  readonly isIdempotent?: boolean;
  /** What a rejection means for the endpoint. @default 'cancelled' if the signal was aborted, else 'server-error' */
  readonly classify?: (error: unknown) => Outcome;
  /**
   * ms from now until everything is over; then the signal that the call was given is aborted, nothing is started any more, and the
   * answer is DEADLINE_EXCEEDED. A call that does not heed the signal is waited for. @default no limit
   */
  readonly deadlineMs?: number;
  /** How urgent it is if it has to wait for room. @default 'normal' */
  readonly priority?: Priority;
  /** Makes up for a failure, unless it was the caller's signal that ended it. @param error what `execute` would reject with */
  readonly fallback?: (error: unknown) => T | Promise<T>;
}
