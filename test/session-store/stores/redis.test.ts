import assert from 'node:assert/strict';
import { once } from 'node:events';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { manualClock } from '@evenkeel/core/testing';
import { createSessions, type RedisClient, type RedisSessionStore } from '@evenkeel/session-store';
import { patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { plainRedisStore, REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';
import { tcpProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts';

const { createdAt: NOW } = patchOf();
const update = patchOf({ mode: 'update', add: new Map([['n', 1]]) });

/** Long enough that a busy machine does not meet it; tests of the deadline itself set their own. */
const PATIENT = { deadlineMs: 5_000 };

describeSessionStore('redisSessionStore', () => {
  const redis = testRedis();
  const options = { prefix: redis.prefix, ...PATIENT };
  return {
    store: plainRedisStore(redis.connect(), options),
    other: plainRedisStore(redis.connect({ lazyConnect: true, protocol: 2 }), options),
    close: () => redis.close(),
  };
});

describe('redisSessionStore', () => {
  let redis: TestRedis;
  let store: RedisSessionStore;
  beforeEach(() => {
    redis = testRedis();
    store = plainRedisStore(redis.connect(), { prefix: redis.prefix, ...PATIENT });
  });
  afterEach(() => redis.close());

  async function onlyKey(): Promise<string> {
    const keys = await redis.admin.keys(`${redis.prefix}*`);
    assert.equal(keys.length, 1);
    return keys[0]!;
  }

  it('keeps a session in one hash that does not tell its id and ends by itself', async () => {
    const id = newSessionId();
    await store.commit(id, patchOf({ set: new Map([['a', '1']]) }), NOW);
    const key = await onlyKey();
    assert.match(key.slice(redis.prefix.length), /^\{[\w-]{22}\}$/);
    assert.ok(!JSON.stringify([key, await redis.admin.hgetall(key)]).includes(id));
    const ttl = await redis.admin.pttl(key);
    assert.ok(ttl > 3_000_000 && ttl <= 3_600_000, String(ttl));
    await store.touch(id, NOW + 7_200_000, NOW);
    assert.ok((await redis.admin.pttl(key)) > 3_600_000);
  });

  it('keeps a small session in the compact form of a hash, however often it is committed', async () => {
    const id = newSessionId();
    await store.commit(id, patchOf(), NOW);
    for (let i = 0; i < 40; i++) await store.commit(id, update, NOW);
    assert.match(String(await redis.admin.object('ENCODING', await onlyKey())), /^(listpack|ziplist)$/);
  });

  it('reads a hash in any shape that ioredis hands over', async () => {
    const id = newSessionId();
    await store.commit(id, patchOf({ set: new Map([['a', '1']]) }), NOW);
    const other = plainRedisStore(redis.connect({ replyMapping: 'resp3' }), { prefix: redis.prefix, ...PATIENT });
    assert.deepEqual(await other.load(id, NOW), await store.load(id, NOW));
  });

  describe('with something else under its key', () => {
    const session = { '#v': 1, '#c': 1, '#a': 1, '#x': NOW * 2 };
    const poison: Record<string, (key: string) => Promise<unknown>> = {
      'a string': (key) => redis.admin.set(key, '{"user":"eve"}'),
      'a list': (key) => redis.admin.rpush(key, 'a', 'b'),
      'a hash without a version': (key) => redis.admin.hset(key, '.user', '"eve"'),
      'a version that is no number': (key) => redis.admin.hset(key, '#v', 'x', '#c', 1, '#a', 1, '#x', NOW * 2),
      'an empty end': (key) => redis.admin.hset(key, '#v', 1, '#c', 1, '#a', 1, '#x', ''),
      'an end that is no number': (key) => redis.admin.hset(key, '#v', 1, '#c', 1, '#a', 1, '#x', 'never'),
      'a mark of retirement that is none': (key) => redis.admin.hset(key, { ...session, '#r': '0' }),
      'a principal without a generation': (key) => redis.admin.hset(key, { ...session, '#p': 'eve' }),
      'a generation that is no number': (key) => redis.admin.hset(key, { ...session, '#p': 'eve', '#g': '-' }),
    };
    for (const [what, put] of Object.entries(poison)) {
      it(`refuses ${what}, and leaves it as it was`, async () => {
        const id = newSessionId();
        await store.commit(id, patchOf(), NOW);
        const key = await onlyKey();
        await redis.admin.del(key);
        await put(key);
        const before = await redis.admin.dump(key);
        const corrupt = { name: 'BalancerError', code: 'SESSION_CORRUPT' };
        await assert.rejects(store.load(id, NOW), corrupt);
        await assert.rejects(store.commit(id, update, NOW), corrupt);
        await assert.rejects(store.commit(id, patchOf(), NOW), corrupt);
        await assert.rejects(store.touch(id, NOW + 1_000, NOW), corrupt);
        await assert.rejects(store.retire(id, NOW + 1_000, NOW), corrupt);
        await assert.rejects(store.destroy(id, NOW), corrupt);
        assert.equal(await redis.admin.dump(key), before);
      });
    }

    for (const name of ['user', '.__proto__', '.constructor', '.save', '__proto__', '.']) {
      it(`refuses a field named ${name}`, async () => {
        const id = newSessionId();
        await store.commit(id, patchOf(), NOW);
        await redis.admin.hset(await onlyKey(), name, '{"isAdmin":true}');
        await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' });
        assert.equal(Reflect.get({}, 'isAdmin'), undefined);
      });
    }
  });

  it('hands over what others wrote into a field as it is, and the session refuses it where it is read', async () => {
    const clock = manualClock(NOW);
    const sessions = createSessions({ store, secret: 'a secret of the tests', clock });
    const scope = await sessions.open({ cookieHeader: undefined, isSecure: false });
    Object.assign(scope.session, { cart: 1, user: 'ada' });
    await scope.commit();
    const cookieHeader = scope.setCookie()?.split(';')[0];
    for (const poison of ['{"__proto__":{"isAdmin":true}}', '{garbage', '', 'process.exit()']) {
      await redis.admin.hset(await onlyKey(), '.cart', poison);
      const { session } = await sessions.open({ cookieHeader, isSecure: false });
      assert.equal(Reflect.get(session, 'user'), 'ada');
      assert.throws(() => Reflect.get(session, 'cart'), { name: 'BalancerError', code: 'SESSION_CORRUPT' });
      assert.equal(Reflect.get({}, 'isAdmin'), undefined);
    }
  });

  describe('with a Redis that fails', () => {
    let proxy: TcpProxy;
    beforeEach(async () => {
      const { hostname: host, port } = new URL(REDIS_URL);
      proxy = await tcpProxy({ host, port: Number(port || 6379) });
    });
    afterEach(() => proxy.close());

    it('fails with SESSION_STORE within its deadline when Redis is frozen, and goes on when it thaws', async () => {
      const connection = redis.connect({}, proxy.port);
      // One for each call: after three failures a store asks no more.
      const quick = (): RedisSessionStore => plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 50 });
      const patient = plainRedisStore(connection, { prefix: redis.prefix, ...PATIENT });
      const id = newSessionId();
      await patient.commit(id, patchOf(), NOW);
      proxy.mode = 'frozen';
      const failure = { name: 'BalancerError', code: 'SESSION_STORE', message: /did not answer within 50 ms/ };
      await assert.rejects(quick().load(id, NOW), failure);
      await assert.rejects(quick().commit(id, update, NOW), failure);
      await assert.rejects(quick().touch(id, NOW + 1_000, NOW), failure);
      await assert.rejects(quick().retire(id, NOW + 1_000, NOW), failure);
      await assert.rejects(quick().destroy(id, NOW), failure);
      await assert.rejects(quick().list('ada', NOW), failure);
      await assert.rejects(quick().revoke('ada', NOW), failure);
      proxy.mode = 'open';
      assert.notEqual(await patient.commit(newSessionId(), patchOf(), NOW), undefined);
    });

    it('fails with SESSION_STORE within its deadline when nobody listens', async () => {
      const connection = redis.connect({}, proxy.port);
      await proxy.close();
      const quick = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 50 });
      await assert.rejects(quick.load(newSessionId(), NOW), { code: 'SESSION_STORE' });
      proxy = await tcpProxy({ host: '127.0.0.1', port: 1 });
    });

    it('keeps what it could not send from surfacing later', async () => {
      const id = newSessionId();
      await store.commit(id, patchOf(), NOW);
      const connection = redis.connect({}, proxy.port);
      await connection.ping();
      proxy.mode = 'frozen';
      proxy.cut();
      await once(connection, 'close');
      const quick = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 50 });
      await assert.rejects(quick.commit(id, update, NOW), { code: 'SESSION_STORE' });
      proxy.mode = 'open';
      await connection.ping();
      assert.equal((await store.load(id, NOW))?.version, 1);
    });

    it('does not apply what reaches Redis long after it was reported as failed', async () => {
      const connection = redis.connect({}, proxy.port);
      const quick = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 50 });
      await connection.ping();
      const id = newSessionId();
      await quick.commit(id, patchOf({ principal: 'ada' }), NOW);
      await quick.commit(id, patchOf({ mode: 'update' }), NOW);
      // After three failures a store asks no more.
      const another = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 50 });
      await another.commit(newSessionId(), patchOf(), NOW);
      proxy.mode = 'frozen';
      const failure = { code: 'SESSION_STORE' };
      await assert.rejects(quick.commit(id, update, NOW), failure);
      await assert.rejects(quick.retire(id, NOW + 1_000, NOW), failure);
      await assert.rejects(quick.touch(id, NOW + 1_000, NOW), failure);
      await assert.rejects(another.revoke('ada', NOW), failure);
      for (let i = 0; i < 2; i++) await assert.rejects(another.load(id, NOW), failure);
      proxy.mode = 'open';
      // The same connection, so it comes after what was waiting.
      await connection.ping();
      const record = await store.load(id, NOW);
      assert.deepEqual([record?.version, record?.isRetired, record?.expiresAt], [2, false, NOW + 3_600_000]);
    });

    it('goes on when the clock of Redis is another one than before, as after a failover', async () => {
      const connection = redis.connect();
      await connection.ping();
      let jumps = 0;
      const jumping: RedisClient = Object.create(connection, {
        evalsha: {
          value(sha1: string, keys: number, key: string, ...rest: string[]) {
            // The latest moment for a commit, as it looks to a clock that is far ahead.
            if (jumps-- > 0) rest[0] = '1';
            return connection.evalsha(sha1, keys, key, ...rest);
          },
        },
      });
      const through = plainRedisStore(jumping, { prefix: redis.prefix, ...PATIENT });
      const id = newSessionId();
      await through.commit(id, patchOf(), NOW);
      jumps = 1;
      assert.equal((await through.commit(id, update, NOW))?.version, 2);
      jumps = 2;
      await assert.rejects(through.commit(id, update, NOW), { code: 'SESSION_STORE', message: /too late/ });
      assert.equal((await store.load(id, NOW))?.version, 2);
    });

    it('applies a commit once though its answer was lost and ioredis sent it again', async () => {
      const connection = redis.connect({}, proxy.port);
      const through = plainRedisStore(connection, { prefix: redis.prefix, ...PATIENT });
      const id = newSessionId();
      await through.commit(id, patchOf({ add: new Map([['n', 1]]) }), NOW);
      proxy.mode = 'deaf';
      const lost = proxy.answerLost();
      const commit = through.commit(id, update, NOW);
      await lost;
      proxy.mode = 'open';
      proxy.cut();
      assert.deepEqual(await commit, { version: 2, sums: new Map([['n', '2']]), conflicts: new Map() });
      assert.equal((await store.load(id, NOW))?.fields.get('n'), '2');
    });

    it('creates once though the answer was lost and ioredis sent it again', async () => {
      const connection = redis.connect({}, proxy.port);
      const through = plainRedisStore(connection, { prefix: redis.prefix, ...PATIENT });
      await connection.ping();
      proxy.mode = 'deaf';
      const lost = proxy.answerLost();
      const commit = through.commit(newSessionId(), patchOf(), NOW);
      await lost;
      proxy.mode = 'open';
      proxy.cut();
      assert.deepEqual(await commit, { version: 1, sums: new Map(), conflicts: new Map() });
    });
  });

  it('does not take the middle of two names for a third one', async () => {
    const id = newSessionId();
    await store.commit(id, patchOf({ name: 'aaaaaaab' }), NOW);
    await store.commit(id, { ...update, name: 'bccccccc' }, NOW);
    assert.equal((await store.commit(id, { ...update, name: 'aaabbccc' }, NOW))?.version, 3);
  });

  it('refuses the name of a commit that it could not remember', async () => {
    for (const name of ['', 'short', 'much too long', '8 chars.']) {
      await assert.rejects(store.commit(newSessionId(), patchOf({ name }), NOW), { code: 'INVALID_OPTIONS' }, name);
    }
  });

  it('refuses options that make no sense', () => {
    assert.throws(() => plainRedisStore({} as RedisClient), {
      code: 'INVALID_OPTIONS',
      message: /`redis` must be an ioredis client/,
    });
    const options = { prefix: 'a{b', deadlineMs: 0, ttl: 3 };
    assert.throws(() => plainRedisStore(redis.admin, options), {
      code: 'INVALID_OPTIONS',
      message: /`prefix` must be a text without braces.*`deadlineMs` must be.*`ttl` is not a known option/,
    });
    assert.throws(() => plainRedisStore(redis.admin, { replicas: 2 }), {
      code: 'INVALID_OPTIONS',
      message: /`replicas` only with `acknowledge: "replica"`/,
    });
  });
});
