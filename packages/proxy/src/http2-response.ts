/**
 * Responses that go out over HTTP/2. Node's compatibility layer sends them; it takes no flat list of fields, refuses some fields only when
 * the head leaves, and knows nothing of what HTTP/2 has beside a clean end.
 *
 * A head is put on the response and goes out with the first byte of the body, or with the end if there is none: then the two are one
 * frame, which is how gRPC tells a failure (`Trailers-Only`) from a response that was cut short.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerResponse, constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';

const STAGED: unique symbol = Symbol('evenkeel.staged');

export type Http2Response = ServerResponse & { readonly stream: ServerHttp2Stream; [STAGED]?: readonly string[] };

/** True for a response that goes out over HTTP/2. */
export function isHttp2Response(res: ServerResponse): res is Http2Response {
  // The layer is made so that one stands for the other; the types do not know.
  return (res as unknown) instanceof Http2ServerResponse;
}

/** Fields of a connection of HTTP/1.1 (RFC 9113 section 8.2.2). Node throws at them, some time later. */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Names that Node sends on one line only. */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);

const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

type Values = string | string[];

/**
 * By lower-case name, as Node takes them. Lines that Node would not send become one, which means the same (RFC 9110 section 5.3).
 * @throws if a name or value is not valid: Node puts them into one string, and sends what that comes to
 */
export function fieldValues(fields: readonly string[]): Record<string, Values> {
  const values: Record<string, Values> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (!NAME.test(name) || UNSAFE_VALUE.test(value))
      throw new TypeError(`the field ${JSON.stringify(name)} is not valid`);
    if (!OF_A_CONNECTION.has(name)) values[name] = joined(name, values[name], value);
  }
  return values;
}

function joined(name: string, before: Values | undefined, value: string): Values {
  if (before === undefined) return value;
  if (!SINGLE.has(name)) return Array.isArray(before) ? [...before, value] : [before, value];
  // Two parties that add `X-Content-Type-Options: nosniff` mean it once.
  return before === value ? value : `${String(before)}, ${value}`;
}

/**
 * Puts a head on the response. What middleware has put there stays, unless the endpoint says otherwise; cookies and `Vary` add up.
 * @throws if it cannot be sent; then nothing is left behind
 */
export function stageHead(res: Http2Response, status: number, fields: readonly string[]): void {
  const values = fieldValues(fields);
  // Node sends it without a body, whatever the endpoint has; a length would make nonsense of that.
  if (status === 205) delete values['content-length'];
  const statusBefore = res.statusCode;
  // Node has no status above 599 here.
  res.statusCode = status;
  try {
    cleanEarlier(res, values);
    for (const name in values) res.setHeader(name, withEarlier(res, name, values[name]!));
    res[STAGED] = Object.keys(values);
    // Middleware that waits for the head may throw at it, and has to do so here.
    if (res.writeHead !== (Http2ServerResponse.prototype.writeHead as unknown)) res.writeHead(status);
  } catch (error) {
    res.statusCode = statusBefore;
    for (const name in values) res.removeHeader(name);
    throw error;
  }
}

function cleanEarlier(res: Http2Response, values: Record<string, Values>): void {
  for (const name of res.getHeaderNames()) {
    const value = res.getHeader(name);
    if (OF_A_CONNECTION.has(name) || (name === 'content-length' && !(name in values))) res.removeHeader(name);
    else if (Array.isArray(value) && SINGLE.has(name)) res.setHeader(name, value.join(', '));
  }
}

function withEarlier(res: Http2Response, name: string, values: Values): Values {
  const earlier = name === 'set-cookie' || name === 'vary' ? res.getHeader(name) : undefined;
  if (earlier === undefined) return values;
  return [...(Array.isArray(earlier) ? earlier : [String(earlier)]), ...(Array.isArray(values) ? values : [values])];
}

/** Takes back a head that has not left, so that another can take its place. */
export function unstageHead(res: Http2Response): void {
  for (const name of res[STAGED] ?? []) res.removeHeader(name);
  res[STAGED] = [];
}

/** True if nothing more can be said on the stream. */
export function isStreamOver({ stream }: Http2Response): boolean {
  return stream.destroyed || stream.closed;
}

/** The fields behind the body. @param fields such as may pass */
export function stageTrailers(res: Http2Response, fields: readonly string[]): void {
  (res as unknown as Http2ServerResponse).addTrailers(fieldValues(fields));
}

/** An interim response. */
export function sendInterim(res: Http2Response, status: number, fields: readonly string[]): void {
  if (isStreamOver(res) || res.headersSent) return;
  res.stream.additionalHeaders({ ...fieldValues(fields), [constants.HTTP2_HEADER_STATUS]: status });
}

/** Ends a response so that the client can tell that it is not whole. */
export function resetStream({ stream }: Http2Response): void {
  // Node would also end the body, and aborts the process if a stream that waits for trailers was ended when it is gone
  // (https://github.com/nodejs/node/issues/41458).
  Object.assign(stream, { _final: endNothing });
  // `destroy()` would reset it with NO_ERROR, which many clients take for a good end.
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}

function endNothing(callback: () => void): void {
  callback();
}

/** Asks the client for no more requests on its connection; those it has sent are answered. */
export function goAway({ stream }: Http2Response): void {
  stream.session?.close();
}

/**
 * Drops what the client still sends. If its response is through, the client is told to stop (RFC 9113 section 8.1), without which it might
 * go on for ever.
 */
export function dropUpload(req: IncomingMessage, res: Http2Response): void {
  const { stream } = res;
  req.resume();
  if (!res.writableEnded || isStreamOver(res)) return;
  const stop = (): void => {
    if (!isStreamOver(res)) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  // Node sends what follows the body one turn after it has asked for it. Before that the stream must not be closed.
  stream.on('wantTrailers', () => setImmediate(stop));
  stream.on('finish', () => setImmediate(() => (stream.state.localClose === 1 ? stop() : undefined)));
}
