/**
 * Runs two instances of app.ts behind front.ts, visits them, kills the instance that answered, and visits again: the count goes on.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'evenkeel-example-'));
const env = { SQLITE_PATH: join(dir, 'sessions.db'), SESSION_SECRET: 'kept out of the code', PORT: '0' };

async function startApp(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, 'app.ts'), { env: { ...process.env, REDIS_URL: '', ...env } });
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return { child, url: `http://127.0.0.1:${port}` };
}

const apps = await Promise.all([startApp(), startApp()]);
Object.assign(process.env, { SHOP_ENDPOINTS: apps.map(({ url }) => url).join(','), PORT: '0' });
const { cluster, server } = await import('./front.ts');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let cookie = '';
async function visit(): Promise<{ visits: number; servedBy: number }> {
  const response = await fetch(origin, { headers: { cookie } });
  const [set] = response.headers.getSetCookie();
  if (set !== undefined) cookie = set.split(';')[0]!;
  const answer = (await response.json()) as { visits: number; servedBy: number };
  console.log(`visit ${answer.visits}, served by process ${answer.servedBy}`);
  return answer;
}

await visit();
const { servedBy } = await visit();
const victim = apps.find(({ child }) => child.pid === servedBy)!.child;
victim.kill('SIGKILL');
await once(victim, 'exit');
console.log(`process ${servedBy} is killed`);
const { visits } = await visit();
assert.equal(visits, 3);

for (const { child } of apps) child.kill('SIGKILL');
server.close();
server.closeAllConnections();
await cluster.close();
rmSync(dir, { recursive: true });
