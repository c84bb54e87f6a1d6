/**
 * HTTP/1.1 over undici: one `Pool` per endpoint and `Pool.dispatch`, with little in between. Never `BalancedPool`,
 * whose cursor moves when it is merely asked (nodejs/undici issue 4839).
 *
 * Connections age with their pool: when its time is up the next request gets a new pool, and the old one finishes what it has and
 * closes. undici's own `clientTtl` has neither jitter nor a clock that a test could turn.
 */
import type { Dispatcher, Pool } from 'undici';
import type { Endpoint } from '../endpoint.ts';
import { addressOf } from './address.ts';
import { sendAsterisk } from './asterisk.ts';
import { loadUndici } from './load-undici.ts';
import { identityOptions } from './tls.ts';
import { TransportError } from './transport-error.ts';
import type { TransportOptions } from './transport-options.ts';
import type { Transport, UpstreamRequest } from './transport.ts';
import { UndiciHandler } from './undici-handler.ts';

/** An age that is the same everywhere makes everybody reconnect at once: 10 % more or less. */
const AGE_JITTER_RATIO = 0.1;

/** The pool of an endpoint, and those before it that are not empty yet. */
interface Connections {
  pool: Pool;
  /** When the next request needs a new pool; Infinity for never. */
  staleAt: number;
  readonly retired: Set<Pool>;
}

export function undiciTransport(options: TransportOptions): Transport {
  const undici = loadUndici();
  const connections = new Map<Endpoint, Connections>();
  const { connectTimeoutMs, headTimeoutMs, bodyTimeoutMs, keepAliveMs, maxHeadBytes, tls } = options;
  const { clock, random, maxConnections = null, maxConnectionAgeMs } = options;

  function newPool(endpoint: Endpoint): Pool {
    const { socketPath } = endpoint;
    const { host } = addressOf(endpoint);
    return new undici.Pool(endpoint.origin, {
      connections: maxConnections,
      connect: {
        ...identityOptions(host),
        ...tls,
        timeout: connectTimeoutMs,
        ...(socketPath !== undefined && { socketPath }),
      },
      headersTimeout: headTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeadBytes,
      pipelining: 1,
      allowH2: false,
    });
  }

  function staleAt(): number {
    if (maxConnectionAgeMs === undefined) return Infinity;
    return clock.now() + maxConnectionAgeMs * (1 + AGE_JITTER_RATIO * (2 * random.unit() - 1));
  }

  function retire({ pool, retired }: Connections): void {
    const forget = (): void => void retired.delete(pool);
    retired.add(pool);
    // It is refused only for a pool that was destroyed meanwhile.
    pool.close().then(forget, forget);
  }

  function poolOf(endpoint: Endpoint): Pool {
    const known = connections.get(endpoint);
    if (known === undefined) {
      const pool = newPool(endpoint);
      connections.set(endpoint, { pool, staleAt: staleAt(), retired: new Set() });
      return pool;
    }
    if (known.staleAt !== Infinity && clock.now() >= known.staleAt) {
      retire(known);
      known.pool = newPool(endpoint);
      known.staleAt = staleAt();
    }
    return known.pool;
  }

  return {
    send(endpoint, request, handler) {
      try {
        if (request.preamble !== undefined)
          throw new TransportError('bad-request', 'undici cannot send a PROXY protocol header');
        if (request.path === '*') sendAsterisk(endpoint, request, request.headTimeoutMs ?? headTimeoutMs, tls, handler);
        else
          poolOf(endpoint).dispatch(
            dispatchOptions(request),
            new UndiciHandler(handler, request.isContinueExpected === true),
          );
      } catch (error) {
        // Such as a client certificate that cannot be read: Node throws that, and the attempt is booked already.
        handler.onResponseError(null, error as Error);
      }
    },
    async release(endpoint, isForced) {
      const known = connections.get(endpoint);
      if (known === undefined) return;
      connections.delete(endpoint);
      const pools = [known.pool, ...known.retired];
      await Promise.all(pools.map((pool) => (isForced ? pool.destroy() : pool.close())));
    },
  };
}

function dispatchOptions(request: UpstreamRequest): Dispatcher.DispatchOptions {
  return {
    path: request.path,
    method: request.method,
    upgrade: request.upgrade ?? null,
    headers: request.headers as string[],
    body: request.body,
    headersTimeout: request.headTimeoutMs ?? null,
    bodyTimeout: request.bodyTimeoutMs ?? null,
    // undici closes the connection after HEAD and after a bodied GET or DELETE unless it is told not to.
    reset: false,
  };
}
