/** A Redis that freezes, dies, comes back empty or whole, and is replaced by its replica. Servers of its own beside REDIS_URL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type SessionStore } from '@evenkeel/session-store';
import { redisEpoch } from '../../../packages/session-store/src/resilience/redis-epoch.ts';
import { resilient, type ResilientSessionStore } from '../../../packages/session-store/src/resilience/resilient.ts';
import type { ResilientOptions } from '../../../packages/session-store/src/resilience/resilient-options.ts';
import { patchOf } from '../../conformance/session-store-model.ts';
import { until } from '../../conformance/wire.ts';
import { type RedisProcess, redisProcess } from '../fixtures/redis-process.ts';
import { tcpProxy } from '../fixtures/tcp-proxy.ts';
import { plainRedisStore } from '../fixtures/redis.ts';

const HOUR = 3_600_000;
const DEADLINE_MS = 250;

describe('Redis behind resilient()', function () {
  this.timeout(30_000);
  const servers: RedisProcess[] = [];
  const connections: Redis[] = [];
  const stores: ResilientSessionStore[] = [];
  const failures: unknown[] = [];
  const note = (reason: unknown): unknown => failures.push(reason);

  before(() => void process.on('unhandledRejection', note));
  after(() => void process.off('unhandledRejection', note));
  afterEach(async () => {
    for (const store of stores.splice(0)) store.close();
    for (const connection of connections.splice(0)) connection.disconnect();
    for (const server of servers.splice(0)) await server.close();
    assert.deepEqual(failures.splice(0), []);
  });

  async function start(...options: string[]): Promise<RedisProcess> {
    const server = await redisProcess(...options);
    servers.push(server);
    return server;
  }

  function connect(port: () => number): Redis {
    const redis = new Redis(port(), '127.0.0.1', {
      retryStrategy() {
        redis.options.port = port();
        return 20;
      },
      maxRetriesPerRequest: null,
    });
    redis.on('error', () => undefined);
    connections.push(redis);
    return redis;
  }

  function instance(port: () => number, options: ResilientOptions): ResilientSessionStore {
    const redis = connect(port);
    const store = resilient(plainRedisStore(redis, { deadlineMs: DEADLINE_MS }), {
      epoch: redisEpoch(redis),
      ...options,
    });
    stores.push(store);
    return store;
  }

  async function session(store: SessionStore, texts: Record<string, string>): Promise<string> {
    const id = newSessionId();
    await store.commit(id, patchOf({ ...times(), set: new Map(Object.entries(texts)) }), Date.now());
    await store.load(id, Date.now());
    return id;
  }

  function set(store: SessionStore, id: string, texts: Record<string, string>): Promise<unknown> {
    return store.commit(id, patchOf({ mode: 'update', ...times(), set: new Map(Object.entries(texts)) }), Date.now());
  }

  function add(store: SessionStore, id: string, by: number): Promise<unknown> {
    return store.commit(id, patchOf({ mode: 'update', ...times(), add: new Map([['n', by]]) }), Date.now());
  }

  async function fields(store: SessionStore, id: string): Promise<Record<string, string> | undefined> {
    const record = await store.load(id, Date.now(), 'strong');
    return record && Object.fromEntries(record.fields);
  }

  it('turns calls away at once while it is frozen, and is back when it thaws', async () => {
    const redis = await start();
    const store = instance(() => redis.port, {});
    const id = await session(store, { a: '1' });
    redis.freeze();
    for (let i = 0; i < 3; i++) await assert.rejects(store.load(id, Date.now()), { code: 'SESSION_STORE' });
    assert.equal(store.state, 'down');
    const turned = Array.from({ length: 200 }, () => store.load(id, Date.now()));
    const results = await Promise.race([Promise.allSettled(turned), once(process, 'never'), quickly('too late')]);
    assert.ok(Array.isArray(results) && results.every(({ status }: { status: string }) => status === 'rejected'));
    redis.thaw();
    await until(() => store.state === 'up');
    assert.deepEqual(await fields(store, id), { a: '1' });
  });

  it('gets each change once that was made while it was frozen, whether or not it had come in', async () => {
    const redis = await start();
    const store = instance(() => redis.port, { whenDown: 'cached', writes: 'journal' });
    const id = await session(store, { n: '0', a: '0' });
    redis.freeze();
    // The first ones are on their way to it, the rest are not.
    for (let i = 1; i <= 8; i++) {
      await add(store, id, 1);
      await set(store, id, { a: String(i) });
      assert.deepEqual(await fields(store, id), { n: String(i), a: String(i) });
    }
    redis.thaw();
    await until(() => store.state === 'up' && store.journalled === 0);
    const direct = plainRedisStore(connect(() => redis.port));
    assert.deepEqual(await fields(direct, id), { n: '8', a: '8' });
  });

  it('gets what was written while it was dead, and revives nothing', async () => {
    const redis = await start('--appendonly', 'yes', '--appendfsync', 'always');
    const store = instance(() => redis.port, { whenDown: 'open' });
    const [kept, ended] = [await session(store, { a: '1', n: '1' }), await session(store, { a: '1' })];
    await redis.kill();
    await set(store, kept, { a: '2' });
    await add(store, kept, 4);
    await set(store, ended, { a: '2' });
    await store.destroy(ended, Date.now());
    const begun = newSessionId();
    await until(() => store.state === 'down' || (void store.load(begun, Date.now()), false));
    await store.commit(begun, patchOf({ ...times(), set: new Map([['a', '1']]) }), Date.now());
    assert.deepEqual(await fields(store, kept), { a: '2', n: '5' });
    await redis.start();
    await until(() => store.state === 'up' && store.journalled === 0);
    const direct = plainRedisStore(connect(() => redis.port));
    assert.deepEqual(await fields(direct, kept), { a: '2', n: '5' });
    assert.equal(await fields(direct, ended), undefined);
    assert.deepEqual(await fields(direct, begun), { a: '1' });
  });

  it('gets nothing back that it has forgotten by dying', async () => {
    const redis = await start();
    const store = instance(() => redis.port, { whenDown: 'cached', writes: 'journal' });
    const id = await session(store, { a: '1' });
    await set(store, id, { a: '2' });
    await redis.kill();
    await set(store, id, { a: '3' });
    await redis.start();
    await until(() => store.state === 'up' && store.journalled === 0);
    assert.equal(await fields(store, id), undefined);
  });

  it('names its line of replication, and keeps the name through FLUSHALL, but not through a promotion', async () => {
    const master = await start();
    const replica = await follower(master);
    const source = redisEpoch(connect(() => replica.port));
    await new Promise<void>((resolve) => void source.watch(resolve));
    const before = await source.ask();
    assert.match(before, /^[0-9a-f]{40}$/);
    await master.call('FLUSHALL');
    assert.equal(await source.ask(), before);
    await replica.call('REPLICAOF', 'NO', 'ONE');
    assert.notEqual(await source.ask(), before);
  });

  it('says nothing of its line of replication while it is not connected', async () => {
    const redis = connect(() => 1);
    await assert.rejects(redisEpoch(redis).ask(), { code: 'SESSION_STORE', message: /not connected/ });
  });

  it('gets from its instances what its dead master had acknowledged and not passed on', async () => {
    const master = await start();
    const replication = await tcpProxy({ host: '127.0.0.1', port: master.port });
    const replica = await follower(replication);
    let { port } = master;
    const instances = [0, 1].map(() => instance(() => port, {}));
    const [one, two] = instances as [ResilientSessionStore, ResilientSessionStore];
    const [id, ended] = [await session(one, { a: '0', b: '0', n: '0' }), await session(one, { a: '0' })];
    await two.load(id, Date.now());
    await master.call('WAIT', '1', '1000');
    await until(() => instances.every(({ state }) => state === 'up'));
    // From now on the replica hears nothing.
    replication.mode = 'deaf';
    for (let i = 1; i <= 5; i++) {
      await set(one, id, { a: String(i) });
      await add(one, id, 1);
      await set(two, id, { b: String(i) });
      await add(two, id, 1);
    }
    await two.destroy(ended, Date.now());
    await master.kill();
    await replication.close();
    await replica.call('REPLICAOF', 'NO', 'ONE');
    const direct = plainRedisStore(connect(() => replica.port));
    assert.deepEqual(await fields(direct, id), { a: '0', b: '0', n: '0' });
    ({ port } = replica);
    const deadline = Date.now() + 10_000;
    let last: unknown;
    while (Date.now() < deadline) {
      last = [await fields(direct, id), await fields(direct, ended)];
      if (JSON.stringify(last) === JSON.stringify([{ a: '5', b: '5', n: '10' }, undefined])) break;
      await until(() => true);
    }
    assert.deepEqual(last, [{ a: '5', b: '5', n: '10' }, undefined]);
  });

  async function follower(master: { readonly port: number }): Promise<RedisProcess> {
    const replica = await start('--replicaof', '127.0.0.1', String(master.port));
    let role = '';
    while (!role.includes('master_link_status:up')) role = String(await replica.call('INFO', 'replication'));
    return replica;
  }
});

function times(): { createdAt: number; expiresAt: number } {
  return { createdAt: Date.now(), expiresAt: Date.now() + HOUR };
}

/** Resolves after everything that is ready now has had a hundred turns. */
async function quickly<T>(value: T): Promise<T> {
  for (let i = 0; i < 100; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
  return value;
}
