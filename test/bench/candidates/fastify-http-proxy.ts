/**
 * One upstream: with several its undici `BalancedPool` would choose, at a higher price. Connections and pipelining as its
 * documentation recommends for undici; no log.
 */
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { KEPT_ALIVE_MS, certificate } from '../listen.ts';
import type { Protocol } from '../scenarios.ts';

export async function start(origins: readonly string[], protocol: Protocol): Promise<number> {
  const options = {
    upstream: origins[0]!,
    undici: { connections: 128, pipelining: 1, keepAliveTimeout: 60_000 },
    // Without it there is one handler less on the way.
    websocket: protocol === 'websocket',
  };
  if (protocol === 'http/2') {
    const app = fastify({ logger: false, http2: true, https: certificate() });
    await app.register(proxy, options);
    return portOf(await app.listen({ port: 0, host: '127.0.0.1' }));
  }
  const app = fastify({ logger: false, keepAliveTimeout: KEPT_ALIVE_MS });
  await app.register(proxy, options);
  return portOf(await app.listen({ port: 0, host: '127.0.0.1' }));
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
