/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Cluster } from '@evenkeel/core';
import { createProxy, wiringOf } from '@evenkeel/proxy';
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
export function balance(cluster: Cluster, options?: ProxyOptions): Balancer {
  const proxy = createProxy(cluster, options);
  function balanceMiddleware(req: Request, res: Response, next: NextFunction): void {
    proxy.web(req, res, next);
  }
  return Object.assign(balanceMiddleware, wiringOf(proxy));
}
