/** The front process: an Express app whose only route is the cluster. `node front.ts <port> <name=url>...` */
import { createCluster, consecutiveFailures, httpProbe } from '@evenkeel/core';
import { balance } from '@evenkeel/express';
import express from 'express';
import type { AddressInfo } from 'node:net';

/** What the front tells its parent, five times a second. */
export interface FrontReport {
  readonly endpoints: readonly { name: string; state: string; inflight: number; latencyMs: number }[];
}

/** What the parent may ask for; answered with `{ done: id }`. */
export interface FrontOrder {
  readonly id: number;
  readonly verb: 'drain' | 'enable';
  readonly name: string;
}

const [port, ...pairs] = process.argv.slice(2);

const cluster = createCluster({
  name: 'shop',
  endpoints: pairs.map((pair) => ({ id: pair.split('=')[0]!, url: pair.split('=')[1]! })),
  probe: httpProbe({ path: '/health', intervalMs: 500, fastIntervalMs: 100 }),
  ejection: consecutiveFailures({ baseMs: 500 }),
});

const app = express();
app.disable('x-powered-by');
app.use(balance(cluster, { sticky: true }));
const server = app.listen(Number(port), '127.0.0.1', (error) => {
  if (error !== undefined) {
    console.error(`The port ${port} cannot be used (${error.message}). Choose another one with --port.`);
    process.exit(1);
  }
  process.send!((server.address() as AddressInfo).port);
});

const states = new Map<string, string>();
cluster.on('unpickable', ({ id }, reason) => states.set(id, reason));
cluster.on('pickable', ({ id }) => states.delete(id));

setInterval(() => {
  const endpoints = cluster.endpoints.map((endpoint) => ({
    name: endpoint.id,
    state: states.get(endpoint.id) ?? 'up',
    inflight: endpoint.inflight,
    latencyMs: endpoint.latencyAt(performance.now()),
  }));
  process.send?.({ endpoints } satisfies FrontReport);
}, 200).unref();

process.on('message', async ({ id, verb, name }: FrontOrder) => {
  // The sessions are shared, so each may move with its next request.
  if (verb === 'drain') await cluster.drain(name, { deadlineMs: 5_000, keepSessionsMs: 0 });
  else cluster.enable(name);
  process.send?.({ done: id });
});
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
