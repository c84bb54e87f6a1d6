import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type RedisClient, type RedisSessionStore } from '@evenkeel/session-store';
import { privateRedis, type PrivateRedis } from '@evenkeel/session-store/testing';
import type { Redis } from 'ioredis';
import { redisKeys } from '../../../packages/session-store/src/stores/redis-keys.ts';
import { HOUR, NOW, patchOf, stored } from '../../conformance/session-store-model.ts';
import { plainRedisStore, REDIS_URL, testRedis, type TestRedis } from '../fixtures/redis.ts';
import { tcpProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts';

const principal = 'ada';
const update = patchOf({ mode: 'update', add: new Map([['n', 1]]) });
const lacking = { name: 'BalancerError', code: 'SESSION_STORE', message: /not replicated: 0 of 1 replicas/ };

describe('redisSessionStore with acknowledge: "replica"', () => {
  let servers: PrivateRedis[];
  let acknowledgements: TcpProxy;
  let redis: TestRedis;
  let replica: TestRedis;
  let store: RedisSessionStore;

  // The replica speaks to its primary through a proxy: frozen, it gets everything and its acknowledgements do not arrive.
  before(async () => {
    assert.ok(REDIS_URL);
    servers = await Promise.all([privateRedis(), privateRedis()]);
    const [from, to] = servers.map(({ url }) => url);
    [redis, replica] = [testRedis(from), testRedis(to)];
    await redis.admin.config('SET', 'repl-diskless-sync-delay', '0');
    const { hostname: host, port } = new URL(from!);
    acknowledgements = await tcpProxy({ host, port: Number(port) });
    await replica.admin.replicaof('127.0.0.1', acknowledgements.port);
    while ((await redis.admin.wait(1, 100)) < 1) await redis.admin.set(`${redis.prefix}x`, '1');
    store = storeWith(redis.connect());
  });
  after(async () => {
    await redis.close();
    // Its keys went with its primary's.
    await replica.admin.replicaof('NO', 'ONE');
    await replica.close();
    await acknowledgements.close();
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });
  afterEach(async () => {
    acknowledgements.mode = 'open';
    while ((await redis.admin.wait(1, 100)) < 1);
  });

  function storeWith(client: RedisClient, deadlineMs = 5_000): RedisSessionStore {
    return plainRedisStore(client, { prefix: redis.prefix, deadlineMs, acknowledge: 'replica' });
  }

  const has = (key: string): Promise<string | null> => replica.admin.hget(key, '#v');

  it('says that something is stored when a replica has it', async () => {
    const keys = redisKeys(redis.prefix);
    const id = newSessionId();
    await store.commit(id, patchOf({ principal }), NOW);
    assert.equal(await has(keys.session(id)), '1');
    await store.commit(id, update, NOW);
    assert.equal(await has(keys.session(id)), '2');
    await store.retire(id, NOW + HOUR, NOW);
    assert.equal(await replica.admin.hget(keys.session(id), '#r'), '1');
    await store.destroy(id, NOW);
    assert.equal(await has(keys.session(id)), null);
    await store.revoke(principal, NOW);
    assert.match((await replica.admin.hget(keys.principal(principal), 'g')) ?? '', /^\d{16}$/);
  });

  describe('and no acknowledgements', () => {
    let id: string;
    let quick: RedisSessionStore;
    beforeEach(async () => {
      id = await stored(store, { n: '1' }, { principal });
      quick = storeWith(redis.connect(), 400);
      await quick.load(id, NOW);
      acknowledgements.mode = 'frozen';
    });

    const WRITES: Readonly<Record<string, () => Promise<unknown>>> = {
      commit: () => quick.commit(id, update, NOW),
      'commit that creates': () => quick.commit(newSessionId(), patchOf(), NOW),
      retire: () => quick.retire(id, NOW + HOUR, NOW),
      destroy: () => quick.destroy(id, NOW),
      revoke: () => quick.revoke(principal, NOW),
    };
    for (const [name, write] of Object.entries(WRITES)) {
      it(`does not say that a ${name} is stored`, async () => {
        await assert.rejects(write(), lacking);
      });
    }

    it('does not say that a session is gone while its end may be lost', async () => {
      await assert.rejects(quick.destroy(id, NOW), lacking);
      await assert.rejects(quick.destroy(id, NOW), lacking);
      await assert.rejects(storeWith(redis.connect(), 400).commit(id, update, NOW), lacking);
    });

    it('reads, and answers what needs no replica', async () => {
      assert.equal((await quick.load(id, NOW))?.version, 1);
      assert.equal(await quick.touch(id, NOW + HOUR, NOW), true);
      const expecting = { ...update, expect: new Map([['n', '2']]) };
      assert.deepEqual((await quick.commit(id, expecting, NOW))?.conflicts, new Map([['n', '1']]));
      await assert.rejects(quick.commit(id, patchOf(), NOW), { code: 'SESSION_CORRUPT' });
    });

    it('applies a commit once that is sent again until a replica has it', async () => {
      const named = { ...update, name: 'only-one' };
      await assert.rejects(quick.commit(id, named, NOW), lacking);
      await assert.rejects(quick.commit(id, named, NOW), lacking);
      acknowledgements.mode = 'open';
      assert.deepEqual((await store.commit(id, named, NOW))?.sums, new Map([['n', '2']]));
      assert.equal((await store.load(id, NOW))?.version, 2);
    });
  });

  it('runs scripts that Redis has forgotten', async () => {
    await redis.admin.script('FLUSH');
    const id = await stored(store, { n: '1' });
    assert.equal(await has(redisKeys(redis.prefix).session(id)), '1');
  });

  it('sits through one wait for a script that it has not used yet', async () => {
    await redis.admin.script('FLUSH');
    const connection = redis.connect();
    let pipelines = 0;
    const pipeline = (commands: unknown[][]): ReturnType<Redis['pipeline']> => {
      pipelines++;
      return connection.pipeline(commands);
    };
    const client: RedisClient = Object.create(connection, { pipeline: { value: pipeline } });
    const fresh = storeWith(client);
    const id = await stored(fresh, { n: '1' });
    assert.equal(pipelines, 1);
    await fresh.commit(id, update, NOW);
    assert.equal(pipelines, 2);
  });

  it('says why Redis refuses a write, and not what was to be written', async () => {
    const reader = plainRedisStore(replica.connect(), { prefix: redis.prefix, deadlineMs: 5_000 });
    const secret = patchOf({ set: new Map([['token', '"hunter2"']]) });
    const error: unknown = await reader.commit(newSessionId(), secret, NOW).catch((reason: unknown) => reason);
    const told = inspect(error, { depth: Infinity, showHidden: true });
    assert.match(told, /READONLY/);
    assert.ok(!told.includes('hunter2') && !told.includes('token'));
  });

  it('asks for as many replicas as it is told', async () => {
    const connection: Redis = redis.connect();
    const options = { prefix: redis.prefix, deadlineMs: 400, acknowledge: 'replica', replicas: 2 } as const;
    const two = plainRedisStore(connection, options);
    await assert.rejects(two.commit(newSessionId(), patchOf(), NOW), { message: /1 of 2 replicas/ });
  });
});
