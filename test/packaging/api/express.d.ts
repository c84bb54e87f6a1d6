// @evenkeel/express: dist/index.d.ts

// dist/balance.d.ts
/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { RequestHandler } from 'express';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions } from '@evenkeel/proxy';
/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says. Mount it before body parsers.
 * Below a mount path the whole path is forwarded, unless `stripMountPath` is set.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); `next(error)` is for mistakes in the application only.
 * @throws INVALID_OPTIONS
 */
export declare function balance(cluster: Cluster, options?: ProxyOptions): RequestHandler;

// dist/index.d.ts
export { balance } from './balance.ts';
export { session } from './session.ts';

// dist/session.d.ts
/** `session()` for Express: sessions on `req.session`, committed before the response leaves. */
import type { RequestHandler } from 'express';
import { type Session, type SessionOptions } from '@evenkeel/session-store';
declare global {
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
export declare function session(options: SessionOptions): RequestHandler;
