/**
 * What an attempt needs of the connection it is on, and what its stream is opened with.
 */
import type http2 from 'node:http2';

/** The connection that an attempt is on. */
export interface AttemptHost<Attempt> {
  /** The code that the endpoint went away with, if it did. */
  readonly goawayCode: number | undefined;
  readonly maxHeadBytes: number;
  now(): number;
  /** The endpoint has said something. */
  heard(now: number): void;
  /** Something is due at `at`. */
  arm(at: number, now: number): void;
  /** The endpoint let an attempt wait too long for its head. */
  late(sentAt: number): void;
  /** The handler waits for nothing more. */
  settled(): void;
  /** The stream is gone. */
  closed(attempt: Attempt): void;
  /** Sends it on another connection. */
  move(attempt: Attempt): void;
}

export interface AttemptTimes {
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

const HEAD_ONLY: http2.ClientSessionRequestOptions = { endStream: true };
const WITH_BODY: http2.ClientSessionRequestOptions = { endStream: false };
const WITH_TRAILERS: http2.ClientSessionRequestOptions = { endStream: false, waitForTrailers: true };

/** The stream of a request; its writable side stays open if something is to follow. */
export function streamOptions(hasMore: boolean, hasTrailers: boolean): http2.ClientSessionRequestOptions {
  if (!hasMore) return HEAD_ONLY;
  return hasTrailers ? WITH_TRAILERS : WITH_BODY;
}
