/**
 * How long the next request of a session takes when the endpoint it sticks to has just been killed, beside what such a request usually
 * takes: `node --conditions=source test/bench/failover.ts [rounds]`.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';

const ENDPOINT = `
  const server = require('node:http').createServer((req, res) => res.end(String(process.pid)));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
`;
const USUAL_REQUESTS = 20;

async function startEndpoint(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['-e', ENDPOINT], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  return { child, url: `http://127.0.0.1:${port}` };
}

const agent = new http.Agent({ keepAlive: true });

function get(port: number, cookie: string): Promise<{ status: number; body: string; cookie: string; ms: number }> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: '127.0.0.1', port, agent, headers: cookie === '' ? {} : { cookie } },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          const [set] = response.headers['set-cookie'] ?? [];
          const ms = performance.now() - startedAt;
          resolve({ status: response.statusCode ?? 0, body, cookie: set?.split(';')[0] ?? cookie, ms });
        });
      },
    );
    request.on('error', reject);
  });
}

/** One round: a session, a death, and the request after it. */
async function round(): Promise<{ usualMs: number; nextMs: number }> {
  const endpoints = await Promise.all([startEndpoint(), startEndpoint(), startEndpoint()]);
  const cluster = createCluster({ endpoints: endpoints.map(({ url }) => url) });
  const proxy = createProxy(cluster, { sticky: true });
  const server = http.createServer((req, res) => proxy.web(req, res));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;

  // Every endpoint and every path of the code has been used before anything is measured.
  for (let i = 0; i < 3 * USUAL_REQUESTS; i++) await get(port, '');
  let { cookie, body: owner } = await get(port, '');
  const usual: number[] = [];
  for (let i = 0; i < USUAL_REQUESTS; i++) usual.push((await get(port, cookie)).ms);
  const victim = endpoints.find(({ child }) => String(child.pid) === owner)!.child;
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  const next = await get(port, cookie);
  if (next.status !== 200 || next.body === owner) throw new Error(`status ${next.status} from ${next.body}`);

  for (const { child } of endpoints) child.kill('SIGKILL');
  server.close();
  server.closeAllConnections();
  await cluster.close();
  return { usualMs: median(usual), nextMs: next.ms };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

const rounds = Number(process.argv[2] ?? 20);
const more: number[] = [];
for (let i = 0; i < rounds; i++) {
  const { usualMs, nextMs } = await round();
  more.push(nextMs - usualMs);
}
agent.destroy();
console.log(`Node ${process.version}, ${rounds} rounds, 3 endpoints, one of them killed`);
console.log(
  `the next request takes ${median(more).toFixed(2)} ms more than usual (median), ${Math.max(...more).toFixed(2)} ms at most`,
);
