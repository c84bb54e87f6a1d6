/**
 * An Express and a Koa instance share their sessions behind a front, first an Express one, then a Koa one. Visits are counted; the
 * instance that answered is killed; the count goes on at the other.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '@evenkeel/core';

const dir = mkdtempSync(join(tmpdir(), 'evenkeel-example-'));
const env = { REDIS_URL: '', SQLITE_PATH: join(dir, 'sessions.db'), SESSION_SECRET: 'kept out of the code', PORT: '0' };

async function startApp(file: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(join(import.meta.dirname, file), { env: { ...process.env, ...env } });
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return { child, url: `http://127.0.0.1:${port}` };
}

async function visit(origin: string, cookie: string) {
  const response = await fetch(origin, { headers: { cookie } });
  const [set] = response.headers.getSetCookie();
  const answer = (await response.json()) as { visits: number; servedBy: number };
  console.log(`visit ${answer.visits}, served by process ${answer.servedBy}`);
  return { ...answer, cookie: set?.split(';')[0] ?? cookie };
}

for (const front of ['express-front', 'koa-front']) {
  const apps = await Promise.all([startApp('express-app.ts'), startApp('koa-app.ts')]);
  Object.assign(process.env, { SHOP_ENDPOINTS: apps.map(({ url }) => url).join(','), PORT: '0' });
  const { cluster, server } = (await import(`./${front}.ts`)) as { cluster: Cluster; server: Server };
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const { cookie } = await visit(origin, '');
  const { servedBy } = await visit(origin, cookie);
  const victim = apps.find(({ child }) => child.pid === servedBy)!.child;
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  console.log(`process ${servedBy} is killed`);
  assert.equal((await visit(origin, cookie)).visits, 3);

  for (const { child } of apps) child.kill('SIGKILL');
  server.close();
  server.closeAllConnections();
  await cluster.close();
}
rmSync(dir, { recursive: true });
