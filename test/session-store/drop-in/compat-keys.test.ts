import { deepEqual, equal, ok } from 'node:assert/strict';
import { promisify } from 'node:util';
import {
  compatKeys,
  createSessions,
  memorySessionStore,
  redisSessionStore,
  type SessionStore,
} from '@evenkeel/session-store';
import { expressSessionStore } from '@evenkeel/session-store/express-session';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';
import { closeServers, serve, type TestServer } from '../fixtures/serve.ts';
import { type Browser, browserOf } from './browser.ts';
import { fieldsOf, meeting, type Work } from './laws.ts';

const SECRET = 'a secret of the tests';

describe('compatKeys, between connect-redis and us', () => {
  let redis: TestRedis;
  let client: ReturnType<typeof createClient>;
  let ours: SessionStore;
  let prefix: string;
  let work: Map<string, Work>;

  before(async () => {
    redis = testRedis();
    client = createClient({ url: REDIS_URL });
    client.on('error', () => undefined);
    await client.connect();
  });

  after(async () => {
    await client.close();
    await redis.close();
  });

  let counter = 0;
  beforeEach(() => {
    prefix = `${redis.prefix}sess${counter++}:`;
    ours = redisSessionStore(redis.connect(), { prefix: `${prefix}ours:` });
    work = new Map<string, Work>([
      ['/', ({ session: it }) => fieldsOf(it)],
      ['/logout', ({ logout }) => logout()],
      ['/login', ({ session: it }) => void (it['user'] = 'ann')],
    ]);
  });

  afterEach(closeServers);

  function serveWith(store: session.Store): Promise<TestServer> {
    const app = express();
    app.set('env', 'test');
    const cookie = { maxAge: 600_000 };
    app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie }));
    app.use(async (req, res) => {
      const logout = promisify((done: (error: unknown) => void) => req.session.destroy(done));
      res.json((await work.get(req.path)!({ session: req.session as never, logout })) ?? null);
    });
    return serve(app);
  }

  const oldInstance = (): Promise<TestServer> => serveWith(new RedisStore({ client, prefix }));

  function newInstance(mirror: boolean): Promise<TestServer> {
    const store = compatKeys(ours, { redis: redis.connect(), prefix, mirror });
    return serveWith(expressSessionStore(session, { store }));
  }

  /** The same browser at another instance. */
  const at = (server: TestServer, browser: Browser): Browser => browserOf(server.url, browser.cookie);

  const put =
    (name: string, value: unknown): Work =>
    ({ session: it }) =>
      void (it[name] = value);

  async function fieldsAt(server: TestServer, browser: Browser): Promise<unknown> {
    return JSON.parse((await at(server, browser).get('/')).body);
  }

  it('finds a session of connect-redis and takes it over with its first change, cookie and all', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(false)];
    const browser = browserOf(older.url);
    await browser.get('/login');
    deepEqual(await fieldsAt(newer, browser), { user: 'ann' });
    work.set('/put', put('theme', 'dark'));
    await at(newer, browser).get('/put');
    deepEqual(await fieldsAt(newer, browser), { user: 'ann', theme: 'dark' });
    deepEqual(await redis.admin.keys(`${prefix}[^o]*`), [], 'the old key is gone');
  });

  it('takes a session over that is only read, so that it does not end before its time', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(false)];
    const browser = browserOf(older.url);
    await browser.get('/login');
    deepEqual(await fieldsAt(newer, browser), { user: 'ann' });
    deepEqual(await redis.admin.keys(`${prefix}[^o]*`), []);
    deepEqual(await fieldsAt(newer, browser), { user: 'ann' });
  });

  it('lets `session()` find sessions of connect-redis', async () => {
    const older = await oldInstance();
    const browser = browserOf(older.url);
    await browser.get('/login');
    const id = /s%3A([^.]+)\./.exec(browser.cookie)![1]!;
    const store = compatKeys(ours, { redis: redis.connect(), prefix });
    equal((await store.load(id, Date.now()))?.fields.get('user'), '"ann"');
    ok(createSessions({ store, secret: SECRET }), 'it is a store as any other');
  });

  it('ends a session under both keys', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(true)];
    for (const [from, to] of [
      [older, newer],
      [newer, older],
      [older, older],
      [newer, newer],
    ] as const) {
      const browser = browserOf(from.url);
      await browser.get('/login');
      deepEqual(await fieldsAt(newer, browser), { user: 'ann' });
      equal(((await fieldsAt(older, browser)) as { user: string }).user, 'ann');
      await at(to, browser).get('/logout');
      deepEqual(await fieldsAt(older, browser), {});
      deepEqual(await fieldsAt(newer, browser), {});
    }
  });

  it('shows old instances what new ones store, and new ones what old ones store', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(true)];
    const browser = browserOf(newer.url);
    await browser.get('/login');
    for (let round = 0; round < 5; round++) {
      for (const server of [older, newer]) {
        work.set('/put', put('round', `${round}-${server.url}`));
        await at(server, browser).get('/put');
        for (const other of [older, newer]) {
          const seen = (await fieldsAt(other, browser)) as Record<string, unknown>;
          deepEqual([seen['user'], seen['round']], ['ann', `${round}-${server.url}`]);
        }
      }
    }
    work.set('/drop', ({ session: it }) => void delete it['user']);
    await at(older, browser).get('/drop');
    equal(((await fieldsAt(newer, browser)) as { user?: string }).user, undefined);
  });

  it('merges what an old and a new instance store at once, in whatever order', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(true)];
    const browser = browserOf(newer.url);
    await browser.get('/login');
    let lost = 0;
    for (let round = 1; round <= 50; round++) {
      const both = meeting(2);
      const write =
        (name: string): Work =>
        async ({ session: it }) => {
          JSON.stringify(it);
          await both();
          it[name] = round;
        };
      work.set('/old', write('old'));
      work.set('/new', write('new'));
      await Promise.all([at(older, browser).get('/old'), at(newer, browser).get('/new')]);
      const seen = (await fieldsAt(newer, browser)) as Record<string, unknown>;
      for (const name of ['old', 'new']) if (seen[name] !== round) lost++;
      equal(seen['user'], 'ann');
    }
    equal(lost, 0, `${lost} of 100 writes lost`);
  });

  it('loses nothing between new instances while it mirrors', async () => {
    const servers = [await newInstance(true), await newInstance(true)];
    const browser = browserOf(servers[0]!.url);
    await browser.get('/login');
    let lost = 0;
    for (let round = 1; round <= 25; round++) {
      const all = meeting(4);
      await Promise.all(
        [0, 1, 2, 3].map((writer) => {
          work.set(`/w${writer}`, async ({ session: it }) => {
            await all();
            it[`w${writer}`] = round;
          });
          return at(servers[writer % 2]!, browser).get(`/w${writer}`);
        }),
      );
      const seen = (await fieldsAt(servers[0]!, browser)) as Record<string, unknown>;
      for (let writer = 0; writer < 4; writer++) if (seen[`w${writer}`] !== round) lost++;
    }
    equal(lost, 0, `${lost} of 100 writes lost`);
  });

  it('keeps a logout at a new instance, though an old one writes the session back', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(true)];
    let undone = 0;
    for (let round = 0; round < 20; round++) {
      const browser = browserOf(newer.url);
      await browser.get('/login');
      const [loaded, gate] = [meeting(2), meeting(2)];
      work.set('/late', async ({ session: it }) => {
        await loaded();
        await gate();
        it['late'] = true;
      });
      const late = at(older, browser).get('/late');
      await loaded();
      await at(newer, browser).get('/logout');
      await Promise.all([gate(), late]);
      if (Object.keys((await fieldsAt(newer, browser)) as object).length > 0) undone++;
      deepEqual(await fieldsAt(older, browser), {}, 'the new instance has swept up behind the old one');
    }
    equal(undone, 0, `${undone} of 20 logouts undone`);
  });

  it('keeps a logout at an old instance, though a new one is about to store the session', async () => {
    const [older, newer] = [await oldInstance(), await newInstance(true)];
    for (let round = 0; round < 20; round++) {
      const browser = browserOf(newer.url);
      await browser.get('/login');
      const [loaded, gate] = [meeting(2), meeting(2)];
      work.set('/late', async ({ session: it }) => {
        await loaded();
        await gate();
        it['late'] = true;
      });
      const late = at(newer, browser).get('/late');
      await loaded();
      await at(older, browser).get('/logout');
      await Promise.all([gate(), late]);
      deepEqual([await fieldsAt(newer, browser), await fieldsAt(older, browser)], [{}, {}]);
    }
  });

  it('gives a session that is not of express-session the cookie that an old instance needs', async () => {
    const older = await oldInstance();
    const browser = browserOf(older.url);
    await browser.get('/login');
    const id = /s%3A([^.]+)\./.exec(browser.cookie)![1]!;
    await at(older, browser).get('/logout');
    const store = compatKeys(memorySessionStore(), { redis: redis.connect(), prefix, mirror: true });
    const now = Date.now();
    const set = new Map([['user', '"bob"']]);
    await store.commit(
      id,
      { mode: 'create', createdAt: now, expiresAt: now + 60_000, set, remove: [], add: new Map() },
      now,
    );
    deepEqual(((await fieldsAt(older, browser)) as { user: string }).user, 'bob');
  });

  it('refuses what is not of connect-redis under its key', async () => {
    const store = compatKeys(ours, { redis: redis.connect(), prefix });
    for (const text of ['', 'nonsense', '[1]', '7', 'null']) {
      await redis.admin.set(`${prefix}odd`, text);
      const error = await store.load('odd', Date.now()).catch((reason: unknown) => reason as { code: string });
      equal((error as { code: string }).code, 'SESSION_CORRUPT', text);
    }
  });

  it('never takes the id of a session into an error', async () => {
    const away = redis.connect({ lazyConnect: true, retryStrategy: () => null }, 1);
    const store = compatKeys(ours, { redis: away, prefix, deadlineMs: 20 });
    const error = (await store.load('the-secret-id', Date.now()).catch((reason: unknown) => reason)) as Error;
    equal((error as Error & { code: string }).code, 'SESSION_STORE');
    ok(!error.message.includes('the-secret-id'));
  });
});
