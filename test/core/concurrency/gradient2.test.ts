import assert from 'node:assert/strict';
import { gradient2 } from '@evenkeel/core';
import type { ConcurrencyLimiter, Gradient2Options, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { exponential } from '../../simulation/draws.ts';
import { assertRefused } from '../health/judging.ts';
import { limitsBetween, mean, runLoop } from './closed-loop.ts';

/** Seconds of ten attempts each, all of one kind and all of the limit in use. */
function seconds(
  limiter: ConcurrencyLimiter,
  count: number,
  start: number,
  { latencyMs = 100, outcome = 'success', inflight }: { latencyMs?: number; outcome?: Outcome; inflight?: number } = {},
): number {
  for (let i = 0; i < count * 10; i++) {
    limiter.observe(outcome, latencyMs, inflight ?? limiter.limit, start + i * 100);
  }
  return start + count * 1_000;
}

function started(options?: Gradient2Options): ConcurrencyLimiter {
  return gradient2(options).start();
}

describe('gradient2()', () => {
  it('grows by a fifth of queueSize per second while latency is as usual', () => {
    const limiter = started();
    const now = seconds(limiter, 51, 0);
    assert.ok(Math.abs(limiter.limit - 60) <= 1, `${limiter.limit}`);
    seconds(limiter, 10, now, { latencyMs: 149 });
    assert.ok(limiter.limit >= 67, 'half as much again is still usual');
  });

  it('does not grow while less than half of it is used', () => {
    const limiter = started();
    const now = seconds(limiter, 100, 0, { inflight: 9 });
    assert.equal(limiter.limit, 20);
    seconds(limiter, 50, seconds(limiter, 2, now), { inflight: 9 });
    assert.equal(limiter.limit, 21, 'what was used once is soon forgotten');
  });

  it('moves a fifth of the way to its share of the limit when latency is higher, which is never less than half', () => {
    for (const [latencyMs, expected] of [
      // 1.5 * 100 / 200 of 150 and 4 more is 116.5; `long` has moved by 0.33 ms.
      [200, 143],
      [3_000, 135],
    ] as const) {
      const limiter = started({ initialLimit: 150 });
      // Ten means count alike before the average becomes slow.
      const now = seconds(limiter, 10, 0, { inflight: 1 });
      assert.equal(limiter.limit, 150);
      seconds(limiter, 1, now, { latencyMs, inflight: 150 });
      assert.equal(limiter.limit, expected);
    }
  });

  it('does not take a slow start for usual', () => {
    const limiter = started({ initialLimit: 100 });
    let now = seconds(limiter, 10, 0, { latencyMs: 1_000, inflight: 1 });
    now = seconds(limiter, 60, now, { inflight: 1 });
    seconds(limiter, 10, now, { latencyMs: 400, inflight: 200 });
    assert.ok(limiter.limit < 85, `${limiter.limit}`);
  });

  it('waits for ten answers where there are few', () => {
    const limiter = started({ queueSize: 50 });
    for (let i = 0; i < 9; i++) limiter.observe('success', 100, 20, i * 2_000);
    assert.equal(limiter.limit, 20);
    limiter.observe('success', 100, 20, 18_000);
    assert.equal(limiter.limit, 30);
  });

  it('takes a rate limit or a timeout for a lack of capacity, by its share of the attempts', () => {
    for (const outcome of ['rate-limited', 'timeout'] as const) {
      const limiter = started({ initialLimit: 150 });
      const now = seconds(limiter, 20, 0, { outcome, inflight: 150 });
      assert.ok(limiter.limit < 40, `${limiter.limit} after twenty seconds of nothing else`);
      seconds(limiter, 20, now);
      assert.ok(limiter.limit > 30, 'and it grows again');
    }
    const limiter = started({ initialLimit: 150 });
    for (let i = 0; i < 4_000; i++) limiter.observe(i === 2_000 ? 'timeout' : 'success', 100, 150, i * 10);
    assert.ok(limiter.limit >= 175, 'one timeout in four thousand changes nothing');
  });

  it('takes no other failure for anything', () => {
    const limiter = started();
    for (const outcome of ['server-error', 'reset', 'connect-error'] as const) {
      seconds(limiter, 10, 0, { outcome, latencyMs: 9_000 });
    }
    assert.equal(limiter.limit, 20);
  });

  it('never falls below minLimit, nor grows beyond maxLimit', () => {
    const limiter = started({ initialLimit: 10, minLimit: 8, maxLimit: 30 });
    const now = seconds(limiter, 200, 0);
    assert.equal(limiter.limit, 30);
    seconds(limiter, 200, now, { outcome: 'rate-limited' });
    assert.equal(limiter.limit, 8);
  });

  it('grows if latencies are 0', () => {
    const limiter = started();
    seconds(limiter, 50, 0, { latencyMs: 0 });
    assert.ok(limiter.limit >= 55, `${limiter.limit}`);
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(gradient2, [
      [{ limit: 3 }, /gradient2: `limit` is not a known option/],
      [{ minLimit: 0 }, /`minLimit` must be an integer from 1 to 1000000, got 0/],
      [{ minLimit: 300 }, /`maxLimit` must be at least `minLimit`/],
      [{ initialLimit: 5 }, /`initialLimit` must be from `minLimit` to `maxLimit`/],
      [{ queueSize: 0 }, /`queueSize` must be an integer from 1 to 10000, got 0/],
      [{ tolerance: 0.5 }, /`tolerance` must be a number from 1 to 10, got 0.5/],
      [{ sampleMs: 0 }, /`sampleMs` must be a number of milliseconds from 1/],
    ]);
  });
});

describe('gradient2() in a closed loop with a server of 50 places', () => {
  const places = 50;
  const random = seeded(5);
  const serviceMs = (): number => exponential(100, random);

  it('settles near tolerance times the places and the queue', () => {
    const samples = runLoop(gradient2(), { places, serviceMs, untilMs: 180_000 });
    const limits = limitsBetween(samples, 90_000, 180_000);
    assert.ok(
      Math.min(...limits) >= 70 && Math.max(...limits) <= 105,
      `${Math.min(...limits)}..${Math.max(...limits)}`,
    );
  });

  it('settles lower with less tolerance, and still keeps the server busy', () => {
    const samples = runLoop(gradient2({ tolerance: 1.1 }), { places, serviceMs, untilMs: 180_000 });
    const limits = limitsBetween(samples, 90_000, 180_000);
    assert.ok(Math.min(...limits) >= 50 && Math.max(...limits) <= 90, `${Math.min(...limits)}..${Math.max(...limits)}`);
    const [from, until] = [samples[90]!, samples[179]!];
    assert.ok(until.successes - from.successes > 89 * 500 * 0.97);
  });

  it('drifts while it is saturated without a pause, and no further than maxLimit', () => {
    const samples = runLoop(gradient2(), { places, serviceMs, untilMs: 900_000 });
    assert.ok(mean(limitsBetween(samples, 590_000, 600_000)) > 140);
    assert.ok(samples.every(({ limit }) => limit <= 200));
  });

  it('forgets a slow minute: it grows from the first second after', () => {
    const samples = runLoop(gradient2(), {
      places: 1_000,
      serviceMs: (now) => exponential(now >= 120_000 && now < 180_000 ? 400 : 100, random),
      untilMs: 360_000,
    });
    const at = (second: number): number => samples[second]!.limit;
    assert.ok(at(120) > 100);
    assert.ok(at(170) < 30, `${at(170)} in the slow minute`);
    assert.ok(at(240) > at(182) + 35, `${at(182)} and ${at(240)} a minute later`);
    assert.ok(at(359) > 140);
  });

  it('finds the places and the queue of a server that answers 429 beyond', () => {
    const samples = runLoop(gradient2(), { places, serviceMs, maxQueue: 20, untilMs: 300_000 });
    const limits = limitsBetween(samples, 100_000, 300_000);
    assert.ok(Math.min(...limits) >= 60 && Math.max(...limits) <= 75, `${Math.min(...limits)}..${Math.max(...limits)}`);
  });

  it('is not held down by latencies that vary as widely as they do', () => {
    const samples = runLoop(gradient2(), { places: 1_000, serviceMs, untilMs: 300_000 });
    assert.equal(samples.at(-1)!.limit, 200);
  });
});
