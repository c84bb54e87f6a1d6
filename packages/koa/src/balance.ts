/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { Context, Middleware } from 'koa';
import type { Cluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';

/**
 * Middleware that answers every request that reaches it with what an endpoint of `cluster` says, past Koa's own `ctx.body`. It
 * resolves when the response is over, so that middleware around it can measure and log. Mount it before body parsers.
 *
 * Failures on the way to the endpoints are answered here (502, 503, 504); it rejects for mistakes in the application only. Who the
 * client is, is decided by `trustedProxies`; Koa's `app.proxy` has no part in it.
 * @throws INVALID_OPTIONS
 */
export function balance(cluster: Cluster, options?: ProxyOptions): Middleware {
  const proxy = createProxy(cluster, options);
  return function balanceMiddleware(ctx: Context): Promise<void> {
    const { req, res } = ctx;
    if (res.closed) return Promise.resolve();
    ctx.respond = false;
    // Where the proxy looks for the target as the client sent it; Koa keeps that on the context only, and koa-mount changes `url`.
    if (req.url !== ctx.originalUrl) Object.assign(req, { originalUrl: ctx.originalUrl });
    return new Promise((resolve, reject) => {
      res.on('close', resolve);
      proxy.web(req, res, (error) => {
        ctx.respond = true;
        reject(error);
      });
    });
  };
}
