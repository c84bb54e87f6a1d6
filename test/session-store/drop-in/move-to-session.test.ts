/** The way from express-session and connect-redis to our own `session()`: nobody is logged out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RedisStore } from 'connect-redis';
import express from 'express';
import type { RequestHandler } from 'express';
import expressSession from 'express-session';
import { createClient } from 'redis';
import { session } from '@evenkeel/express';
import { compatKeys } from '@evenkeel/session-store';
import { plainRedisStore, REDIS_URL, testRedis } from '../fixtures/redis.ts';

const SECRET = 'a secret of the tests alone';

/** Asks an application that has this session layer. */
async function ask(layer: RequestHandler, path: string, cookie = ''): Promise<Response> {
  const app = express();
  app.use(layer);
  app.get('/login', (req, res) => {
    Object.assign(req.session, { user: 'ada' });
    res.end();
  });
  app.get('/', (req, res) => void res.json({ user: Reflect.get(req.session, 'user') ?? 'nobody' }));
  app.get('/logout', async (req, res) => {
    await Reflect.apply(Reflect.get(req.session, 'destroy'), req.session, []);
    res.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie, connection: 'close' } });
    const body = await response.arrayBuffer();
    return new Response(body, response);
  } finally {
    server.close();
  }
}

describe('session() in the place of express-session and connect-redis', () => {
  const redis = testRedis();
  const client = createClient({ url: REDIS_URL });
  const oldPrefix = `${redis.prefix}sess:`;
  before(() => client.connect());
  after(async () => {
    await client.close();
    await redis.close();
  });

  it('knows who has logged in before, under the cookie that they have, and ends that session when they log out', async () => {
    const old = expressSession({
      store: new RedisStore({ client, prefix: oldPrefix }),
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
    });
    const store = compatKeys(plainRedisStore(redis.connect(), { prefix: `${redis.prefix}ours:`, deadlineMs: 5_000 }), {
      redis: redis.connect(),
      prefix: oldPrefix,
    });
    const ours = session({ store, secret: SECRET, name: 'connect.sid', cookie: { format: 'express-session' } });

    const [cookie = ''] = (await ask(old, '/login')).headers.getSetCookie();
    const pair = cookie.split(';')[0]!;
    assert.deepEqual(await (await ask(ours, '/', pair)).json(), { user: 'ada' });
    assert.deepEqual(await (await ask(ours, '/', pair.slice(0, -1) + (pair.endsWith('A') ? 'B' : 'A'))).json(), {
      user: 'nobody',
    });
    const [cleared = ''] = (await ask(ours, '/logout', pair)).headers.getSetCookie();
    assert.match(cleared, /^connect\.sid=; Max-Age=0/);
    assert.deepEqual(await (await ask(ours, '/', pair)).json(), { user: 'nobody' });
  });

  it('issues cookies of the same form to newcomers', async () => {
    const store = plainRedisStore(redis.connect(), { prefix: `${redis.prefix}new:`, deadlineMs: 5_000 });
    const ours = session({ store, secret: SECRET, name: 'connect.sid', cookie: { format: 'express-session' } });
    const [cookie = ''] = (await ask(ours, '/login')).headers.getSetCookie();
    assert.match(cookie, /^connect\.sid=s(?::|%3A)[^;]+;/);
    assert.deepEqual(await (await ask(ours, '/', cookie.split(';')[0])).json(), { user: 'ada' });
  });
});
