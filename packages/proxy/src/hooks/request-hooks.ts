/**
 * What the options want done to requests, put together once per proxy.
 */
import type { RequestHook } from './head.ts';
import type { ResolvedHookOptions } from './hook-options.ts';
import { rewriterOf } from './rewrite-path.ts';
import type { Rewriter } from './rewrite-path.ts';
import { routeOf } from './router.ts';
import type { Route } from './router.ts';

export interface RequestHooks {
  readonly route: Route | undefined;
  readonly rewrite: Rewriter | undefined;
  /** Name and value of fields that are the same for all requests. */
  readonly headers: readonly (readonly [string, string | readonly string[]])[];
  readonly onRequest: RequestHook | undefined;
  /** Responses will be read here, so only what can be decoded may be asked for, and no parts. */
  readonly isRead: boolean;
}

/** @returns undefined if no option asks for anything */
export function requestHooksOf(options: ResolvedHookOptions): RequestHooks | undefined {
  const hooks: RequestHooks = {
    route: routeOf(options.router),
    rewrite: rewriterOf(options.rewritePath),
    headers: Object.entries(options.headers ?? {}),
    onRequest: options.onRequest,
    isRead: options.interceptResponse !== undefined,
  };
  const { route, rewrite, headers, onRequest, isRead } = hooks;
  const isIdle = route === undefined && rewrite === undefined && onRequest === undefined && !isRead;
  return isIdle && headers.length === 0 ? undefined : hooks;
}
