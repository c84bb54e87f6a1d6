/** `session()` for Koa: sessions on `ctx.session`, committed before the response leaves. */
import type { Middleware } from 'koa';
import { createSessions, holdResponse, type Session, type SessionOptions } from '@evenkeel/session-store';

declare module 'koa' {
  interface ExtendableContext {
    /** The session of `session()`; type its fields by extending `SessionFields` of `@evenkeel/session-store`. */
    session: Session;
  }
}

/**
 * Gives every request a `ctx.session`. Use it once, before whatever uses sessions. A failing store is thrown, as a `BalancerError` of
 * status 503, so that error handling in front of it sees it.
 * @throws INVALID_OPTIONS
 */
export function session(options: SessionOptions): Middleware {
  const sessions = createSessions(options, 'session');
  return async (ctx, next) => {
    // Used twice, as in an app mounted within an app: the outer one counts.
    if (Object.hasOwn(ctx, 'session')) return next();
    const scope = await sessions.open({ cookieHeader: ctx.headers.cookie, isSecure: ctx.secure });
    ctx.session = scope.session;
    // What the commit below cannot see: changes after it, a response that Koa does not write, an error page.
    holdResponse(ctx.res, {
      commit: () => scope.commit(),
      setCookie: () => scope.setCookie(),
      fail: (error) => ctx.onerror(error instanceof Error ? error : new Error(String(error))),
    });
    await next();
    await scope.commit();
  };
}
