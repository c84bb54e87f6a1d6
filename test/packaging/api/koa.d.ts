// @evenkeel/koa: dist/index.d.ts

// dist/balance.d.ts
/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { Middleware } from 'koa';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions } from '@evenkeel/proxy';
/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says, past Koa's own `ctx.body`. It
 * resolves when the response is over, so that middleware around it can measure and log. Mount it before body parsers.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); it rejects for mistakes in the application only. Who the
 * client is, is decided by `trustedProxies`; Koa's `app.proxy` has no part in it.
 * @throws INVALID_OPTIONS
 */
export declare function balance(cluster: Cluster, options?: ProxyOptions): Middleware;

// dist/index.d.ts
export { balance } from './balance.ts';
export { session } from './session.ts';

// dist/session.d.ts
/** `session()` for Koa: sessions on `ctx.session`, committed before the response leaves. */
import type { Middleware } from 'koa';
import { type Session, type SessionOptions } from '@evenkeel/session-store';
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
export declare function session(options: SessionOptions): Middleware;
