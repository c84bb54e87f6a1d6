// @evenkeel/express: dist/index.d.ts

// dist/balance.d.ts
/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { RequestHandler } from 'express';
import type { Cluster } from '@evenkeel/core';
import type { ProxyOptions, Wiring } from '@evenkeel/proxy';
/**
 * The middleware, and what of its proxy a framework has no part in. WebSockets never reach Express: pass them on with
 * `server.on('upgrade', balancer.upgrade)`, or let `balancer.attach(server)` take them, and all other requests, before Express does.
 */
export type Balancer = RequestHandler & Wiring;
/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says. Mount it before body parsers.
 * Below a mount path the whole path is forwarded, unless `stripMountPath` is set.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); `next(error)` is for mistakes in the application only.
 * @throws INVALID_OPTIONS
 */
export declare function balance(cluster: Cluster, options?: ProxyOptions): Balancer;

// dist/index.d.ts
export { balance } from './balance.ts';
export type { Balancer } from './balance.ts';
export { reportLoad } from './report-load.ts';
export type { ReportLoadOptions } from './report-load.ts';
export { session } from './session.ts';
export type { SessionHandler } from './session.ts';
export { cookieKey, firstKey, headerKey, queryKey, sourceIp } from '@evenkeel/proxy';
export type { RequestKey } from '@evenkeel/proxy';
export { acceptProxyProtocol } from '@evenkeel/proxy';
export type { AcceptProxyProtocolOptions } from '@evenkeel/proxy';
export type { EndpointResponse, HookOptions, ProxyOptions, RequestHead, ResponseHead } from '@evenkeel/proxy';

// dist/report-load.d.ts
/**
 * `app.use(reportLoad())`: every response says how busy this server is, for `prequal()` and other balancers that listen.
 */
import type { Request, RequestHandler } from 'express';
import type { LoadReporterOptions } from '@evenkeel/core';
/** What is measured, and who is told. `isTrusted` is asked with Express' request, so `req.ip` is there. */
export type ReportLoadOptions = LoadReporterOptions<Request>;
/**
 * Stamps every response with `endpoint-load-metrics`, error pages and streams included, and counts requests in flight until their
 * response is over. Mount it first: what answers before it is neither counted nor stamped.
 * @throws INVALID_OPTIONS
 */
export declare function reportLoad(options?: ReportLoadOptions): RequestHandler;

// dist/session.d.ts
/** `session()` for Express: sessions on `req.session`, committed before the response leaves. */
import type { RequestHandler } from 'express';
import { type Session, type SessionOptions, type Sessions } from '@evenkeel/session-store';
declare global {
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
export declare function session(options: SessionOptions): SessionHandler;
