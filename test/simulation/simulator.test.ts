import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import { constantArrivals } from './arrivals.ts';
import { EventQueue } from './event-queue.ts';
import { fixedServer, queueingServer } from './profiles.ts';
import { hitsBetween, many, play } from './scenario.ts';
import type { Trace } from './scenario.ts';

describe('EventQueue', () => {
  it('gives things back by time, and in the order of arrival at equal times', () => {
    const random = seeded(4);
    const queue = new EventQueue<[at: number, serial: number]>();
    const expected: [number, number][] = [];
    for (let serial = 0; serial < 5_000; serial++) {
      const at = random.below(300);
      expected.push([at, serial]);
      queue.push(at, [at, serial]);
    }
    expected.sort(([a, i], [b, j]) => a - b || i - j);
    for (const next of expected) {
      assert.equal(queue.nextAt, next[0]);
      assert.deepEqual(queue.pop(), next);
    }
    assert.equal(queue.size, 0);
    assert.equal(queue.nextAt, Infinity);
  });

  it('keeps its order while things come and go', () => {
    const random = seeded(5);
    const queue = new EventQueue<number>();
    let last = 0;
    for (let i = 0; i < 20_000; i++) {
      if (i % 3 < 2) {
        const at = last + random.unit();
        queue.push(at, at);
      } else {
        const at = queue.pop();
        assert.ok(at >= last);
        last = at;
      }
    }
  });
});

describe('simulate', () => {
  const run = (seed: number): Trace[] =>
    play({
      seed,
      servers: (random) => many(3, () => queueingServer(10, random)),
      perSecond: 200,
      durationMs: 5_000,
    });

  it('gives equal runs for equal seeds, and others for others', () => {
    assert.deepEqual(run(1), run(1));
    assert.notDeepEqual(run(1), run(2));
  });

  it('lets requests arrive in an open loop, however long the answers take', () => {
    const traces = play({
      servers: () => many(1, () => fixedServer(60_000)),
      perSecond: 10,
      arrivals: constantArrivals,
      durationMs: 10_001,
    });
    assert.equal(traces.length, 100);
    assert.ok(traces.every(({ latencyMs, isOk }) => isOk && Math.abs(latencyMs - 60_000) < 1e-6));
  });

  it('gives an attempt up at its time limit', () => {
    const traces = play({
      servers: () => many(1, () => fixedServer(60_000)),
      perSecond: 10,
      durationMs: 1_000,
      timeoutMs: 50,
    });
    assert.ok(traces.every(({ latencyMs, isOk }) => !isOk && Math.abs(latencyMs - 50) < 1e-6));
  });

  it('runs what a script schedules at its own time', () => {
    let ranAt = 0;
    const traces = play({
      servers: () => many(2, () => fixedServer(1)),
      perSecond: 100,
      durationMs: 10_000,
      script(clock, cluster) {
        clock.schedule(5_000, () => {
          ranAt = clock.now();
          cluster.disable(cluster.endpoints[0]!.id);
        });
        clock.schedule(5_000, () => assert.fail('cancelled'))();
      },
    });
    assert.equal(ranAt, 5_000);
    assert.equal(hitsBetween(traces, 5_000, 10_000).get('s0'), undefined);
    assert.ok(hitsBetween(traces, 0, 5_000).get('s0')! > 100);
  });
});
