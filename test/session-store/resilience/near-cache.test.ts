/** Both halves together: a near cache next to Redis (REDIS_URL or one of its own), and what copes with its absence in front of it. */
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { resilient, type ResilientOptions, type ResilientSessionStore } from '@evenkeel/session-store';
import { patchOf } from '../../conformance/session-store-model.ts';
import { until } from '../../conformance/wire.ts';
import { type CachedInstance, cachedInstance } from '../fixtures/near-cache.ts';
import { type RedisProcess, redisProcess } from '../fixtures/redis-process.ts';

const HOUR = 3_600_000;

describe('resilient() over a near cache over Redis', function () {
  this.timeout(30_000);
  let server: RedisProcess;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await redisProcess('--appendonly', 'yes', '--appendfsync', 'always');
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    await server.close();
  });

  async function instance(options: ResilientOptions = {}): Promise<{ store: ResilientSessionStore } & CachedInstance> {
    const redis = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    const cached = cachedInstance(redis, 'test:');
    const recall: ResilientOptions['recall'] = (id, now, maxAgeMs) => cached.cache.recall(id, now, maxAgeMs);
    const store = resilient(cached.cache, { recall, changed: (id) => cached.cache.forget(id), ...options });
    ends.push(
      () => redis.disconnect(),
      () => cached.link.close(),
      () => store.close(),
    );
    await until(() => cached.cache.stats().isLive);
    return { store, ...cached };
  }

  async function session(store: ResilientSessionStore, texts: Record<string, string>): Promise<string> {
    const id = newSessionId();
    await store.commit(id, patchOf({ ...times(), set: new Map(Object.entries(texts)) }), Date.now());
    await store.load(id, Date.now());
    return id;
  }

  function set(store: ResilientSessionStore, id: string, texts: Record<string, string>): Promise<unknown> {
    return store.commit(id, patchOf({ mode: 'update', ...times(), set: new Map(Object.entries(texts)) }), Date.now());
  }

  async function fields(store: ResilientSessionStore, id: string): Promise<Record<string, string> | undefined> {
    const record = await store.load(id, Date.now());
    return record && Object.fromEntries(record.fields);
  }

  it('answers a hit from the cache, and asks nobody', async () => {
    const { store, calls } = await instance();
    const id = await session(store, { a: '1' });
    const before = calls.load;
    for (let i = 0; i < 10; i++) assert.deepEqual(store.peek(id, Date.now())?.fields, new Map([['a', '1']]));
    assert.deepEqual(await fields(store, id), { a: '1' });
    assert.equal(calls.load, before);
  });

  it('takes changes while Redis is dead, and both instances see them when it is back', async () => {
    const options = { whenDown: 'cached', writes: 'journal' } as const;
    const [one, two] = [await instance(options), await instance(options)];
    const id = await session(one.store, { a: '1', b: '1' });
    assert.deepEqual(await fields(two.store, id), { a: '1', b: '1' });
    await server.kill();
    await Promise.all([set(one.store, id, { a: '2' }), set(two.store, id, { b: '2' })]);
    assert.deepEqual(await fields(one.store, id), { a: '2', b: '1' });
    assert.deepEqual(await fields(two.store, id), { a: '1', b: '2' });
    await server.start();
    for (const { store, cache } of [one, two]) {
      await until(() => store.state === 'up' && store.journalled === 0 && cache.stats().isLive);
    }
    await Promise.all([one.heard(), two.heard()]);
    for (const { store } of [one, two]) assert.deepEqual(await fields(store, id), { a: '2', b: '2' });
  });
});

function times(): { createdAt: number; expiresAt: number } {
  return { createdAt: Date.now(), expiresAt: Date.now() + HOUR };
}
