import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { manualClock, type ManualClock } from '@evenkeel/core/testing';
import { type RedisClient, type RedisSessionStore } from '@evenkeel/session-store';
import { sessionChannels, type SessionExpiredMessage } from '../../../packages/session-store/src/channels.ts';
import { redisKeys, type RedisKeys, shardOf } from '../../../packages/session-store/src/stores/redis-keys.ts';
import { sessionKey } from '../../../packages/session-store/src/session-key.ts';
import { HOUR, NOW, patchOf, stored } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { plainRedisStore, REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';

/** In this time each instance looks once at least. */
const SWEEP = 1_500;

describeSessionStore('redisSessionStore with expiryEvents', () => {
  const redis = testRedis(REDIS_URL);
  const options = { prefix: redis.prefix, deadlineMs: 5_000, expiryEvents: true };
  const [store, other] = [plainRedisStore(redis.connect(), options), plainRedisStore(redis.connect(), options)];
  return {
    store,
    other,
    async close() {
      store.close();
      other.close();
      await redis.close();
    },
  };
});

describe('expiryEvents of redisSessionStore', () => {
  let redis: TestRedis;
  let keys: RedisKeys;
  let clock: ManualClock;
  let stores: RedisSessionStore[];
  let store: RedisSessionStore;
  const heard: SessionExpiredMessage[] = [];
  const listener = (message: unknown): unknown => heard.push(message as SessionExpiredMessage);
  beforeEach(() => {
    redis = testRedis(REDIS_URL);
    keys = redisKeys(redis.prefix);
    clock = manualClock(NOW);
    stores = [];
    store = instance();
    heard.length = 0;
    sessionChannels.expired.subscribe(listener);
  });
  afterEach(async () => {
    sessionChannels.expired.unsubscribe(listener);
    for (const each of stores) each.close();
    await redis.close();
  });

  function instance(client: RedisClient = redis.connect()): RedisSessionStore {
    const made = plainRedisStore(client, {
      prefix: redis.prefix,
      deadlineMs: 5_000,
      expiryEvents: true,
      clock,
    });
    stores.push(made);
    return made;
  }

  /** Turns time by `ms`, in the last `SWEEP` of which every instance looks, and waits until all of them are done with it. */
  async function sweep(ms: number): Promise<void> {
    for (const step of [ms - SWEEP, SWEEP]) {
      clock.advance(step);
      await until(() => clock.pending === stores.length);
    }
  }

  async function entries(): Promise<number> {
    const counts = await Promise.all([0, 1, 2, 3].map((shard) => redis.admin.zcard(keys.expiry(shard))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  it('tells of a session whose time is over, with what it last held', async () => {
    const id = await stored(store, { a: '1' }, { principal: 'ada' });
    await store.commit(id, patchOf({ mode: 'update', set: new Map([['a', '2']]) }), NOW);
    await sweep(HOUR - 1);
    assert.equal(heard.length, 0);
    await sweep(SWEEP);
    const [message, ...rest] = heard;
    assert.deepEqual(rest, []);
    const { key, principal, version, record } = message!;
    assert.deepEqual([key, principal, version], [sessionKey(id), 'ada', 2]);
    assert.deepEqual(record.fields, new Map([['a', '2']]));
    assert.equal(await redis.admin.exists(keys.session(id)), 0);
    assert.equal(await entries(), 0);
  });

  it('tells of each session once, however many instances there are', async () => {
    const others = [instance(), instance()];
    const ids = await Promise.all(Array.from({ length: 250 }, (_, i) => stored(others[i % 2]!, {})));
    await sweep(HOUR);
    for (let i = 0; i < 4; i++) await sweep(SWEEP);
    assert.deepEqual(
      heard.map(({ key }) => keys.ofDigest(key)).toSorted(),
      ids.map((id) => keys.session(id)).toSorted(),
    );
    assert.equal(await entries(), 0);
  });

  it('waits for a session whose time goes on, at no cost for touches', async () => {
    const id = await stored(store, {});
    await store.touch(id, NOW + 2 * HOUR, NOW + 1);
    await sweep(HOUR + SWEEP);
    assert.equal(heard.length, 0);
    const digest = sessionKey(id);
    assert.equal(await redis.admin.zscore(keys.expiry(shardOf(digest)), digest), String(NOW + 2 * HOUR));
    assert.notEqual(await store.load(id, NOW + 2 * HOUR - 1), undefined);
    await sweep(HOUR);
    assert.equal(heard.length, 1);
  });

  it('says nothing of sessions that were destroyed, revoked or moved to another id', async () => {
    await store.destroy(await stored(store, {}), NOW);
    await store.retire(await stored(store, {}), NOW + 10_000, NOW);
    const missed = await stored(store, {}, { principal: 'ada' });
    await redis.admin.del(keys.sessionsOf('ada'));
    await store.revoke('ada', NOW);
    assert.equal(await redis.admin.exists(keys.session(missed)), 1);
    await sweep(HOUR + SWEEP);
    assert.equal(heard.length, 0);
    assert.equal(await entries(), 0);
  });

  it('leaves what another instance is dealing with to it, unless it dies', async () => {
    const id = await stored(store, {});
    store.close();
    stores.length = 0;
    const connection = redis.connect();
    const dead = new Error('the process that asked is gone');
    const client: RedisClient = Object.create(connection, {
      evalsha: {
        value: (sha1: string, count: number, ...rest: string[]) =>
          rest[0] === keys.session(id) ? Promise.reject(dead) : connection.evalsha(sha1, count, ...rest),
      },
    });
    const dying = instance(client);
    await sweep(HOUR + SWEEP);
    dying.close();
    stores.length = 0;
    instance();
    await sweep(20_000);
    assert.equal(heard.length, 0);
    await sweep(10_000 + SWEEP);
    assert.equal(heard.length, 1);
  });

  it('goes on after something that is not a session', async () => {
    const [poisoned, alien] = [await stored(store, {}), newSessionId()];
    await redis.admin.hset(keys.session(poisoned), 'user', 'eve');
    await redis.admin.set(keys.session(alien), 'x');
    for (const member of ['', 'x}{', sessionKey(alien)]) {
      await redis.admin.zadd(keys.expiry(0), NOW, member);
    }
    const id = await stored(store, {});
    await sweep(HOUR);
    await sweep(SWEEP);
    assert.deepEqual(
      heard.map(({ key }) => keys.ofDigest(key)),
      [keys.session(id)],
    );
    assert.equal(await redis.admin.get(keys.session(alien)), 'x');
  });

  it('leaves the telling to instances that listen, and clears away what nobody has told in time', async () => {
    sessionChannels.expired.unsubscribe(listener);
    await stored(store, {});
    await sweep(HOUR + SWEEP);
    assert.equal(await entries(), 1);
    await sweep(300_000 + SWEEP);
    assert.equal(await entries(), 0);
    sessionChannels.expired.subscribe(listener);
    await sweep(SWEEP);
    assert.equal(heard.length, 0);
  });

  it('keeps an ended session for those who tell of it, and for nobody else', async () => {
    const id = await stored(store, { a: '1' });
    const ttl = await redis.admin.pttl(keys.session(id));
    assert.ok(ttl > HOUR && ttl <= HOUR + 300_000, String(ttl));
    const end = NOW + HOUR;
    assert.equal(await store.load(id, end), undefined);
    assert.equal(await store.touch(id, end + HOUR, end), false);
    assert.equal(await store.commit(id, patchOf({ mode: 'update' }), end), undefined);
    assert.equal(await store.destroy(id, end), undefined);
    await sweep(HOUR + SWEEP);
    assert.equal(heard.length, 1);
  });

  it('does nothing more when it is closed', async () => {
    await stored(store, {});
    store.close();
    assert.equal(clock.pending, 0);
    clock.advance(HOUR + SWEEP);
    await redis.admin.ping();
    assert.equal(heard.length, 0);
  });

  it('does not hold the process', () => {
    assert.equal(clock.holding, 0);
    assert.equal(clock.pending, 1);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'it never came to be');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
