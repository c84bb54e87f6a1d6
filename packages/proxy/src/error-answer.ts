/**
 * The one answer that an error becomes: small, honest, in the form that the client asked for, and without a word about what is
 * behind the proxy.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BalancerError, ErrorCode } from '@evenkeel/core';
import { goAway, isHttp2Response, isStreamOver, unstageHead } from './http2-response.ts';

/** What an operator may put in place of the answer. @returns true to have taken it over, now or later */
export type ErrorRenderer = (error: BalancerError, req: IncomingMessage, res: ServerResponse) => boolean | void;

/** Said to clients instead of the error's own message, which names endpoints. */
const DETAILS: Partial<Record<ErrorCode, string>> = {
  NO_ENDPOINT: 'No server is available for this request at the moment.',
  OVERLOADED: 'The servers are busy at the moment.',
  CLOSED: 'This server is shutting down.',
  CONNECT_FAILED: 'The server behind this one could not be reached.',
  CONNECT_TIMEOUT: 'The server behind this one could not be reached in time.',
  HEAD_TIMEOUT: 'The server behind this one did not answer in time.',
  DEADLINE_EXCEEDED: 'The request took longer than it may.',
  BODY_TIMEOUT: 'The server behind this one did not answer in time.',
  UPSTREAM_RESET: 'The server behind this one ended the connection before it had answered.',
  BAD_RESPONSE: 'The server behind this one gave an answer that cannot be passed on.',
  BAD_REQUEST: 'The request is malformed.',
  BODY_TOO_LARGE: 'The request body is too large.',
  HEAD_TOO_LARGE: 'The request head is too large.',
  LOOP_DETECTED: 'The request has passed this server before.',
  NOT_SUPPORTED: 'This server does not do what the request asks for.',
};

/** Errors after which it is not certain where the client's next request starts, or that there should be one here. */
const CLOSING: ReadonlySet<ErrorCode> = new Set(['BAD_REQUEST', 'HEAD_TOO_LARGE', 'CLOSED']);

/** True if the answer to `error` is the last one on its connection. */
export function isClosing(error: BalancerError): boolean {
  return CLOSING.has(error.code);
}

/** The status, body and fields of the answer. Pure. */
export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** @param accept the request's `Accept`; problem details (RFC 9457) unless it prefers text */
export function errorAnswer(error: BalancerError, accept: string | undefined): ErrorAnswer {
  // CANCELLED reaches a client only if it was the server that gave up.
  const status = error.code === 'CANCELLED' ? 503 : error.status;
  const title = STATUS_CODES[status] ?? 'Error';
  // A mistake in how the application is put together is for its developers to read, and holds nothing about endpoints.
  const detail = error.code === 'BODY_CONSUMED' ? error.message : DETAILS[error.code];
  if (accept !== undefined && /\btext\//i.test(accept) && !/\bjson\b/i.test(accept)) {
    const body = detail === undefined ? `${status} ${title}\n` : `${status} ${title}\n${detail}\n`;
    return { status, contentType: 'text/plain; charset=utf-8', body };
  }
  const body = `${JSON.stringify({ type: 'about:blank', title, status, detail, code: error.code })}\n`;
  return { status, contentType: 'application/problem+json', body };
}

/** Sends the answer, if nothing has been sent yet. @returns false if it is too late for one */
export function answerError(
  error: BalancerError,
  req: IncomingMessage,
  res: ServerResponse,
  render: ErrorRenderer | undefined,
): boolean {
  const isHttp2 = isHttp2Response(res);
  if (res.headersSent || res.destroyed || (isHttp2 && isStreamOver(res))) return false;
  if (isHttp2) unstageHead(res);
  if (render !== undefined && isRendered(render, error, req, res)) return true;
  const { status, contentType, body } = errorAnswer(error, acceptOf(req.rawHeaders));
  for (const name of res.getHeaderNames()) if (DESCRIBES_BODY.has(name)) res.removeHeader(name);
  res.setHeader('Content-Type', contentType);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.setHeader('Cache-Control', 'no-store');
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
  res.statusCode = status;
  if (isHttp2) {
    res.end(req.method === 'HEAD' ? undefined : body);
    // Streams have nothing to do with each other; a server that goes away is another matter.
    if (error.code === 'CLOSED') goAway(res);
    return true;
  }
  if (CLOSING.has(error.code)) res.setHeader('Connection', 'close');
  res.statusMessage = STATUS_CODES[status] ?? '';
  res.end(body);
  return true;
}

const DESCRIBES_BODY = new Set([
  'content-encoding',
  'content-range',
  'etag',
  'last-modified',
  'transfer-encoding',
  'trailer',
]);

function isRendered(render: ErrorRenderer, error: BalancerError, req: IncomingMessage, res: ServerResponse): boolean {
  try {
    return render(error, req, res) === true || res.headersSent;
  } catch {
    // The client still gets an answer if there is room for one.
    return res.headersSent;
  }
}

function acceptOf(rawHeaders: readonly string[]): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === 'accept') return rawHeaders[i + 1];
  }
  return undefined;
}
