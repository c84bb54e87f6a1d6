/**
 * Which requests a proxy takes at all.
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasDotSegment, isBelow, pathOf } from '../paths.ts';
import type { Lenient } from './lenient.ts';

/** Path prefixes, which end where a segment does; a pattern for the path; or a function. */
export type RequestFilter = string | readonly string[] | RegExp | Lenient<(req: IncomingMessage) => boolean>;

/** @param target the request target, as it would be forwarded */
export type Takes = (target: string, req: IncomingMessage) => boolean;

export function takesBy(filter: RequestFilter | undefined): Takes | undefined {
  if (filter === undefined) return undefined;
  if (typeof filter === 'function') return (_target, req) => filter(req);
  if (filter instanceof RegExp) {
    // With `g` or `y` a pattern remembers where it stopped, and would take every other request.
    const pattern = new RegExp(filter.source, filter.flags.replace(/[gy]/g, ''));
    return (target) => pattern.test(pathOf(target));
  }
  const prefixes = typeof filter === 'string' ? [filter] : [...filter];
  return (target) => {
    const path = pathOf(target);
    // `/api/../admin` is below /api in its bytes only.
    return prefixes.some((prefix) => isBelow(path, prefix)) && !hasDotSegment(path);
  };
}

/**
 * Asks the filter, and sends what it does not take on its way.
 * @param next without it, nobody has the path
 */
export function isTaken(
  takes: Takes,
  target: string,
  req: IncomingMessage,
  res: ServerResponse,
  next: ((error?: unknown) => void) | undefined,
): boolean {
  let error: unknown;
  try {
    if (takes(target, req)) return true;
  } catch (thrown) {
    error = thrown ?? new Error('the filter failed');
  }
  if (next === undefined) answer(res, error === undefined ? 404 : 500);
  else if (error === undefined) next();
  else next(error);
  return false;
}

function answer(res: ServerResponse, status: number): void {
  const body = `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status })}\n`;
  res.writeHead(status, { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}
