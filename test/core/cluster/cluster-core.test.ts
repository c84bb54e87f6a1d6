import assert from 'node:assert/strict';
import { consecutiveFailures, leastRequest, roundRobin } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { context, fail, make, names, picked, succeed } from './clusters.ts';

describe('cluster', () => {
  it('counts in flight from begin to end', () => {
    const cluster = make(1);
    const [endpoint] = cluster.endpoints;
    cluster.begin(endpoint!, 0);
    cluster.begin(endpoint!, 0);
    cluster.report(endpoint!, 'success', 0, 5);
    assert.equal(endpoint!.inflight, 2);
    cluster.end(endpoint!);
    assert.equal(endpoint!.inflight, 1);
  });

  it('knows the mean age of what waits for a head, and only of that', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.begin(endpoint, 0);
    cluster.begin(endpoint, 100);
    assert.equal(endpoint.waitingAgeAt(200), 150);
    cluster.report(endpoint, 'success', 0, 200);
    assert.equal(endpoint.waitingAgeAt(200), 100);
    cluster.report(endpoint, 'cancelled', 100, 200);
    assert.equal(endpoint.waitingAgeAt(500), 0);
    assert.equal(endpoint.inflight, 2);
  });

  it('makes an endpoint that fails look slow, so that failing fast attracts nobody', () => {
    const cluster = make(2, { ejection: consecutiveFailures({ threshold: 100 }) });
    const [good, bad] = cluster.endpoints as [Endpoint, Endpoint];
    cluster.begin(good, 0);
    cluster.report(good, 'success', 0, 50);
    for (let i = 0; i < 4; i++) {
      cluster.begin(bad, i);
      cluster.report(bad, 'server-error', i, i + 1);
    }
    assert.ok(bad.latencyAt(50) > 10 * good.latencyAt(50));
    assert.ok(bad.latencyAt(200_000) < 1, 'and forgives in time');
  });

  describe('ejection', () => {
    it('takes an endpoint out after failures in a row and back when its time is up', () => {
      const events: string[] = [];
      const cluster = make(3, { ejection: consecutiveFailures({ threshold: 3, baseMs: 1_000, maxMs: 8_000 }) });
      cluster.on('unpickable', (endpoint, reason) => events.push(`${endpoint.id} ${reason}`));
      cluster.on('pickable', (endpoint) => events.push(`${endpoint.id} back`));
      fail(cluster, 'e1', 2);
      assert.deepEqual(picked(cluster, 0), ['e0', 'e1', 'e2']);
      fail(cluster, 'e1', 1);
      assert.deepEqual(picked(cluster, 1), ['e0', 'e2']);
      assert.equal(cluster.pickable, 2);
      succeed(cluster, 2_001);
      assert.deepEqual(picked(cluster, 2_002), ['e0', 'e1', 'e2']);
      assert.deepEqual(events, ['e1 ejected', 'e1 back']);
    });

    it('never counts a cancelled attempt', () => {
      const cluster = make(2, { ejection: consecutiveFailures({ threshold: 1 }) });
      const endpoint = cluster.endpoints[0]!;
      for (let i = 0; i < 20; i++) {
        cluster.begin(endpoint, 0);
        cluster.report(endpoint, 'cancelled', 0, 0);
        cluster.end(endpoint);
      }
      assert.equal(cluster.pickable, 2);
      assert.equal(endpoint.latencyAt(0), 0);
    });

    it('ejects no more than maxEjectedPercent, one of two in any case, and never the last that is well', () => {
      const ejection = consecutiveFailures({ threshold: 1 });
      for (const [count, maxEjectedPercent, expected] of [
        [10, 30, 7],
        [3, 10, 2],
        [2, 0, 1],
        [1, 100, 1],
        [4, 100, 1],
      ] as const) {
        const cluster = make(count, { ejection, maxEjectedPercent, panicPercent: 0 });
        for (const { id } of cluster.endpoints) fail(cluster, id, 1);
        assert.equal(cluster.pickable, expected, `${count} endpoints, ${maxEjectedPercent} percent`);
      }
    });

    it('finds an endpoint that is well again within seconds of an outage of all, however long that was', () => {
      for (const outageMs of [10_000, 60_000, 300_000]) {
        const cluster = make(2, { ejection: consecutiveFailures() });
        const ask = (now: number, well: string | undefined): boolean => {
          const endpoint = cluster.pick(context(now))!;
          cluster.begin(endpoint, now);
          cluster.report(endpoint, endpoint.id === well ? 'success' : 'connect-error', now, now);
          cluster.end(endpoint);
          return endpoint.id === well;
        };
        for (let now = 0; now < outageMs; now += 100) ask(now, undefined);
        let failed = 0;
        for (let now = outageMs; now < outageMs + 30_000; now += 100) failed += ask(now, 'e0') ? 0 : 1;
        assert.ok(failed <= 30, `${failed} of 300 requests failed after ${outageMs} ms`);
      }
    });

    it('counts a body that was cut short as one more failure', () => {
      const cluster = make(2, { ejection: consecutiveFailures({ threshold: 1 }) });
      const endpoint = cluster.endpoints[0]!;
      cluster.begin(endpoint, 0);
      cluster.report(endpoint, 'success', 0, 1);
      cluster.reportCut(endpoint, 2);
      cluster.end(endpoint);
      assert.equal(cluster.pickable, 1);
      assert.equal(endpoint.inflight, 0);
      assert.equal(endpoint.waitingAgeAt(10), 0);
    });
  });

  describe('panic', () => {
    it('ignores health when too few are well, but not what an operator said', () => {
      const panics: boolean[] = [];
      const options = { ejection: consecutiveFailures({ threshold: 1 }), maxEjectedPercent: 100 };
      const cluster = make(5, options).on('panic', (isPanicking) => panics.push(isPanicking));
      cluster.disable('e4');
      fail(cluster, 'e0', 1);
      fail(cluster, 'e1', 1);
      assert.deepEqual(picked(cluster, 0), ['e2', 'e3'], 'half of four is enough');
      fail(cluster, 'e2', 1);
      assert.deepEqual(picked(cluster, 0), ['e0', 'e1', 'e2', 'e3']);
      for (let i = 0; i < 4; i++) succeed(cluster, 400_000);
      assert.deepEqual(picked(cluster, 400_001), ['e0', 'e1', 'e2', 'e3']);
      assert.deepEqual(panics, [true, false]);
    });

    it('has nothing to pick once all are disabled', () => {
      const cluster = make(2);
      cluster.disable('e0');
      cluster.disable('e1');
      assert.equal(cluster.pick(context(0)), undefined);
      cluster.enable('e0');
      assert.deepEqual(picked(cluster, 0), ['e0']);
    });
  });

  it('never picks an endpoint at its limit while another has room', () => {
    for (const strategy of [roundRobin(), leastRequest()]) {
      const cluster = make(20, { strategy, maxInflight: 2 });
      for (let i = 0; i < 40; i++) {
        const endpoint = cluster.pick(context(0));
        assert.ok(endpoint !== undefined && endpoint.inflight < 2);
        cluster.begin(endpoint, 0);
      }
      assert.equal(cluster.pick(context(0)), undefined);
    }
  });

  it('never picks an endpoint that was tried while another is left', () => {
    const cluster = make(4);
    for (let i = 0; i < 40; i++) {
      const tried: Endpoint[] = [];
      for (let attempt = 0; attempt < 4; attempt++) tried.push(cluster.pick(context(0, { attempt, tried }))!);
      assert.equal(new Set(tried).size, 4);
      assert.equal(cluster.pick(context(0, { attempt: 4, tried })), undefined);
    }
  });

  describe('update', () => {
    it('keeps what was learned about endpoints that stay', () => {
      const cluster = make(3, { ejection: consecutiveFailures({ threshold: 1 }) });
      const [e0] = cluster.endpoints;
      cluster.begin(e0!, 0);
      cluster.report(e0!, 'success', 0, 40);
      fail(cluster, 'e1', 1);
      cluster.update([...names(3), { id: 'new', url: 'http://10.0.0.9' }]);
      assert.equal(cluster.endpoints[0], e0);
      assert.equal(e0!.inflight, 1);
      assert.equal(Math.round(e0!.latencyAt(40)), 40);
      assert.deepEqual(picked(cluster, 50), ['e0', 'e2', 'new']);
    });

    it('takes the same id at another address for another endpoint', () => {
      const events: string[] = [];
      const cluster = make(2);
      cluster
        .on('added', (endpoint) => events.push(`+${endpoint.origin}`))
        .on('removed', (endpoint) => events.push(`-${endpoint.origin}`));
      cluster.update([names(2)[0]!, { id: 'e1', url: 'http://10.9.9.9:1' }]);
      assert.deepEqual(events, ['-http://10.0.0.1', '+http://10.9.9.9:1']);
    });

    it('changes weight, route and priority in place', () => {
      const cluster = make(2);
      cluster.update(names(2).map((endpoint) => ({ ...endpoint, weight: 3, route: `${endpoint.route}x` })));
      assert.equal(cluster.endpoints[1]!.weight, 3);
      assert.equal(cluster.endpointOfRoute('r1x')?.id, 'e1');
      assert.equal(cluster.endpointOfRoute('r1'), undefined);
    });
  });

  it('survives a listener that throws, and does not swallow its error', async () => {
    const cluster = make(2);
    const thrown = new Error('mine');
    const caught = new Promise((resolve) => {
      const [listener] = process.rawListeners('uncaughtException');
      if (listener) process.off('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
      process.once('uncaughtException', (error) => {
        if (listener) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
        resolve(error);
      });
    });
    cluster.on('unpickable', () => {
      throw thrown;
    });
    cluster.disable('e0');
    assert.deepEqual(picked(cluster, 0), ['e1']);
    assert.equal(await caught, thrown);
  });
});
