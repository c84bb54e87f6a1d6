import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type SessionStore } from '@evenkeel/session-store';
import { privateRedis, type PrivateRedis } from '@evenkeel/session-store/testing';
import { NOW, patchOf } from '../../conformance/session-store-model.ts';
import { cachedInstance, type CachedInstance, type CachedInstanceOptions, until } from '../fixtures/near-cache.ts';
import { plainRedisStore, testRedis, type TestRedis } from '../fixtures/redis.ts';

// The server is this file's own, since it is frozen and flushed; a run without a Redis (no REDIS_URL) leaves the file out.

type ConnectionOptions = NonNullable<Parameters<TestRedis['connect']>[0]>;

const a = (value: string): ReturnType<typeof patchOf> => patchOf({ mode: 'update', set: new Map([['a', value]]) });

describe('a near cache on Redis', () => {
  let server: PrivateRedis;
  let redis: TestRedis;
  let open: CachedInstance[];
  /** Writes over a connection that no cache listens to. */
  let other: SessionStore;
  let id: string;

  before(async () => (server = await privateRedis()));
  after(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    redis = testRedis(server.url);
    other = plainRedisStore(redis.connect(), { prefix: redis.prefix, deadlineMs: 5_000 });
    open = [];
    id = newSessionId();
    await other.commit(id, patchOf({ set: new Map([['a', '1']]) }), NOW);
  });
  afterEach(async () => {
    for (const { link } of open) link.close();
    await redis.close();
  });

  function instance(options: CachedInstanceOptions = {}, connection: ConnectionOptions = {}): CachedInstance {
    const made = cachedInstance(redis.connect(connection), redis.prefix, options);
    open.push(made);
    return made;
  }

  /** An instance that has the session in its cache. */
  async function warm(
    options: CachedInstanceOptions = {},
    connection: ConnectionOptions = {},
  ): Promise<CachedInstance> {
    const made = instance(options, connection);
    await until(() => made.link.lease.epoch !== 0);
    await made.cache.load(id, NOW);
    assert.equal(valueIn(made), '1');
    return made;
  }

  function valueIn({ cache }: CachedInstance): string | undefined {
    return cache.peek(id, NOW)?.fields.get('a');
  }

  async function clientsOf(type: 'pubsub' | 'normal'): Promise<string[]> {
    const list = String(await redis.admin.call('CLIENT', 'LIST', 'TYPE', type));
    return list.split('\n').filter((line) => line !== '' && (type === 'pubsub' || line.includes(' flags=t ')));
  }

  async function kill(type: 'pubsub' | 'normal'): Promise<void> {
    const lines = await clientsOf(type);
    assert.notEqual(lines.length, 0);
    for (const line of lines) await redis.admin.client('KILL', 'ID', /^id=(\d+)/.exec(line)![1]!);
  }

  it('answers from memory, without a command to Redis', async () => {
    const { cache, calls } = await warm();
    for (let i = 0; i < 100; i++) assert.equal((await cache.load(id, NOW))?.fields.get('a'), '1');
    assert.equal(calls.load, 1);
    assert.equal(cache.stats().hits, 101);
  });

  it('hears what another instance commits, touches and destroys', async () => {
    const first = await warm();
    const second = instance();
    await second.cache.commit(id, a('2'), NOW);
    await until(() => valueIn(first) === undefined);
    assert.equal((await first.cache.load(id, NOW))?.fields.get('a'), '2');
    await second.cache.touch(id, NOW + 9_000, NOW);
    await until(() => valueIn(first) === undefined);
    assert.equal((await first.cache.load(id, NOW))?.expiresAt, NOW + 9_000);
    await second.cache.destroy(id, NOW);
    await until(() => valueIn(first) === undefined);
    assert.equal(await first.cache.load(id, NOW), undefined);
  });

  it('hears that a session which it did not find is there', async () => {
    const { cache } = await warm({ cache: { absentMs: 60_000 } });
    const fresh = newSessionId();
    assert.equal(await cache.load(fresh, NOW), undefined);
    assert.equal(cache.peek(fresh, NOW), undefined);
    await other.commit(fresh, patchOf(), NOW);
    await until(() => cache.peek(fresh, NOW) === null);
    assert.equal((await cache.load(fresh, NOW))?.version, 1);
  });

  it('hears of the next change by another after each kind of change of its own', async () => {
    const first = await warm();
    const writes: ((i: number) => Promise<unknown>)[] = [
      (i) => first.cache.commit(id, a(String(i)), NOW),
      () => first.cache.touch(id, NOW + 9_000, NOW),
      () => first.cache.commit(id, { ...a('x'), expect: new Map([['a', 'never']]) }, NOW),
    ];
    for (const [i, write] of writes.entries()) {
      await first.cache.load(id, NOW);
      await write(i);
      assert.notEqual(first.cache.peek(id, NOW), null);
      await other.commit(id, a(`theirs ${i}`), NOW);
      await until(() => first.cache.peek(id, NOW) === null);
      assert.equal((await first.cache.load(id, NOW))?.fields.get('a'), `theirs ${i}`);
    }
  });

  it('reads its own commit from memory', async () => {
    const { cache, calls } = await warm();
    await cache.commit(id, patchOf({ mode: 'update', set: new Map([['b', '2']]), add: new Map([['n', 3]]) }), NOW);
    const record = cache.peek(id, NOW);
    assert.deepEqual(record, await other.load(id, NOW));
    assert.deepEqual(Object.fromEntries(record?.fields ?? []), { a: '1', b: '2', n: '3' });
    assert.equal(calls.load, 1);
  });

  it('does not keep an answer that a change overtook', async () => {
    let isOpen = true;
    const between = (store: SessionStore): SessionStore => ({
      ...delegate(store),
      async load(...parameters) {
        const record = await store.load(...parameters);
        await until(() => isOpen);
        return record;
      },
    });
    const first = await warm({ between });
    first.cache.forget(id);
    isOpen = false;
    const reading = first.cache.load(id, NOW);
    await first.heard();
    await other.commit(id, a('2'), NOW);
    await first.heard();
    isOpen = true;
    assert.equal((await reading)?.fields.get('a'), '1');
    assert.equal(valueIn(first), undefined);
    assert.equal((await first.cache.load(id, NOW))?.fields.get('a'), '2');
  });

  for (const [what, type] of [
    ['on which changes are heard', 'pubsub'],
    ['on which the store works', 'normal'],
  ] as const) {
    it(`misses no change when the connection ${what} is killed`, async () => {
      const first = await warm();
      await kill(type);
      await other.commit(id, a('2'), NOW);
      await until(() => first.link.lease.epoch > 1);
      assert.equal((await first.cache.load(id, NOW))?.fields.get('a'), '2');
      // And the new connections are as good as the old ones.
      assert.equal(valueIn(first), '2');
      await other.commit(id, a('3'), NOW);
      await until(() => valueIn(first) === undefined);
    });
  }

  for (const type of ['pubsub', 'normal'] as const) {
    it(`answers nothing from the moment on in which a connection (${type}) is gone, however long its lease was`, async () => {
      const first = await warm({ beatMs: 60_000, leaseMs: 120_000 }, { retryStrategy: () => 60_000 });
      await kill(type);
      await until(() => first.cache.peek(id, NOW) === null);
      assert.equal(first.link.lease.until, 0);
    });
  }

  it('forgets everything when Redis is flushed', async () => {
    const first = await warm();
    await redis.admin.flushall();
    await until(() => first.cache.stats().entries === 0);
    assert.equal(await first.cache.load(id, NOW), undefined);
  });

  it('stops to answer while Redis is frozen, and remembers what it knew', async () => {
    const first = await warm({ beatMs: 20, leaseMs: 60 });
    const pid = Number(/process_id:(\d+)/.exec(await redis.admin.info('server'))![1]);
    process.kill(pid, 'SIGSTOP');
    try {
      await until(() => first.cache.peek(id, NOW) === null);
      assert.equal(first.cache.stats().isLive, false);
      assert.equal(first.cache.recall(id, NOW, 60_000)?.fields.get('a'), '1');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until(() => first.cache.stats().isLive);
    assert.equal((await first.cache.load(id, NOW))?.fields.get('a'), '1');
  });

  it('drops the sessions of a principal that is revoked elsewhere', async () => {
    const { cache } = await warm();
    const mine = newSessionId();
    await other.commit(mine, patchOf({ principal: 'ada' }), NOW);
    await cache.load(mine, NOW);
    assert.equal(cache.peek(mine, NOW)?.principal, 'ada');
    await other.revoke('ada', NOW);
    await until(() => cache.peek(mine, NOW) === null);
    assert.equal(await cache.load(mine, NOW), undefined);
  });
});

function delegate(store: SessionStore): SessionStore {
  return {
    load: (...parameters) => store.load(...parameters),
    commit: (...parameters) => store.commit(...parameters),
    touch: (...parameters) => store.touch(...parameters),
    destroy: (...parameters) => store.destroy(...parameters),
    retire: (...parameters) => store.retire(...parameters),
    list: (...parameters) => store.list(...parameters),
    end: (...parameters) => store.end(...parameters),
    revoke: (...parameters) => store.revoke(...parameters),
  };
}
