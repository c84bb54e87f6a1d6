/**
 * Endpoints from Consul. With CONSUL_HTTP_ADDR (such as http://127.0.0.1:8500) and SERVICE it follows a real one until Ctrl-C; without, a
 * stand-in plays one: an instance joins, one fails its check, and the server loses its index.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { consulResolver } from './consul-resolver.ts';
import { startConsul } from './stand-in.ts';

function follow(base: string, service: string): Cluster {
  const cluster = createCluster({
    name: service,
    endpoints: consulResolver(base, service, process.env['CONSUL_HTTP_TOKEN']),
  });
  cluster.on('added', ({ id, origin }) => console.log(`+ ${id} at ${origin}`));
  cluster.on('removed', ({ id }) => console.log(`- ${id}`));
  cluster.on('resolveFailed', ({ message }) => console.log(`! ${message}`));
  return cluster;
}

const change = (cluster: Cluster, event: 'added' | 'removed'): Promise<void> =>
  new Promise((resolve) => void cluster.on(event, () => resolve()));

async function play(): Promise<void> {
  const servers = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const server = http.createServer((_req, res) => void res.end(name));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return server;
    }),
  );
  const [a, b, c] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number, number];
  const consul = await startConsul();
  consul.pass({ a, b });
  const web = follow(consul.url, 'web');
  await web.ready();
  console.log(`answered by ${await (await web.request('/')).text()}`);

  const joined = change(web, 'added');
  consul.pass({ a, b, c });
  await joined;

  const failed = change(web, 'removed');
  consul.pass({ b, c });
  await failed;

  // A server that was restored from a backup counts from an earlier number.
  const restored = change(web, 'removed');
  consul.pass({ c }, 3);
  await restored;
  assert.equal(await (await web.request('/')).text(), 'c');
  assert.ok(consul.queries.every((query) => query.startsWith('/v1/health/service/web?passing=true&index=')));

  await web.close();
  consul.close();
  for (const server of servers) server.close();
}

const address = process.env['CONSUL_HTTP_ADDR'];
if (address === undefined) {
  await play();
} else {
  const cluster = follow(address, process.env['SERVICE'] ?? 'web');
  setInterval(() => console.log(`${cluster.pickable} of ${cluster.endpoints.length} may be picked`), 10_000);
}
