/**
 * An Express and a Koa application share their users: who logs in at one is known to the other, and who logs out of everything at one
 * is logged out of both, on all devices.
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
const env = { REDIS_URL: '', SQLITE_PATH: join(dir, 'sessions.db'), SESSION_SECRET: 'kept out of the code', PORT: '0' };
const children: ChildProcess[] = [];

async function startApp(file: string): Promise<string> {
  const child = fork(join(import.meta.dirname, file), { env: { ...process.env, ...env } });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return `http://127.0.0.1:${port}`;
}

/** A browser: it keeps its cookie for both applications, as it would if they had the same host name. */
function browser() {
  let cookie = '';
  return async (method: string, url: string): Promise<unknown> => {
    const response = await fetch(url, { method, headers: { cookie }, redirect: 'manual' });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    const text = await response.text();
    return response.status === 200 ? JSON.parse(text) : response.status;
  };
}

try {
  const [expressApp, koaApp] = [await startApp('express-app.ts'), await startApp('koa-app.ts')];
  const [laptop, phone, tablet] = [browser(), browser(), browser()];

  assert.deepEqual(await laptop('GET', koaApp), { by: 'koa', user: null });
  for (const device of [laptop, phone, tablet]) assert.equal(await device('POST', `${expressApp}/login/ada`), 303);
  console.log('ada logs in at the Express application, on a laptop, a phone and a tablet');
  for (const device of [laptop, phone, tablet])
    assert.deepEqual(await device('GET', koaApp), { by: 'koa', user: 'ada' });
  console.log('the Koa application knows her on all of them');

  assert.equal(await tablet('POST', `${koaApp}/logout`), 302);
  assert.deepEqual(await tablet('GET', expressApp), { by: 'express', user: null });
  console.log('she logs out at the Koa application, on the tablet; the Express application does not know it any more');

  const devices = (await laptop('GET', `${koaApp}/devices`)) as { isCurrent: boolean }[];
  assert.deepEqual(
    devices.map(({ isCurrent }) => isCurrent),
    [true, false],
  );
  assert.equal(await phone('POST', `${expressApp}/logout-everywhere`), 303);
  console.log('she logs out of everything, on the phone, at the Express application');
  for (const device of [laptop, phone]) assert.deepEqual(await device('GET', koaApp), { by: 'koa', user: null });
  console.log('the Koa application knows neither device');
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true });
}
