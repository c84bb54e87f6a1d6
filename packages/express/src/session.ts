/** `session()` for Express: sessions on `req.session`, committed before the response leaves. */
import type { RequestHandler } from 'express';
import { createSessions, holdResponse, type Session, type SessionOptions } from '@evenkeel/session-store';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the seam that Express' types offer
  namespace Express {
    interface Request {
      /** The session of `session()`; type its fields by extending `SessionFields` of `@evenkeel/session-store`. */
      session: Session;
    }
  }
}

/**
 * Gives every request a `req.session`. Mount it once, before whatever uses sessions and behind what serves static files. A failing
 * store becomes `next(error)` with a `BalancerError` of status 503.
 * @throws INVALID_OPTIONS
 */
export function session(options: SessionOptions): RequestHandler {
  const sessions = createSessions(options, 'session');
  return (req, res, next) => {
    // Mounted twice, as in an app within an app: the outer one counts.
    if (Object.hasOwn(req, 'session')) return next();
    sessions.open({ cookieHeader: req.headers.cookie, isSecure: req.secure }).then((scope) => {
      req.session = scope.session;
      holdResponse(res, {
        commit: () => scope.commit(),
        setCookie: () => scope.setCookie(),
        fail: next,
      });
      next();
    }, next);
  };
}
