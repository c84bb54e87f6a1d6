/** Servers that say how busy they are, and a client that goes by it: the slow one of three gets little, and nobody had to be probed. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster, prequal } from '@evenkeel/core';
import { reportLoad } from '@evenkeel/express';
import express from 'express';

async function service(workMs: number): Promise<Server> {
  const app = express();
  // First, so that it sees every request and stamps every response.
  app.use(reportLoad());
  app.get('/work', (_req, res) => void setTimeout(() => res.send('done'), workMs));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const servers = await Promise.all([5, 5, 80].map(service));
const [fast, alsoFast, slow] = servers.map(
  (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
) as [string, string, string];

const workers = createCluster({ name: 'workers', endpoints: [fast, alsoFast, slow], strategy: prequal() });
const served = new Map<string, number>();
async function user(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const response = await workers.request('/work');
    await response.text();
    served.set(response.endpoint, (served.get(response.endpoint) ?? 0) + 1);
  }
}
await Promise.all(Array.from({ length: 8 }, user));

const names = new Map([
  [fast, 'fast'],
  [alsoFast, 'fast too'],
  [slow, 'slow'],
]);
for (const endpoint of workers.endpoints) {
  const { inflight, latencyMs } = endpoint.report!;
  console.log(
    `${names.get(endpoint.id)}: served ${served.get(endpoint.id) ?? 0}, says ${inflight} in flight, ${latencyMs.toFixed(0)} ms`,
  );
}
// Why the next request would go where it would.
const { regime, rule, candidates } = workers.explain({
  now: performance.now(),
  key: 0,
  attempt: 0,
  preferred: undefined,
  tried: undefined,
});
console.log(regime, rule, candidates.map(({ endpoint }) => names.get(endpoint)).join(', '));

await workers.close();
for (const server of servers) server.close();
if ((served.get(slow) ?? 0) > 60) throw new Error('the slow server got too much');
