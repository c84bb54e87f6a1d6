import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { NOW, patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';
import { cachedInstance, until, type CachedInstance } from '../fixtures/near-cache.ts';
import { testRedis, type TestRedis } from '../fixtures/redis.ts';

// On the Redis of the run (REDIS_URL).

describeSessionStore('redisSessionStore with a near cache', async () => {
  const redis = testRedis();
  // The laws have two handles on the same data and ask the second at once for what the first has done: one cache for both, as in a
  // process. What another process sees, and when, is below.
  const { cache, link } = cachedInstance(redis.connect(), redis.prefix);
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

describe('near caches of one Redis', () => {
  let redis: TestRedis;
  let fleet: CachedInstance[];
  beforeEach(async () => {
    redis = testRedis();
    fleet = [1, 2].map(() => cachedInstance(redis.connect(), redis.prefix));
    await until(() => fleet.every(({ link }) => link.lease.epoch !== 0));
  });
  afterEach(async () => {
    for (const { link } of fleet) link.close();
    await redis.close();
  });

  it('lose nothing and never read backwards with 2 instances x 4 writers x 300 commits', async () => {
    const id = newSessionId();
    await fleet[0]!.cache.commit(id, patchOf(), NOW);
    const seen = [0, 0];

    async function write(instance: number, writer: number): Promise<void> {
      const { cache } = fleet[instance]!;
      for (let i = 1; i <= 300; i++) {
        const set = new Map([[`w${instance}${writer}`, String(i)]]);
        const receipt = await cache.commit(id, patchOf({ mode: 'update', set, add: new Map([['n', 1]]) }), NOW);
        const record = await cache.load(id, NOW);
        assert.ok(record !== undefined && receipt !== undefined && record.version >= receipt.version);
        assert.ok(record.version >= seen[instance]!, 'a read went backwards');
        seen[instance] = record.version;
        assert.equal(record.fields.get(`w${instance}${writer}`), String(i));
        // Each field and the counter grow with the version, so a copy that was put together wrongly shows.
        assert.equal(Number(record.fields.get('n')), record.version - 1);
      }
    }

    const writers = [0, 1].flatMap((instance) => [0, 1, 2, 3].map((writer) => write(instance, writer)));
    await Promise.all(writers);
    for (const { cache, heard } of fleet) {
      await heard();
      const record = await cache.load(id, NOW);
      assert.equal(record?.version, 2_401);
      assert.equal(record.fields.get('n'), '2400');
      for (const writer of ['00', '01', '02', '03', '10', '11', '12', '13']) {
        assert.equal(record.fields.get(`w${writer}`), '300');
      }
      assert.deepEqual(cache.peek(id, NOW), record);
    }
  });

  it('never answer with a copy that is older than the last beat', async () => {
    const [writer, reader] = fleet as [CachedInstance, CachedInstance];
    const id = newSessionId();
    await writer.cache.commit(id, patchOf({ add: new Map([['n', 1]]) }), NOW);
    for (let i = 2; i <= 5; i++) {
      await reader.cache.load(id, NOW);
      await writer.cache.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW);
      await reader.heard();
      assert.equal((await reader.cache.load(id, NOW))?.version, i);
    }
  });

  it('keep their promises while their connections are killed', async () => {
    const id = newSessionId();
    await fleet[0]!.cache.commit(id, patchOf(), NOW);
    /** The version of each acknowledged commit, by the time of the acknowledgement. */
    const acknowledged: { at: number; version: number }[] = [];
    const seen = [0, 0];
    let kills = 0;
    const lease = 600;

    function check(instance: number, version: number | undefined): void {
      const before = performance.now() - lease;
      const due = acknowledged.findLast(({ at }) => at < before)?.version ?? 0;
      assert.ok(version !== undefined && version >= due, `read ${version}, ${due} was acknowledged before the lease`);
      assert.ok(version >= seen[instance]!, `read ${version} after ${seen[instance]}`);
      seen[instance] = version;
    }

    async function use(instance: number): Promise<void> {
      const { cache } = fleet[instance]!;
      while (kills < 12) {
        const known = cache.peek(id, NOW);
        if (known !== null) check(instance, known?.version);
        try {
          check(instance, (await cache.load(id, NOW))?.version);
          const receipt = await cache.commit(id, patchOf({ mode: 'update', add: new Map([['n', 1]]) }), NOW);
          acknowledged.push({ at: performance.now(), version: receipt?.version ?? 0 });
        } catch (error) {
          assert.equal(Reflect.get(Object(error), 'code'), 'SESSION_STORE');
        }
        await delay(1);
      }
    }

    async function killConnections(): Promise<void> {
      for (; kills < 12; kills++) {
        const { link } = fleet[kills % 2]!;
        await until(() => link.lease.epoch !== 0);
        await delay(20);
        const list = String(await redis.admin.client('LIST')).split('\n');
        const ours = list.filter((line) => line.includes(kills % 4 < 2 ? ' flags=t ' : ' cmd=ping '));
        for (const line of ours)
          await redis.admin.client('KILL', 'ID', Number(/^id=(\d+)/.exec(line)![1])).catch(() => 0);
      }
    }

    await Promise.all([use(0), use(0), use(1), use(1), killConnections()]);
    assert.ok(acknowledged.length > 12 && acknowledged.every(({ version }) => version > 0));
  });
});
