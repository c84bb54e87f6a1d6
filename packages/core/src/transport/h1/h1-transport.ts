/**
 * HTTP/1.1 by hand: strict, and with as little work per request as Node's sockets allow. It is the transport of every endpoint that speaks
 * no other protocol.
 *
 * A request takes no timer, no listener, no closure and no promise: its connection has them. Responses are read into one buffer that all
 * connections share, without a stream in between.
 */
import type { Endpoint } from '../../endpoint.ts';
import type { TransportOptions } from '../transport-options.ts';
import type { Transport } from '../transport.ts';
import { Pool } from './pool.ts';
import { Surroundings } from './surroundings.ts';

export function h1Transport(options: TransportOptions): Transport {
  const around = new Surroundings(options);
  const pools = new Map<Endpoint, Pool>();
  /** Released, with something under way. */
  const leaving = new Set<Pool>();
  return {
    send(endpoint, request, handler) {
      let pool = pools.get(endpoint);
      if (pool === undefined) pools.set(endpoint, (pool = new Pool(endpoint, around)));
      pool.send(request, handler);
    },
    async release(endpoint, isForced) {
      const pool = pools.get(endpoint);
      pools.delete(endpoint);
      if (pool !== undefined) leaving.add(pool);
      const all = [...leaving].filter((one) => one.endpoint === endpoint);
      await Promise.all(all.map((one) => one.release(isForced)));
      for (const one of all) leaving.delete(one);
    },
  };
}
