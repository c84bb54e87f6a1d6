import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type RedisClient, type RedisSessionStore } from '@evenkeel/session-store';
import { redisKeys, type RedisKeys } from '../../../packages/session-store/src/stores/redis-keys.ts';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { HOUR, NOW, patchOf, stored } from '../../conformance/session-store-model.ts';
import { plainRedisStore, REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';

const principal = 'ada@example.org';
const mine = { principal };
const update = patchOf({ mode: 'update', set: new Map([['a', '2']]) });

describe('the principals of redisSessionStore', () => {
  let redis: TestRedis;
  let store: RedisSessionStore;
  let keys: RedisKeys;
  beforeEach(() => {
    redis = testRedis(REDIS_URL);
    keys = redisKeys(redis.prefix);
    store = plainRedisStore(redis.connect(), { prefix: redis.prefix, deadlineMs: 5_000 });
  });
  afterEach(() => redis.close());

  it('has neither an id nor a principal in any key', async () => {
    const id = await stored(store, {}, mine);
    await store.revoke(principal, NOW);
    const next = await stored(store, {}, mine);
    const found = await redis.admin.keys(`${redis.prefix}*`);
    assert.deepEqual(
      found.toSorted(),
      [keys.session(next), keys.principal(principal), keys.sessionsOf(principal)].toSorted(),
    );
    for (const secret of [id, next, principal, 'ada']) assert.ok(!found.join().includes(secret));
    assert.equal(sessionKey(next), (await store.list(principal, NOW))[0]?.key);
  });

  it('ends a session that was being made while all were ended', async () => {
    const id = newSessionId();
    let raced = false;
    const slow = through(async (send, sha1, count, ...rest) => {
      // The last moment before the session is there; its generation has been read.
      if (rest[0] === keys.session(id) && !raced) {
        raced = true;
        await store.revoke(principal, NOW);
      }
      return send(sha1, count, ...rest);
    });
    await slow.commit(id, patchOf(mine), NOW);
    assert.ok(raced);
    assert.equal(await redis.admin.exists(keys.session(id)), 1);
    assert.equal(await store.load(id, NOW), undefined);
    assert.deepEqual(await store.list(principal, NOW), []);
    assert.equal(await store.retire(id, NOW + 1_000, NOW), undefined);
    assert.equal(await store.destroy(id, NOW), undefined);
    assert.equal(await redis.admin.exists(keys.session(id)), 0);
  });

  it('does not show a session that was ended between the two reads of a load', async () => {
    const id = await stored(store, {}, mine);
    const connection = redis.connect();
    const slow = Object.create(connection, {
      hgetall: {
        async value(key: string) {
          const reply = await connection.hgetall(key);
          await store.revoke(principal, NOW);
          return reply;
        },
      },
    }) as RedisClient;
    assert.equal(await plainRedisStore(slow, { prefix: redis.prefix, deadlineMs: 5_000 }).load(id, NOW), undefined);
  });

  it('ends sessions that are on no list', async () => {
    const id = await stored(store, {}, mine);
    await redis.admin.del(keys.sessionsOf(principal));
    await store.revoke(principal, NOW);
    assert.equal(await store.load(id, NOW), undefined);
    await store.commit(id, update, NOW);
    assert.equal(await store.load(id, NOW), undefined);
  });

  it('ends sessions from before a generation that was lost', async () => {
    await store.revoke(principal, NOW);
    const id = await stored(store, {}, mine);
    await redis.admin.del(keys.principal(principal), keys.sessionsOf(principal));
    assert.notEqual(await store.load(id, NOW), undefined);
    await store.revoke(principal, NOW);
    assert.equal(await store.load(id, NOW), undefined);
  });

  it('begins a new generation each time, whatever the clock of Redis says', async () => {
    const future = 8_000_000_000_000_000;
    await redis.admin.hset(keys.principal(principal), 'g', future);
    await store.revoke(principal, NOW);
    assert.equal(await redis.admin.hget(keys.principal(principal), 'g'), String(future + 1));
    assert.notEqual(await store.load(await stored(store, {}, mine), NOW), undefined);
  });

  it('goes on listing a session whose time goes on', async () => {
    const touched = await stored(store, { how: 'touch' }, mine);
    const committed = await stored(store, { how: 'commit' }, { ...mine, createdAt: NOW + 1 });
    await stored(store, {}, mine);
    for (let at = NOW; at < NOW + 10 * HOUR; at += HOUR / 2) {
      await store.touch(touched, at + HOUR, at);
      await store.commit(committed, { ...update, expiresAt: at + HOUR }, at);
    }
    assert.equal(await redis.admin.zcard(keys.sessionsOf(principal)), 2);
    const listed = await store.list(principal, NOW + 10 * HOUR);
    assert.deepEqual(
      listed.map(({ record }) => record.fields.get('how')),
      ['touch', 'commit'],
    );
  });

  it('writes the list once for many touches', async () => {
    const id = await stored(store, {}, mine);
    let lists = 0;
    const counting = through((send, sha1, count, ...rest) => {
      if (rest[0] === keys.principal(principal)) lists++;
      return send(sha1, count, ...rest);
    });
    for (let at = NOW; at <= NOW + HOUR; at += HOUR / 60) await counting.touch(id, at + HOUR, at);
    assert.equal(lists, 0);
    await counting.touch(id, NOW + 3 * HOUR, NOW + HOUR + 1);
    assert.equal(lists, 1);
  });

  it('takes what is destroyed off the list, and lets the list end by itself', async () => {
    const list = keys.sessionsOf(principal);
    const id = await stored(store, {}, mine);
    const ttl = await redis.admin.pttl(list);
    assert.ok(ttl > HOUR && ttl <= 2 * HOUR, String(ttl));
    assert.deepEqual(await store.list(principal, NOW + HOUR), []);
    assert.equal(await redis.admin.exists(list), 1);
    await store.destroy(id, NOW);
    assert.equal(await redis.admin.exists(list), 0);
    await stored(store, {}, mine);
    const [only] = await store.list(principal, NOW);
    await store.end(only!.key, NOW);
    assert.equal(await redis.admin.exists(list), 0);
    await stored(store, {}, mine);
    await store.list(principal, NOW + 2 * HOUR);
    assert.equal(await redis.admin.exists(list), 0);
  });

  it('ignores what others put on the list, and removes nothing by it', async () => {
    const id = await stored(store, {}, { principal: 'somebody else' });
    const digest = sessionKey(id);
    for (const member of [digest, '', 'x}{y', '{a}', '*']) {
      await redis.admin.zadd(keys.sessionsOf(principal), NOW + HOUR, member);
    }
    assert.deepEqual(await store.list(principal, NOW), []);
    assert.equal(await store.end('x}{y', NOW), false);
    await store.revoke(principal, NOW);
    assert.notEqual(await store.load(id, NOW), undefined);
  });

  for (const generation of ['', 'x', '-1', '1e9', '99999999999999999999']) {
    it(`refuses the generation ${JSON.stringify(generation)}`, async () => {
      const id = await stored(store, {}, mine);
      await redis.admin.hset(keys.principal(principal), 'g', generation);
      const corrupt = { name: 'BalancerError', code: 'SESSION_CORRUPT' };
      await assert.rejects(store.load(id, NOW), corrupt);
      await assert.rejects(store.commit(newSessionId(), patchOf(mine), NOW), corrupt);
      await assert.rejects(store.list(principal, NOW), corrupt);
      await assert.rejects(store.revoke(principal, NOW), corrupt);
    });
  }

  it('refuses a principal with something else under its keys', async () => {
    const id = await stored(store, {}, mine);
    await redis.admin.set(keys.principal(principal), 'x');
    await assert.rejects(store.load(id, NOW), { code: 'SESSION_CORRUPT' });
    await assert.rejects(store.revoke(principal, NOW), { code: 'SESSION_CORRUPT' });
  });

  type Send = (sha1: string, keys: number, ...rest: string[]) => Promise<unknown>;

  /** A store whose scripts pass through a function. */
  function through(pass: (send: Send, ...sent: Parameters<Send>) => Promise<unknown>): RedisSessionStore {
    const connection = redis.connect();
    const send: Send = (sha1, count, ...rest) => connection.evalsha(sha1, count, ...rest);
    const evalsha = { value: (...sent: Parameters<Send>) => pass(send, ...sent) };
    const client: RedisClient = Object.create(connection, { evalsha });
    return plainRedisStore(client, { prefix: redis.prefix, deadlineMs: 5_000 });
  }
});
