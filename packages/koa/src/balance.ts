/**
 * `app.use(balance(cluster))`: the rest of the application's paths go to a cluster.
 */
import type { ServerResponse } from 'node:http';
import type { Context, Middleware, Next } from 'koa';
import type { Cluster } from '@evenkeel/core';
import { createProxy, wiringOf } from '@evenkeel/proxy';
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
export function balance(cluster: Cluster, options?: ProxyOptions): Balancer {
  const proxy = createProxy(cluster, options);
  function balanceMiddleware(ctx: Context, next: Next): Promise<void> {
    const { req, res } = ctx;
    const end = endOf(res);
    if (end.closed) return Promise.resolve();
    ctx.respond = false;
    // Where the proxy looks for the target as the client sent it; Koa keeps that on the context only, and koa-mount changes `url`.
    if (req.url !== ctx.originalUrl) Object.assign(req, { originalUrl: ctx.originalUrl });
    return new Promise((resolve, reject) => {
      end.on('close', resolve);
      proxy.web(req, res, (error) => {
        ctx.respond = true;
        if (error !== undefined) return reject(error);
        // Not a request for the cluster, or a response that the application wants to give by itself.
        end.off('close', resolve);
        next().then(resolve, reject);
      });
    });
  }
  return Object.assign(balanceMiddleware, wiringOf(proxy));
}

/** What closes with the response. Over HTTP/2 that is its stream: Node closes no response to a HEAD that its client has reset. */
function endOf(res: ServerResponse): ServerResponse {
  return 'stream' in res ? (res.stream as ServerResponse) : res;
}
