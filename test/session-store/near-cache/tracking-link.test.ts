import assert from 'node:assert/strict';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { type SessionStore } from '@evenkeel/session-store';
import { privateRedis, type PrivateRedis } from '@evenkeel/session-store/testing';
import { trackingLink } from '../../../packages/session-store/src/near-cache/tracking-link.ts';
import type { TrackedRedis } from '../../../packages/session-store/src/near-cache/tracked-redis.ts';
import { NOW, patchOf } from '../../conformance/session-store-model.ts';
import { cachedInstance, until } from '../fixtures/near-cache.ts';
import { plainRedisStore, testRedis, type TestRedis } from '../fixtures/redis.ts';
import { tcpProxy } from '../fixtures/tcp-proxy.ts';

// The server is this file's own, since it gets another user; a run without a Redis (no REDIS_URL) leaves the file out.

const change = patchOf({ mode: 'update', set: new Map([['a', '2']]) });

describe('a tracking link', () => {
  let server: PrivateRedis;
  let redis: TestRedis;
  /** Writes over a connection that no link listens to. */
  let other: SessionStore;
  let id: string;

  before(async () => (server = await privateRedis()));
  after(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    redis = testRedis(server.url);
    other = plainRedisStore(redis.connect(), { prefix: redis.prefix, deadlineMs: 5_000 });
    id = newSessionId();
    await other.commit(id, patchOf(), NOW);
  });
  afterEach(() => redis.close());

  it('makes connections anew that have died without a sign', async () => {
    const { hostname: host, port } = new URL(server.url);
    const proxy = await tcpProxy({ host, port: Number(port) });
    try {
      const connection = redis.connect({}, proxy.port);
      const link = trackingLink(connection, { prefix: redis.prefix, beatMs: 10, leaseMs: 40 });
      await until(() => link.lease.epoch !== 0);
      proxy.mode = 'frozen';
      await until(() => link.data.status !== 'ready');
      assert.equal(link.lease.epoch, 0);
      proxy.mode = 'open';
      await until(() => link.lease.epoch > 1);
      link.close();
    } finally {
      await proxy.close();
    }
  });

  it('asks the store each time where Redis or a proxy does not track, and says why', async () => {
    await redis.admin.call('ACL', 'SETUSER', 'plain', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
    const { cache, link, calls } = cachedInstance(redis.connect({ username: 'plain', password: 'pw' }), redis.prefix);
    await until(() => link.trouble !== undefined);
    assert.match(link.trouble ?? '', /NOPERM/);
    for (let i = 1; i < 4; i++) {
      assert.equal((await cache.load(id, NOW))?.version, i);
      await other.commit(id, change, NOW);
    }
    assert.equal(calls.load, 3);
    link.close();
  });

  it('does not trust connections that lead to different servers, though the number of one is known to the other', async () => {
    const servers = await Promise.all([privateRedis(), privateRedis()]);
    const [here, there] = [testRedis(servers[0].url), testRedis(servers[1].url)];
    try {
      await Promise.all(Array.from({ length: 20 }, () => here.connect().ping()));
      let made = 0;
      const application: TrackedRedis = Object.create(here.admin, {
        duplicate: { value: (options: object) => (made++ === 0 ? here : there).admin.duplicate(options) },
      });
      const link = trackingLink(application, { prefix: redis.prefix });
      await until(() => link.trouble !== undefined);
      assert.match(link.trouble ?? '', /different servers/);
      assert.equal(link.lease.epoch, 0);
      link.close();
    } finally {
      for (const { close } of [here, there]) await close();
      for (const one of servers) await one[Symbol.asyncDispose]();
    }
  });

  it('knows its keys behind the prefix of a connection', async () => {
    const prefixed = redis.connect({ keyPrefix: 'app:' });
    const { cache, link } = cachedInstance(prefixed, redis.prefix);
    await until(() => link.lease.epoch !== 0);
    const mine = newSessionId();
    await cache.commit(mine, patchOf(), NOW);
    assert.equal(cache.peek(mine, NOW)?.version, 1);
    const theirs = plainRedisStore(prefixed, { prefix: redis.prefix, deadlineMs: 5_000 });
    await theirs.commit(mine, change, NOW);
    await until(() => cache.peek(mine, NOW) === null);
    await theirs.destroy(mine, NOW);
    link.close();
  });

  it('connects when the store does if the application made its connection lazy, and ends with that', async () => {
    const lazy = redis.connect({ lazyConnect: true });
    const { cache, link } = cachedInstance(lazy, redis.prefix);
    assert.equal(link.data.status, 'wait');
    assert.equal((await cache.load(id, NOW))?.version, 1);
    await until(() => link.lease.epoch !== 0);
    lazy.disconnect();
    await until(() => link.data.status === 'end');
    assert.equal(cache.stats().isLive, false);
    link.close();
  });

  it('refuses options that cannot be, and a client that is none', () => {
    const connection = redis.connect({ lazyConnect: true });
    const invalid = { name: 'BalancerError', code: 'INVALID_OPTIONS' };
    assert.throws(() => trackingLink(connection, { beatMs: 300, leaseMs: 500 }), invalid);
    assert.throws(() => trackingLink({} as TrackedRedis), invalid);
    const cluster: TrackedRedis = Object.create(connection, { isCluster: { value: true } });
    assert.throws(() => trackingLink(cluster), invalid);
  });
});
