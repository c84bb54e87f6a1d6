/** `session()` for Koa: sessions on `ctx.session`, committed before the response leaves. */
import type { Context, Middleware, Next } from 'koa';
import { createSessions, readScope, type Session, type SessionOptions, type Sessions } from '@evenkeel/session-store';

declare module 'koa' {
  interface ExtendableContext {
    /**
     * The session of `session()`; type its fields by extending `SessionFields` of `@evenkeel/session-store`. Assigning `null` ends it,
     * as `destroy()` does; it cannot be replaced.
     */
    get session(): Session;
    set session(value: Session | null);
  }
}

/** What `session()` returns. */
export interface SessionMiddleware extends Middleware {
  /** The same sessions without a context of Koa's: for upgrades to a WebSocket, and for tools. */
  readonly sessions: Sessions;
}

/**
 * Gives every request a `ctx.session`. Use it once, before whatever uses sessions. A request that never reads it costs about a
 * microsecond, and one more with a cookie. A failing store is thrown, as a `BalancerError` of status 503, so that error handling in
 * front of it sees it.
 * @throws INVALID_OPTIONS
 */
export function session(options: SessionOptions): SessionMiddleware {
  const sessions = createSessions(options, 'session');
  const middleware: Middleware = (ctx, next) => {
    // Used twice, as in an app mounted within an app: the outer one counts.
    if (Object.hasOwn(ctx, 'session')) return next();
    // What the commit after `next` cannot see: changes after it, a response that Koa does not write, an error page.
    const fail = (error: unknown): void => ctx.onerror(error instanceof Error ? error : new Error(String(error)));
    const attaching = sessions.attach(ctx, ctx.req, ctx.res, fail);
    return attaching === undefined ? proceed(ctx, next) : attaching.then(() => proceed(ctx, next));
  };
  return Object.assign(middleware, { sessions });
}

async function proceed(ctx: Context, next: Next): Promise<void> {
  await next();
  const commit = readScope(ctx)?.commit();
  if (commit !== undefined) await commit;
}
