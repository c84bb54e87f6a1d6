/**
 * From express-session and connect-redis to `session()` without logging anybody out: the cookies stay what they are, and the sessions
 * under `sess:` are found and taken over. While old instances still run, `mirror` keeps both sides up to date.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { session } from '@evenkeel/express';
import { compatKeys, redisSessionStore } from '@evenkeel/session-store';
import { findRedisServer, privateRedis } from '@evenkeel/session-store/testing';
import { RedisStore } from 'connect-redis';
import express from 'express';
import type { RequestHandler } from 'express';
import expressSession from 'express-session';
import { Redis } from 'ioredis';
import { createClient } from 'redis';

const SECRET = 'kept out of the code';

/** What it has now. When the last old instance is gone, drop `mirror`; when the last old session has ended, drop `compatKeys`. */
function now(redis: Redis): RequestHandler {
  return session({
    store: compatKeys(redisSessionStore(redis), { redis, mirror: true }),
    secret: SECRET,
    name: 'connect.sid',
    cookie: { format: 'express-session' },
  });
}

/** An instance of the application. */
async function start(layer: RequestHandler): Promise<string> {
  const app = express();
  app.use(layer);
  app.get('/set/:field/:value', (req, res) => {
    Object.assign(req.session, { [req.params.field]: req.params.value });
    res.json(true);
  });
  app.get('/get/:field', (req, res) => void res.json(Reflect.get(req.session, req.params.field) ?? null));
  const server = app.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

if (findRedisServer() === undefined) console.log('This example needs redis-server or valkey-server on the PATH.');
else {
  const server = await privateRedis();
  const [client, redis] = [createClient({ url: server.url }), new Redis(server.url)];
  await client.connect();
  const store = new RedisStore({ client });
  const before = expressSession({ store, secret: SECRET, resave: false, saveUninitialized: false });
  const [oldOne, newOne] = [await start(before), await start(now(redis))];
  let cookie = '';
  const ask = async (instance: string, path: string): Promise<unknown> => {
    const response = await fetch(instance + path, { headers: { cookie, connection: 'close' } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response.json();
  };
  await ask(oldOne, '/set/user/ada');
  assert.equal(await ask(newOne, '/get/user'), 'ada');
  console.log('who has logged in at an old instance is known to a new one');
  await ask(newOne, '/set/theme/dark');
  assert.deepEqual([await ask(oldOne, '/get/user'), await ask(oldOne, '/get/theme')], ['ada', 'dark']);
  await ask(oldOne, '/set/cart/lamp');
  assert.deepEqual([await ask(newOne, '/get/cart'), await ask(newOne, '/get/theme')], ['lamp', 'dark']);
  console.log('what one of them stores, the other one shows');
  await client.close();
  redis.disconnect();
  await server[Symbol.asyncDispose]();
}
