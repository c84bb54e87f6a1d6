/** `session()` for Express: sessions on `req.session`, committed before the response leaves. */
import type { RequestHandler } from 'express';
import { createSessions, type Session, type SessionOptions, type Sessions } from '@evenkeel/session-store';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the seam that Express' types offer
  namespace Express {
    interface Request {
      /**
       * The session of `session()`; type its fields by extending `SessionFields` of `@evenkeel/session-store`. Assigning `null` ends
       * it, as `destroy()` does; it cannot be replaced.
       */
      get session(): Session;
      set session(value: Session | null);
    }
  }
}

/** What `session()` returns. */
export interface SessionHandler extends RequestHandler {
  /** The same sessions without a request of Express': for upgrades to a WebSocket, and for tools. */
  readonly sessions: Sessions;
}

/**
 * Gives every request a `req.session`. Mount it once, before whatever uses sessions. A request that never reads it costs about a
 * microsecond, and one more with a cookie. A failing store becomes `next(error)` with a `BalancerError` of status 503.
 * @throws INVALID_OPTIONS
 */
export function session(options: SessionOptions): SessionHandler {
  const sessions = createSessions(options, 'session');
  const handler: RequestHandler = (req, res, next) => {
    // Mounted twice, as in an app within an app: the outer one counts.
    if (Object.hasOwn(req, 'session')) return next();
    const attaching = sessions.attach(req, req, res, next);
    if (attaching === undefined) return next();
    attaching.then(() => next(), next);
  };
  return Object.assign(handler, { sessions });
}
