/** Calls a service that runs on more than one machine, one of which is down. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster, httpProbe, isBalancerError } from '@evenkeel/core';

async function service(name: string): Promise<http.Server> {
  const server = http.createServer((req, res) => void res.end(JSON.stringify({ path: req.url, from: name })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

const servers = await Promise.all(['a', 'b', 'c'].map(service));
const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
servers[2]!.close();

const users = createCluster({ name: 'users', endpoints: urls, probe: httpProbe({ path: '/health' }) });
users.on('unpickable', (endpoint, reason) => console.log(`${endpoint.id} is out of use: ${reason}`));

// A small client of our own: any status resolves, the body is read as you like.
const response = await users.request({ path: '/users/1', headers: { accept: 'application/json' } });
console.log(response.status, response.endpoint, await response.json());

// The standard's shape.
console.log(await (await users.fetch('/users/2')).json());

// Any other protocol: the cluster picks, books and retries; what is called is up to you.
const answer = await users.execute((endpoint, signal) => fetch(`${endpoint.origin}/users/3`, { signal }), {
  isIdempotent: true,
});
console.log(await answer.json());

// Errors have a code, and the failed attempts.
await users.request({ path: '/users/4', signal: AbortSignal.abort() }).catch((error: unknown) => {
  if (isBalancerError(error)) console.log(error.code, error.message);
});

await users.close();
for (const server of servers) server.closeAllConnections();
for (const server of servers) server.close();
