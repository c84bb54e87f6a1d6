/**
 * What is answered when no endpoint did: the user's function, asked once per failed exchange, before a byte has gone downstream.
 */
import { STATUS_CODES } from 'node:http';
import { BalancerError } from '../errors.ts';
import type { HeaderFields } from './call.ts';
import { flatHeaders } from './exchange-request.ts';
import type { ExchangeRequest, ResponseSink } from './sink.ts';

/** An answer in place of an endpoint's. */
export interface FallbackResponse {
  /** 200..599. */
  readonly status: number;
  /** `content-length` is added where it is missing, and `content-type: text/plain` for a string without one. */
  readonly headers?: HeaderFields;
  /** Left out for HEAD, 204 and 304. */
  readonly body?: string | Uint8Array;
}

/**
 * Makes up for a failed exchange: a cached page, an empty list, a polite 503. Called with what the caller would get; undefined lets it
 * get that. Must not wait, and had better not throw: then the caller gets the error, with both causes.
 */
export type Fallback = (error: BalancerError, request: ExchangeRequest) => FallbackResponse | undefined;

/** The answer as a sink takes it. */
export interface FallbackAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly string[];
  readonly body: Buffer | undefined;
}

/** What becomes of a failed exchange: an answer, the error as it is, or the same with what went wrong with the fallback too. */
export function answerInstead(
  fallback: Fallback,
  error: BalancerError,
  request: ExchangeRequest,
): FallbackAnswer | BalancerError {
  try {
    return fallbackAnswer(fallback, error, request) ?? error;
  } catch (thrown) {
    const { code, attempts, retryAfterSeconds } = error;
    return new BalancerError(code, `${error.message}; the fallback failed too`, {
      cause: new AggregateError([error, thrown], 'the exchange and its fallback failed'),
      attempts,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }
}

/** Hands the head and body over. @returns whether the end may follow: false if the sink has given up meanwhile */
export function sendAnswer(
  { status, statusText, headers, body }: FallbackAnswer,
  sink: ResponseSink,
  exchange: { readonly isOver: boolean },
): boolean {
  sink.onHead(status, statusText, headers, undefined);
  if (body !== undefined && !exchange.isOver) sink.onData(body);
  return !exchange.isOver;
}

/** @throws TypeError for what is not an answer, or what the user's function throws */
function fallbackAnswer(
  fallback: Fallback,
  error: BalancerError,
  request: ExchangeRequest,
): FallbackAnswer | undefined {
  const response = fallback(error, request);
  if (response === undefined) return undefined;
  if (response instanceof Promise) {
    // Nobody waits for it, and its rejection must not end the process.
    response.catch(() => undefined);
    throw new TypeError('fallback: the answer must be given at once, got a promise');
  }
  const { status, body } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`fallback: \`status\` must be an integer from 200 to 599, got ${String(status)}`);
  }
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body as string);
  const headers = flatHeaders(response.headers);
  const hasBody = status !== 204 && status !== 304;
  if (hasBody && !has(headers, 'content-length')) headers.push('content-length', String(bytes.length));
  if (hasBody && typeof body === 'string' && !has(headers, 'content-type')) {
    headers.push('content-type', 'text/plain; charset=utf-8');
  }
  const isSent = hasBody && request.method !== 'HEAD' && bytes.length > 0;
  return { status, statusText: STATUS_CODES[status] ?? '', headers, body: isSent ? bytes : undefined };
}

function has(headers: readonly string[], lowerCaseName: string): boolean {
  return headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === lowerCaseName);
}
