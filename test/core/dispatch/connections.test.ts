import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { heldUpstream } from './held-upstream.ts';
import { upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('the limits of an endpoint', () => {
  it('open no more connections than `maxConnections`; requests beyond wait for one', async () => {
    const endpoint = closing(await heldUpstream());
    const cluster = closing(createCluster({ endpoints: [endpoint.url], maxConnections: 2 }));
    const answers = Array.from({ length: 5 }, async () => (await cluster.request('/')).text());
    for (let count = 1; count <= 5; count++) {
      await endpoint.arrived(count);
      endpoint.held[count - 1]!.res.end('ok');
    }
    assert.deepEqual(await Promise.all(answers), Array(5).fill('ok'));
    assert.equal(endpoint.connections, 2);
  });

  it('let `maxPending` requests wait for a connection and send the others into the queue', async () => {
    const endpoint = closing(await heldUpstream());
    const limits: [Partial<ClusterOptions>, number][] = [
      [{ maxConnections: 1, maxPending: 2 }, 3],
      [{ maxConnections: 1, maxPending: 0 }, 1],
      [{ maxConnections: 3, maxPending: 9, maxInflight: 2 }, 2],
      [{ maxConnections: 1, maxInflight: 4 }, 4],
    ];
    for (const [options, limit] of limits) {
      const cluster = createCluster({ endpoints: [endpoint.url], maxQueued: 0, ...options });
      const controller = new AbortController();
      const answers = Array.from({ length: limit }, () =>
        cluster.request({ path: '/', signal: controller.signal }).catch((error: { code: string }) => error.code),
      );
      assert.equal(cluster.endpoints[0]!.inflight, limit);
      await assert.rejects(cluster.request('/'), { code: 'OVERLOADED' });
      controller.abort();
      assert.deepEqual(await Promise.all(answers), Array(limit).fill('CANCELLED'));
      await cluster.close();
    }
  });

  it('say what they need', () => {
    const endpoints = ['http://a'];
    assert.throws(
      () => createCluster({ endpoints, maxPending: 1 }),
      /`maxPending` must be used with `maxConnections`, got 1/,
    );
    assert.throws(() => createCluster({ endpoints, maxConnections: 0 }), /`maxConnections` must be an integer from 1/);
    assert.throws(() => createCluster({ endpoints, maxConnectionAgeMs: 0 }), /maxConnectionAgeMs/);
    assert.throws(() => createCluster({ endpoints, hedge: {} as never }), /`hedge` must be a hedge policy/);
    assert.throws(() => createCluster({ endpoints, fallback: 5 as never }), /`fallback` must be a function, got 5/);
  });
});

describe('the age of connections', () => {
  it('makes a request take a new one when it is too high, give or take a tenth', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    for (let seed = 1; seed <= 5; seed++) {
      const clock = manualClock();
      const before = endpoint.connections;
      const cluster = createCluster({
        endpoints: [endpoint.url],
        clock,
        random: seeded(seed),
        maxConnectionAgeMs: 1_000,
      });
      const ask = async (): Promise<number> => {
        await (await cluster.request('/')).text();
        // undici frees a connection one turn of the event loop after its response.
        await new Promise((resolve) => void setImmediate(resolve));
        return endpoint.connections - before;
      };
      assert.equal(await ask(), 1);
      clock.advance(899);
      assert.equal(await ask(), 1);
      clock.advance(201);
      assert.equal(await ask(), 2);
      clock.advance(899);
      assert.equal(await ask(), 2, 'the age is that of the new one');
      await cluster.close();
    }
  });

  it('is not the same in all clusters', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    let renewed = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const clock = manualClock();
      const before = endpoint.connections;
      const options = { clock, random: seeded(seed), maxConnectionAgeMs: 1_000 };
      const cluster = createCluster({ endpoints: [endpoint.url], ...options });
      await (await cluster.request('/')).text();
      await new Promise((resolve) => void setImmediate(resolve));
      clock.advance(1_000);
      await (await cluster.request('/')).text();
      if (endpoint.connections - before === 2) renewed++;
      await cluster.close();
    }
    assert.ok(renewed > 1 && renewed < 11, `${renewed} of 12 were over it at 1,000 ms`);
  });

  it('lets a response that is under way finish on the old one, which then closes', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock, maxConnectionAgeMs: 1_000 }));
    const old = cluster.request('/old');
    await endpoint.arrived(1);
    endpoint.held[0]!.res.write('first half, ');
    clock.advance(2_000);
    const young = cluster.request('/young');
    await endpoint.arrived(2);
    endpoint.held[1]!.res.end('young');
    assert.equal(await (await young).text(), 'young');
    const closed = new Promise<void>((resolve) => endpoint.onClose(resolve));
    endpoint.held[0]!.res.end('second half');
    assert.equal(await (await old).text(), 'first half, second half');
    await closed;
    assert.equal(endpoint.open, 1);
  });

  it('leaves nothing open when the cluster closes, whatever was under way', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const cluster = createCluster({ endpoints: [endpoint.url], clock, maxConnectionAgeMs: 1_000 });
    const answers = [];
    for (let i = 1; i <= 3; i++) {
      answers.push(cluster.request('/').catch((error: { code: string }) => error.code));
      await endpoint.arrived(i);
      clock.advance(2_000);
    }
    const closed = cluster.close({ deadlineMs: 100 });
    clock.advance(100);
    await closed;
    assert.deepEqual(await Promise.all(answers), Array(3).fill('UPSTREAM_RESET'));
    await endpoint.abandoned(3);
  });
});
