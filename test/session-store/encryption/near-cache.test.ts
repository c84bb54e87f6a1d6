import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { encrypted } from '@evenkeel/session-store';
import { NOW, patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { cachedInstance, until, type CachedInstance, type CachedInstanceOptions } from '../fixtures/near-cache.ts';
import { testRedis, type TestRedis } from '../fixtures/redis.ts';

// On the Redis of the run (REDIS_URL).

const SEALED: CachedInstanceOptions = { between: (store) => encrypted(store, { keys: [Buffer.alloc(32, 1)] }) };

describeSessionStore('a near cache over encrypted(redisSessionStore())', async () => {
  const redis = testRedis();
  const { cache, link } = cachedInstance(redis.connect(), redis.prefix, SEALED);
  await until(() => link.lease.epoch !== 0);
  return {
    store: cache,
    other: cache,
    close: async () => {
      link.close();
      await redis.close();
    },
  };
});

describe('near caches over encryption', () => {
  let redis: TestRedis;
  let fleet: CachedInstance[];
  beforeEach(async () => {
    redis = testRedis();
    fleet = [1, 2, 3].map(() => cachedInstance(redis.connect(), redis.prefix, SEALED));
    await until(() => fleet.every(({ link }) => link.lease.epoch !== 0));
  });
  afterEach(async () => {
    for (const { link } of fleet) link.close();
    await redis.close();
  });

  it('answer with plain values from memory, of what Redis has in ciphertext only', async () => {
    const id = newSessionId();
    const [one, two] = fleet as [CachedInstance, CachedInstance];
    await one.cache.commit(id, patchOf({ set: new Map([['a', '"secret"']]) }), NOW);
    const first = await two.cache.load(id, NOW);
    assert.equal(first?.fields.get('a'), '"secret"');
    assert.equal(two.cache.peek(id, NOW), first, 'nothing is decrypted for a hit');
    const [key] = await redis.admin.keys(`${redis.prefix}{*`);
    assert.ok(!JSON.stringify(await redis.admin.hgetall(key!)).includes('secret'));
  });

  it('lose none of 3 instances x 4 writers x 50 increments, and never read backwards', async () => {
    const id = newSessionId();
    await fleet[0]!.cache.commit(id, patchOf(), NOW);
    async function write({ cache }: CachedInstance): Promise<void> {
      let seen = 0;
      for (let i = 0; i < 50; i++) {
        const receipt = await cache.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW);
        const sum = Number(receipt?.sums.get('n'));
        assert.equal(sum, receipt!.version - 1);
        const n = Number((await cache.load(id, NOW))?.fields.get('n'));
        assert.ok(sum > seen && n >= sum, `${seen}, ${sum}, ${n}`);
        seen = n;
      }
    }
    await Promise.all(fleet.flatMap((instance) => [1, 2, 3, 4].map(() => write(instance))));
    for (const { cache, heard } of fleet) {
      await heard();
      assert.equal((await cache.load(id, NOW))?.fields.get('n'), '600');
    }
  });
});
