import assert from 'node:assert/strict';
import { type RedisSessionStore } from '@evenkeel/session-store';
import type { Redis } from 'ioredis';
import { redisKeys } from '../../../packages/session-store/src/stores/redis-keys.ts';
import { HOUR, NOW, patchOf, stored } from '../../conformance/session-store-model.ts';
import { plainRedisStore, REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';

const principal = 'ada';
const change = patchOf({ mode: 'update', set: new Map([['a', '2']]) });

/** Each call that runs a script, over the session of an id. */
const CALLS: Readonly<Record<string, (store: RedisSessionStore, id: string) => Promise<unknown>>> = {
  commit: (store, id) => store.commit(id, change, NOW),
  'commit that is sent again': (store, id) => store.commit(id, patchOf({ name: 'created-' }), NOW),
  touch: (store, id) => store.touch(id, NOW + HOUR + 1, NOW),
  retire: (store, id) => store.retire(id, NOW + 10_000, NOW),
  destroy: (store, id) => store.destroy(id, NOW),
  list: (store) => store.list(principal, NOW),
  revoke: (store) => store.revoke(principal, NOW),
};

describe('the scripts of redisSessionStore', () => {
  let redis: TestRedis;
  let connection: Redis;
  let store: RedisSessionStore;
  beforeEach(() => {
    redis = testRedis(REDIS_URL);
    connection = redis.connect();
    store = plainRedisStore(connection, { prefix: redis.prefix, deadlineMs: 5_000 });
  });
  afterEach(() => redis.close());

  for (const [name, call] of Object.entries(CALLS)) {
    it(`runs a ${name} on a Redis that has forgotten its scripts`, async () => {
      const id = await stored(store, { a: '1' }, { principal, name: 'created-' });
      const other = await stored(store, { a: '1' }, { principal, name: 'created-' });
      const expected = observed(await call(store, id));
      await redis.admin.script('FLUSH');
      assert.deepEqual(observed(await call(store, other)), expected);
    });
  }

  /** Tells of changes by others, as a near cache would hear of them. */
  async function track(): Promise<string[]> {
    const listener = redis.connect({ protocol: 2 });
    const id = await listener.client('ID');
    const heard: string[] = [];
    listener.on('messageBuffer', (_channel: Buffer, keys: Buffer[]) => heard.push(...keys.map(String)));
    await listener.subscribe('__redis__:invalidate');
    await connection.call('client', 'tracking', 'on', 'redirect', String(id), 'noloop');
    return heard;
  }

  for (const name of ['commit', 'commit that is sent again', 'touch', 'retire', 'destroy', 'revoke']) {
    it(`hears of the next change by somebody else after a ${name} of its own`, async () => {
      const heard = await track();
      const id = await stored(store, { a: '1' }, { principal, name: 'created-' });
      await CALLS[name]!(store, id);
      const keys = redisKeys(redis.prefix);
      const key = name === 'revoke' ? keys.principal(principal) : keys.session(id);
      assert.deepEqual(
        heard.filter((other) => other === key),
        [],
      );
      await redis.admin.hset(key, '#v', '9');
      await heardOf(heard, key);
    });
  }

  it('hears of a revocation by somebody else after it has read a session', async () => {
    const heard = await track();
    const id = await stored(store, {}, { principal });
    await store.load(id, NOW);
    await plainRedisStore(redis.admin, { prefix: redis.prefix }).revoke(principal, NOW);
    await heardOf(heard, redisKeys(redis.prefix).principal(principal));
    await heardOf(heard, redisKeys(redis.prefix).session(id));
  });
});

async function heardOf(heard: readonly string[], key: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!heard.includes(key)) {
    assert.ok(performance.now() < deadline, `nothing was heard of ${key}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What two sessions of equal history have in common: all but their keys. */
function observed(result: unknown): unknown {
  return Array.isArray(result) ? result.length : result;
}
