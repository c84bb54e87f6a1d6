/**
 * What it means that a stream ended before its response did.
 */
import { constants } from 'node:http2';
import { TransportError } from '../transport-error.ts';
import type { AttemptTimes } from './attempt-host.ts';

/** What either side calls a head that breaks the rules (RFC 9113 section 7); Node calls one calm if it has too many fields. */
const RULES = new Set<number>([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
]);
/** nghttp2 could make no sense of what came on the connection. */
const NONSENSE = 'ERR_HTTP2_ERROR';

interface Ended {
  readonly isRefused: boolean;
  readonly streamError: Error | undefined;
}

/**
 * @param isHeadless no response head had come
 * @param rstCode why the stream ended
 * @param goawayCode why the connection did, if the endpoint said so
 */
export function faultOf(
  { isRefused, streamError }: Ended,
  isHeadless: boolean,
  rstCode: number,
  goawayCode: number | undefined,
): TransportError {
  if (isHeadless && isRefused) {
    return new TransportError('unprocessed', 'the endpoint did nothing with the request', streamError);
  }
  const isGone = goawayCode !== undefined && goawayCode !== constants.NGHTTP2_NO_ERROR;
  const isNonsense = RULES.has(rstCode) || String(Reflect.get(streamError ?? {}, 'code')) === NONSENSE;
  if (isHeadless && isNonsense && !isGone) {
    return new TransportError('bad-response', 'the endpoint sent no proper response head', streamError);
  }
  const when = isHeadless ? 'before the response head' : 'before the response was whole';
  return new TransportError('reset', `the stream ended ${when}, with code ${goawayCode || rstCode}`, streamError);
}

/**
 * Whether a response that ended with a reset may be whole. NO_ERROR is no end of a response, but servers of Node end whole ones like that,
 * now and then, if they never read the request. So only a Content-Length can tell.
 * @param received bytes of the body
 */
export function isWhole(rstCode: number, fields: readonly string[], received: number): boolean {
  if (rstCode !== constants.NGHTTP2_NO_ERROR) return false;
  const at = fields.findIndex((name, i) => i % 2 === 0 && name === 'content-length');
  return at === -1 || Number(fields[at + 1]) === received;
}

export function lateness(isHead: boolean, { headTimeoutMs, bodyTimeoutMs }: AttemptTimes): TransportError {
  if (isHead) return new TransportError('head-timeout', `no response head within ${headTimeoutMs} ms`);
  return new TransportError('body-timeout', `no more of the response body within ${bodyTimeoutMs} ms`);
}
