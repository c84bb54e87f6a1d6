/**
 * What the HTTP/2 connections of a cluster have in common, and the limits that every endpoint is held to.
 */
import type http2 from 'node:http2';
import type { TransportOptions } from '../transport-options.ts';

/** Fields of a response head; a server that sends more is up to no good. */
export const MAX_FIELDS = 128;
/** What a field costs in RFC 9113's own reckoning of a header list (section 6.5.2), beyond its bytes. */
const FIELD_OVERHEAD_BYTES = 32;

/** What one response may have in memory if nobody reads it. */
export const STREAM_WINDOW_BYTES = 262_144;
/** Node frees it as bytes arrive, whoever reads them, so that a slow reader holds up nobody else. */
export const CONNECTION_WINDOW_BYTES = 1_048_576;

/** Frames that make no sense, until the connection ends. */
const MAX_INVALID_FRAMES = 100;

/** The types lag behind the documentation. */
type SessionOptions = http2.ClientSessionOptions & {
  readonly strictSingleValueFields: boolean;
  readonly maxSessionInvalidFrames: number;
};

export function sessionOptions(options: TransportOptions): SessionOptions {
  return {
    settings: {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: options.maxHeadBytes + MAX_FIELDS * FIELD_OVERHEAD_BYTES,
    },
    // One more for `:status`.
    maxHeaderListPairs: MAX_FIELDS + 1,
    maxSessionInvalidFrames: MAX_INVALID_FRAMES,
    strictFieldWhitespaceValidation: true,
    // Fields go on as they came, duplicates too. Node 22 does not know this and refuses some.
    strictSingleValueFields: false,
  };
}
