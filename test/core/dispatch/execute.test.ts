import assert from 'node:assert/strict';
import { consecutiveFailures, createCluster, roundRobin } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';

const endpoints = ['a', 'b', 'c'].map((id) => ({ id, url: `http://${id}:1` }));

function make() {
  return createCluster({ endpoints, strategy: roundRobin(), random: seeded(3), clock: manualClock() });
}

describe('cluster.execute', () => {
  it('hands a picked endpoint to the call and books it while it runs', async () => {
    const cluster = make();
    const seen = new Set<string>();
    for (let i = 0; i < 9; i++) {
      const answer = await cluster.execute((endpoint) => {
        seen.add(endpoint.id);
        assert.equal(endpoint.inflight, 1);
        return Promise.resolve(i);
      });
      assert.equal(answer, i);
    }
    assert.deepEqual([...seen].toSorted(), ['a', 'b', 'c']);
    assert.ok(cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
  });

  it('repeats an idempotent call on another endpoint, and no other call', async () => {
    const cluster = make();
    const run = (isIdempotent: boolean, tried: string[]): Promise<string> =>
      cluster.execute(
        (endpoint: Endpoint) => {
          tried.push(endpoint.id);
          return Promise.reject(new Error(`${endpoint.id} is out`));
        },
        { isIdempotent },
      );
    const all: string[] = [];
    await assert.rejects(run(true, all), /is out/);
    assert.deepEqual(all.toSorted(), ['a', 'b', 'c']);
    const once: string[] = [];
    await assert.rejects(run(false, once), /is out/);
    assert.equal(once.length, 1);
  });

  it('repeats any call that did not get through', async () => {
    const cluster = make();
    let calls = 0;
    const answer = await cluster.execute(
      () => (++calls < 3 ? Promise.reject(new Error('refused')) : Promise.resolve('there')),
      { classify: () => 'connect-error' },
    );
    assert.equal(answer, 'there');
  });

  it('counts failures towards ejection', async () => {
    const cluster = createCluster({
      endpoints: endpoints.slice(0, 2),
      ejection: consecutiveFailures({ threshold: 1 }),
      clock: manualClock(),
    });
    await assert.rejects(cluster.execute(() => Promise.reject(new Error('x'))));
    assert.equal(cluster.pickable, 1);
  });

  it('counts a failure as one also where the function that should classify it throws', async () => {
    const ejection = consecutiveFailures({ threshold: 1 });
    const cluster = createCluster({ endpoints: endpoints.slice(0, 2), ejection, clock: manualClock() });
    const classify = (): never => {
      throw new Error('cannot tell');
    };
    await assert.rejects(
      cluster.execute(() => Promise.reject(new Error('x')), { classify }),
      /cannot tell/,
    );
    assert.equal(cluster.pickable, 1);
    assert.ok(cluster.endpoints.every(({ inflight }) => inflight === 0));
  });

  it('stops when its signal is aborted and blames nobody', async () => {
    const cluster = make();
    const controller = new AbortController();
    const answer = cluster.execute(
      (_endpoint, signal) =>
        new Promise((_resolve, reject) => void signal.addEventListener('abort', () => reject(signal.reason as Error))),
      { signal: controller.signal, isIdempotent: true },
    );
    controller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    assert.ok(cluster.endpoints.every((endpoint) => endpoint.inflight === 0 && endpoint.latencyAt(0) === 0));
  });

  it('waits its turn while every endpoint is at its limit, and no longer than the queue allows', async () => {
    const clock = manualClock();
    const cluster = createCluster({ endpoints: ['http://a'], maxInflight: 1, queueTimeoutMs: 100, clock });
    const order: string[] = [];
    let finish = (): void => undefined;
    const first = cluster.execute(() => new Promise<void>((resolve) => (finish = resolve)));
    const second = cluster.execute(async () => void order.push('second'));
    const third = cluster.execute(async () => void order.push('third'));
    const controller = new AbortController();
    const aborted = cluster.execute(() => Promise.reject(new Error('never called')), { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    finish();
    await Promise.all([first, second, third]);
    assert.deepEqual(order, ['second', 'third']);
    const held = cluster.execute(() => new Promise<void>((resolve) => (finish = resolve)));
    const late = cluster.execute(() => Promise.resolve());
    clock.advance(100);
    await assert.rejects(late, { code: 'OVERLOADED' });
    finish();
    await held;
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('rejects when nothing may be picked', async () => {
    const cluster = make();
    for (const { id } of endpoints) cluster.disable(id);
    await assert.rejects(
      cluster.execute(() => Promise.resolve()),
      { code: 'NO_ENDPOINT' },
    );
    await cluster.close();
    await assert.rejects(
      cluster.execute(() => Promise.resolve()),
      { code: 'CLOSED' },
    );
  });
});
