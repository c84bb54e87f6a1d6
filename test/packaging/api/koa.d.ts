// @evenkeel/koa: dist/index.d.ts

// dist/balance.d.ts
import type { Middleware } from 'koa';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions, Wiring } from '@evenkeel/proxy';
/**
 * The middleware, and what of its proxy a framework has no part in. WebSockets never reach Koa: pass them on with
 * `server.on('upgrade', balancer.upgrade)`, or let `balancer.attach(server)` take them, and all other requests, before Koa does.
 */
export type Balancer = Middleware & Wiring;
/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says, past Koa's own `ctx.body`. It
 * resolves when the response is over, so that middleware around it can measure and log. Mount it before body parsers.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); it rejects for mistakes in the application only. Who the
 * client is, is decided by `trustedProxies`; Koa's `app.proxy` has no part in it.
 * @throws INVALID_OPTIONS
 */
export declare function balance(cluster: Cluster, options?: ProxyOptions): Balancer;

// dist/index.d.ts
export { balance } from './balance.ts';
export type { Balancer } from './balance.ts';
export { reportLoad } from './report-load.ts';
export type { ReportLoadOptions } from './report-load.ts';
export { session } from './session.ts';
export type { SessionMiddleware } from './session.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from '@evenkeel/proxy';
export type { RequestKey } from '@evenkeel/proxy';
export { acceptProxyProtocol } from '@evenkeel/proxy';
export type { AcceptProxyProtocolOptions } from '@evenkeel/proxy';
export type { EndpointResponse, HookOptions, ProxyOptions, RequestHead, ResponseHead } from '@evenkeel/proxy';

// dist/report-load.d.ts
/**
 * `app.use(reportLoad())`: every response says how busy this server is, for `prequal()` and other balancers that listen.
 */
import type { Context, Middleware } from 'koa';
import type { LoadReporterOptions } from '@evenkeel/core';
/** What is measured, and who is told. `isTrusted` is asked with Koa's context, so `ctx.ip` is there. */
export type ReportLoadOptions = LoadReporterOptions<Context>;
/**
 * Stamps every response with `endpoint-load-metrics`, error pages, streams and those that Koa does not write included, and counts
 * requests in flight until their response is over. Use it first: what answers before it is neither counted nor stamped.
 * @throws INVALID_OPTIONS
 */
export declare function reportLoad(options?: ReportLoadOptions): Middleware;

// dist/session.d.ts
/** `session()` for Koa: sessions on `ctx.session`, committed before the response leaves. */
import type { Middleware } from 'koa';
import { type Session, type SessionOptions, type Sessions } from '@evenkeel/session-store';
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
export declare function session(options: SessionOptions): SessionMiddleware;
