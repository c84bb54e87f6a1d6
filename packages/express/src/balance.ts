/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Cluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';

/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says. Mount it before body parsers.
 * Below a mount path the whole path is forwarded, unless `stripMountPath` is set.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); `next(error)` is for mistakes in the application only.
 * @throws INVALID_OPTIONS
 */
export function balance(cluster: Cluster, options?: ProxyOptions): RequestHandler {
  const proxy = createProxy(cluster, options);
  return function balanceMiddleware(req: Request, res: Response, next: NextFunction): void {
    proxy.web(req, res, next);
  };
}
