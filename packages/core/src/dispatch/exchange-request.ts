/**
 * Building an `ExchangeRequest` from what callers write.
 */
import { Readable } from 'node:stream';
import { BalancerError } from '../errors.ts';
import { keyOf } from '../lib/hash.ts';
import type { HeaderFields, RequestOptions } from './call.ts';
import type { ExchangeRequest } from './sink.ts';
import { isPriority } from './wait-queue.ts';

/** Methods whose effect is the same however often they are sent (RFC 9110 section 9.2.2; QUERY by its own draft). */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** True for the methods that RFC 9110 section 9.2.2 calls idempotent. */
export function isIdempotentMethod(method: string): boolean {
  return IDEMPOTENT_METHODS.has(method);
}

/** @throws BAD_REQUEST for a path that is not in origin-form, and for options that are not what they should be */
export function exchangeRequestOf(options: RequestOptions): ExchangeRequest {
  const method = options.method ?? 'GET';
  if (typeof options.path !== 'string' || !options.path.startsWith('/')) {
    throw new BalancerError(
      'BAD_REQUEST',
      `request: \`path\` must start with "/", got ${JSON.stringify(options.path)}`,
    );
  }
  assertTimes(options);
  return {
    method,
    path: options.path,
    headers: flatHeaders(options.headers),
    body: bodyOf(options.body),
    isIdempotent: options.isIdempotent ?? isIdempotentMethod(method),
    key: keyOf(options.key),
    preferred: undefined,
    headTimeoutMs: options.headTimeoutMs,
    bodyTimeoutMs: options.bodyTimeoutMs,
    deadlineMs: options.deadlineMs,
    attemptTimeoutMs: options.attemptTimeoutMs,
    priority: options.priority,
    hedge: options.hedge,
  };
}

function assertTimes({ deadlineMs, attemptTimeoutMs, priority }: RequestOptions): void {
  // A deadline may come from elsewhere and be past.
  if (deadlineMs !== undefined && !(deadlineMs > -Infinity)) throw notA('deadlineMs', 'a number', deadlineMs);
  if (attemptTimeoutMs !== undefined && !(attemptTimeoutMs > 0)) {
    throw notA('attemptTimeoutMs', 'a number above 0', attemptTimeoutMs);
  }
  if (priority !== undefined && !isPriority(priority)) throw notA('priority', '"high", "normal" or "low"', priority);
}

function notA(name: string, expectation: string, value: unknown): BalancerError {
  return new BalancerError('BAD_REQUEST', `request: \`${name}\` must be ${expectation}, got ${String(value)}`);
}

/** Name, value, name, value. */
export function flatHeaders(fields: HeaderFields | undefined): string[] {
  const flat: string[] = [];
  for (const name in fields) {
    const value = fields[name]!;
    if (typeof value === 'string') flat.push(name, value);
    else for (const one of value) flat.push(name, one);
  }
  return flat;
}

function bodyOf(body: RequestOptions['body']): Buffer | Readable | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof Readable) return body;
  throw new BalancerError(
    'BAD_REQUEST',
    `request: \`body\` must be a string, bytes, a Readable or null, got ${typeof body}`,
  );
}
