/**
 * Another path for the endpoint than the client's.
 *
 * Elsewhere a path goes on byte for byte and is not judged. Here it may not hold dot segments: who rewrites `/api` to `/v2/public` means
 * that nothing outside of `/v2/public` can be asked for, and `/api/../../admin` would be resolved to that by many endpoints
 * (GHSA-2q7r-29rg-6m5h is that bug in another proxy).
 */
import type { IncomingMessage } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import { hasDotSegment } from '../paths.ts';

/**
 * Regular expressions and what takes the place of their first match; the first that matches counts. Or a function of path and query,
 * which gives undefined to leave them as they are.
 */
export type PathRewrite =
  | Readonly<Record<string, string>>
  | ((path: string, req: IncomingMessage) => string | undefined | PromiseLike<string | undefined>);

type Rewritten = string | undefined | PromiseLike<string | undefined>;

export type Rewriter = (path: string, req: IncomingMessage) => Rewritten;

export function rewriterOf(rewrite: PathRewrite | undefined): Rewriter | undefined {
  if (rewrite === undefined || typeof rewrite === 'function') return rewrite;
  const rules = Object.entries(rewrite).map(([pattern, replacement]) => ({
    pattern: new RegExp(pattern),
    replacement,
  }));
  return (path) => {
    const rule = rules.find(({ pattern }) => pattern.test(path));
    if (rule === undefined) return path;
    const rewritten = path.replace(rule.pattern, rule.replacement);
    // `'^/old': ''` leaves nothing, or a query, of `/old`.
    return rewritten.startsWith('/') ? rewritten : `/${rewritten}`;
  };
}

/** Bytes that would end the request line. */
const UNSAFE = /[^\x21-\xff]/;

/**
 * What goes to the endpoint.
 * @throws INVALID_OPTIONS if a function has made no path of it; BAD_REQUEST for one that holds dot segments or what no target can hold
 */
export function rewrittenPath(path: string, rewritten: unknown): string {
  const result = rewritten === undefined ? path : rewritten;
  if (typeof result !== 'string' || !result.startsWith('/')) {
    throw new BalancerError('INVALID_OPTIONS', '`rewritePath` must give a path that starts with "/"');
  }
  if (UNSAFE.test(result)) throw new BalancerError('BAD_REQUEST', 'the rewritten path is malformed');
  if (hasDotSegment(result))
    throw new BalancerError('BAD_REQUEST', 'a path that is rewritten may not hold dot segments');
  return result;
}
