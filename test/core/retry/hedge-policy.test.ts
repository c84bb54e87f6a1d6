import assert from 'node:assert/strict';
import { hedging, retryBudget } from '@evenkeel/core';
import type { HedgePolicy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { exponential } from '../../simulation/draws.ts';
import { assertRefused } from '../health/judging.ts';

function observe(policy: HedgePolicy, latencyMs: number, times: number, now: number): void {
  for (let i = 0; i < times; i++) policy.observe(latencyMs, now);
}

function isNear(actual: number, expected: number): boolean {
  return Math.abs(actual / expected - 1) <= 0.05;
}

describe('hedging()', () => {
  it('waits for the 95th percentile of what it has seen', () => {
    const policy = hedging();
    observe(policy, 10, 94, 0);
    observe(policy, 200, 6, 0);
    assert.ok(isNear(policy.delayMs(0), 200));
    const lower = hedging({ percentile: 90, slowdown: 1 });
    observe(lower, 10, 94, 0);
    observe(lower, 200, 6, 0);
    assert.ok(isNear(lower.delayMs(0), 10));
  });

  it('waits for two and a half medians at least, since what it sends takes a median too', () => {
    for (const [options, expected] of [
      [{}, 250],
      [{ slowdown: 3 }, 300],
      [{ slowdown: 1 }, 110],
      [{ slowdown: 1, percentile: 99.9 }, 400],
      [{ minDelayMs: 500 }, 500],
    ] as const) {
      const policy = hedging(options);
      observe(policy, 100, 900, 0);
      observe(policy, 110, 95, 0);
      observe(policy, 400, 5, 0);
      assert.ok(isNear(policy.delayMs(0), expected), `${JSON.stringify(options)}: ${policy.delayMs(0)}`);
    }
  });

  it('does not hedge until it has seen a hundred', () => {
    const policy = hedging();
    observe(policy, 10, 99, 0);
    assert.equal(policy.delayMs(0), Infinity);
    observe(policy, 10, 1, 0);
    assert.ok(isNear(policy.delayMs(0), 25), 'it looks again at once');
  });

  it('stops when what it has seen is too old', () => {
    const policy = hedging({ windowMs: 10_000 });
    observe(policy, 10, 1_000, 0);
    assert.ok(isNear(policy.delayMs(9_999), 25));
    assert.equal(policy.delayMs(11_000), Infinity);
  });

  it('looks again every half second', () => {
    const policy = hedging();
    observe(policy, 10, 100, 0);
    policy.delayMs(0);
    observe(policy, 1_000, 900, 100);
    assert.ok(isNear(policy.delayMs(499), 25));
    assert.ok(isNear(policy.delayMs(500), 2_500));
  });

  it('never waits for less than minDelayMs', () => {
    for (const [options, expected] of [
      [{}, 1],
      [{ minDelayMs: 25 }, 25],
    ] as const) {
      const policy = hedging(options);
      observe(policy, 0.2, 100, 0);
      assert.equal(policy.delayMs(0), expected);
    }
  });

  it('waits for a fixed time on demand, from the first request on', () => {
    const policy = hedging({ delayMs: 40 });
    assert.equal(policy.delayMs(0), 40);
    observe(policy, 10, 1_000, 0);
    assert.equal(policy.delayMs(1_000), 40);
  });

  it('allows two hedges for a hundred requests, and none before fifty', () => {
    const policy = hedging();
    for (let i = 0; i < 49; i++) policy.deposit(0);
    assert.equal(policy.tryWithdraw(0), false);
    for (let i = 0; i < 51; i++) policy.deposit(0);
    assert.deepEqual(
      [1, 2, 3].map(() => policy.tryWithdraw(0)),
      [true, true, false],
    );
  });

  it('forgets requests after a window', () => {
    const policy = hedging({ windowMs: 1_000, maxExtraPercent: 100 });
    policy.deposit(0);
    assert.equal(policy.tryWithdraw(1_000), false);
  });

  it('hedges once per request unless told otherwise', () => {
    assert.equal(hedging().maxHedges, 1);
    assert.equal(hedging({ maxHedges: 3 }).maxHedges, 3);
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(hedging, [
      [{ after: 3 }, /hedging: `after` is not a known option/],
      [{ percentile: 100 }, /`percentile` must be a number from 50 to 99.9, got 100/],
      [{ slowdown: 0.9 }, /`slowdown` must be a number from 1 to 10, got 0.9/],
      [{ delayMs: 0 }, /`delayMs` must be a number of milliseconds from 1/],
      [{ minDelayMs: 0 }, /`minDelayMs` must be a number of milliseconds from 1/],
      [{ minSamples: 0 }, /`minSamples` must be an integer from 1/],
      [{ maxExtraPercent: 101 }, /`maxExtraPercent` must be a number from 0 to 100, got 101/],
      [{ maxHedges: 4 }, /`maxHedges` must be an integer from 1 to 3, got 4/],
      [{ windowMs: 1 }, /`windowMs` must be a number of milliseconds from 100/],
    ]);
  });
});

describe('requests under hedging()', () => {
  /** 100 requests per second, `slowPercent` of which hit a slow moment of 1 s; each endpoint is as likely to have one. */
  function run(policy: HedgePolicy | undefined, slowPercent: number): { latencies: number[]; hedges: number } {
    const random = seeded(11);
    const budget = retryBudget();
    const latency = (): number => (random.unit() * 100 < slowPercent ? 1_000 : 5) + exponential(10, random);
    const latencies: number[] = [];
    let hedges = 0;
    for (let now = 0; now < 600_000; now += 10) {
      budget.deposit(now);
      policy?.deposit(now);
      let ms = latency();
      const delayMs = policy?.delayMs(now) ?? Infinity;
      if (ms > delayMs && policy!.tryWithdraw(now) && budget.tryWithdraw(now)) {
        hedges++;
        ms = Math.min(ms, delayMs + latency());
      }
      policy?.observe(ms, now);
      latencies.push(ms);
    }
    return { latencies: latencies.toSorted((a, b) => a - b), hedges };
  }

  const p999 = (latencies: readonly number[]): number => latencies[Math.floor(latencies.length * 0.999)]!;

  it('lose their slowest thousandth for two more requests in a hundred', () => {
    // Two of a hundred is all that may be hedged, so it has to be the slowest: the 98th percentile.
    const [plain, hedged] = [run(undefined, 0.5), run(hedging({ percentile: 98 }), 0.5)];
    assert.ok(p999(plain.latencies) > 1_000);
    assert.ok(p999(hedged.latencies) < 150, `${p999(hedged.latencies)} ms`);
    assert.ok(hedged.hedges <= hedged.latencies.length * 0.02);
  });

  it('add no more than that when a fifth of all is slow', () => {
    const { latencies, hedges } = run(hedging(), 20);
    assert.ok(hedges <= latencies.length * 0.02);
  });
});
