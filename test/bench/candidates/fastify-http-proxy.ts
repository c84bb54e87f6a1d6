/**
 * One upstream: with several its undici `BalancedPool` would choose, at a higher price. Connections and pipelining as its
 * documentation recommends for undici; no log.
 */
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

export async function start(origins: readonly string[]): Promise<number> {
  const app = fastify({ logger: false });
  await app.register(proxy, {
    upstream: origins[0]!,
    undici: { connections: 128, pipelining: 1, keepAliveTimeout: 60_000 },
  });
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
}
