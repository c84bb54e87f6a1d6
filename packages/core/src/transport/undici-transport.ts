/**
 * HTTP/1.1 over undici: one `Pool` per endpoint and `Pool.dispatch`, with the attempt itself as the handler. Never `BalancedPool`,
 * whose cursor moves when it is merely asked (nodejs/undici issue 4839).
 */
import type { Dispatcher, Pool } from 'undici';
import { Pool as UndiciPool } from 'undici';
import type { Endpoint } from '../endpoint.ts';
import { sendAsterisk } from './asterisk.ts';
import type { TlsOptions } from './tls.ts';
import type { Transport, UpstreamRequest } from './transport.ts';

/** What the connections of a cluster have in common. */
export interface UndiciTransportOptions {
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** ms that an idle connection is kept if the endpoint does not say. */
  readonly keepAliveMs: number;
  readonly maxHeadBytes: number;
  readonly tls: TlsOptions | undefined;
}

export function undiciTransport(options: UndiciTransportOptions): Transport {
  const pools = new Map<Endpoint, Pool>();
  const { connectTimeoutMs, headTimeoutMs, bodyTimeoutMs, keepAliveMs, maxHeadBytes, tls } = options;

  function poolOf(endpoint: Endpoint): Pool {
    let pool = pools.get(endpoint);
    if (pool === undefined) {
      pool = new UndiciPool(endpoint.origin, {
        connect: { ...tls, timeout: connectTimeoutMs },
        headersTimeout: headTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        keepAliveTimeout: keepAliveMs,
        maxHeaderSize: maxHeadBytes,
        pipelining: 1,
        allowH2: false,
      });
      pools.set(endpoint, pool);
    }
    return pool;
  }

  return {
    send(endpoint, request, handler) {
      try {
        if (request.path === '*') sendAsterisk(endpoint, request, request.headTimeoutMs ?? headTimeoutMs, tls, handler);
        else poolOf(endpoint).dispatch(dispatchOptions(request), handler);
      } catch (error) {
        // Such as a client certificate that cannot be read: Node throws that, and the attempt is booked already.
        handler.onResponseError(null, error as Error);
      }
    },
    async release(endpoint, isForced) {
      const pool = pools.get(endpoint);
      if (pool === undefined) return;
      pools.delete(endpoint);
      await (isForced ? pool.destroy() : pool.close());
    },
  };
}

function dispatchOptions(request: UpstreamRequest): Dispatcher.DispatchOptions {
  return {
    path: request.path,
    method: request.method,
    headers: request.headers as string[],
    body: request.body,
    headersTimeout: request.headTimeoutMs ?? null,
    bodyTimeout: request.bodyTimeoutMs ?? null,
    // undici closes the connection after HEAD and after a bodied GET or DELETE unless it is told not to.
    reset: false,
  };
}
