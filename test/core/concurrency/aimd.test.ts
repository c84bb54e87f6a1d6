import assert from 'node:assert/strict';
import { aimd } from '@evenkeel/core';
import type { AimdOptions, ConcurrencyLimiter, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { exponential } from '../../simulation/draws.ts';
import { assertRefused } from '../health/judging.ts';
import { limitsBetween, mean, runLoop } from './closed-loop.ts';

function started(options?: AimdOptions): ConcurrencyLimiter {
  return aimd(options).start();
}

/** Tells of many attempts, each sent 10 ms before it ended and all of them in use. */
function tell(limiter: ConcurrencyLimiter, outcome: Outcome, times: number, now: number, latencyMs = 10): void {
  for (let i = 0; i < times; i++) limiter.observe(outcome, latencyMs, limiter.limit, now);
}

describe('aimd()', () => {
  it('grows by one for each limit-many successes', () => {
    const limiter = started({ initialLimit: 10 });
    tell(limiter, 'success', 10, 0);
    assert.equal(limiter.limit, 10, 'each success counts a little less than a tenth');
    tell(limiter, 'success', 1, 0);
    assert.equal(limiter.limit, 11);
    tell(limiter, 'success', 110, 0);
    assert.ok(limiter.limit === 17 || limiter.limit === 18);
  });

  it('does not grow while less than half of it is used', () => {
    const limiter = started({ initialLimit: 10 });
    for (let i = 0; i < 1_000; i++) limiter.observe('success', 10, 4, 0);
    assert.equal(limiter.limit, 10);
    for (let i = 0; i < 20; i++) limiter.observe('success', 10, 5, 0);
    assert.equal(limiter.limit, 10, 'five are half of ten, and not of more than that');
    tell(limiter, 'success', 20, 0);
    assert.ok(limiter.limit > 10);
  });

  it('shrinks to nine tenths at a timeout, a rate limit or a success that took too long', () => {
    for (const [outcome, latencyMs] of [
      ['timeout', 10],
      ['rate-limited', 10],
      ['success', 5_001],
    ] as const) {
      const limiter = started({ initialLimit: 100 });
      tell(limiter, outcome, 1, 0, latencyMs);
      assert.equal(limiter.limit, 90, outcome);
    }
    const limiter = started({ initialLimit: 100 });
    tell(limiter, 'success', 1, 0, 5_000);
    assert.equal(limiter.limit, 100);
  });

  it('takes other failures for neither', () => {
    const limiter = started();
    for (const outcome of ['server-error', 'reset', 'connect-error'] as const) tell(limiter, outcome, 100, 0, 6_000);
    assert.equal(limiter.limit, 20);
  });

  it('takes for drops what it is told to', () => {
    const limiter = started({ initialLimit: 100, drops: ['server-error'] });
    tell(limiter, 'rate-limited', 1, 0);
    assert.equal(limiter.limit, 100);
    tell(limiter, 'server-error', 1, 0);
    assert.equal(limiter.limit, 90);
  });

  it('loses at most half to attempts that were in flight together, however many fail', () => {
    const limiter = started({ initialLimit: 100 });
    tell(limiter, 'timeout', 100, 5_000, 5_000);
    assert.equal(limiter.limit, 50);
    tell(limiter, 'timeout', 100, 9_999, 5_000);
    assert.equal(limiter.limit, 50, 'sent before the limit was lowered');
    tell(limiter, 'timeout', 100, 10_001, 5_000);
    assert.equal(limiter.limit, 25);
  });

  it('never falls below minLimit, nor grows beyond maxLimit', () => {
    const limiter = started({ initialLimit: 10, minLimit: 6, maxLimit: 12 });
    tell(limiter, 'success', 1_000, 0);
    assert.equal(limiter.limit, 12);
    for (let now = 0; now < 1_000; now++) tell(limiter, 'timeout', 1, now, 0);
    assert.equal(limiter.limit, 6);
  });

  it('keeps a limit per endpoint', () => {
    const limit = aimd();
    tell(limit.start(), 'timeout', 1, 0);
    assert.equal(limit.start().limit, 20);
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(aimd, [
      [{ limit: 3 }, /aimd: `limit` is not a known option/],
      [{ minLimit: 0 }, /`minLimit` must be an integer from 1 to 1000000, got 0/],
      [{ minLimit: 20, maxLimit: 10 }, /`maxLimit` must be at least `minLimit`/],
      [{ initialLimit: 2 }, /`initialLimit` must be from `minLimit` to `maxLimit`/],
      [{ maxLimit: 10 }, /`initialLimit` must be from `minLimit` to `maxLimit`/],
      [{ backoffRatio: 1 }, /`backoffRatio` must be a number from 0.5 to 0.99, got 1/],
      [{ timeoutMs: 0 }, /`timeoutMs` must be a number of milliseconds from 1/],
      [{ drops: ['success'] }, /`drops\[0\]` must be one of server-error, rate-limited/],
    ]);
  });
});

describe('aimd() in a closed loop with a server of 50 places', () => {
  const places = 50;
  const random = seeded(2);
  const serviceMs = (): number => exponential(100, random);

  it('settles at the places and the queue of a server that answers 429 beyond', () => {
    const samples = runLoop(aimd(), { places, serviceMs, maxQueue: 20, untilMs: 60_000 });
    const limits = limitsBetween(samples, 10_000, 60_000);
    assert.ok(Math.min(...limits) >= 60 && Math.max(...limits) <= 71, `${Math.min(...limits)}..${Math.max(...limits)}`);
    const { successes, drops } = samples.at(-1)!;
    assert.ok(drops < successes * 0.01, `${drops} of ${successes} dropped`);
    assert.ok(successes > 60 * 500 * 0.95, 'the server is kept busy');
  });

  it('swings below the number in flight at which answers take timeoutMs', () => {
    // With 50 places and 100 ms each, 150 in flight take 300 ms.
    const samples = runLoop(aimd({ timeoutMs: 300 }), { places, serviceMs: () => 100, untilMs: 120_000 });
    const limits = limitsBetween(samples, 30_000, 120_000);
    assert.ok(
      Math.min(...limits) >= 75 && Math.max(...limits) <= 160,
      `${Math.min(...limits)}..${Math.max(...limits)}`,
    );
    assert.ok(mean(limits) > 110);
  });

  it('comes back after ten slow seconds', () => {
    const slowFrom = 40_000;
    const samples = runLoop(aimd(), {
      places,
      serviceMs: (now) => (now >= slowFrom && now < slowFrom + 10_000 ? 2_000 : 100),
      maxQueue: 20,
      timeoutMs: 1_000,
      untilMs: 80_000,
    });
    const during = Math.min(...limitsBetween(samples, slowFrom, slowFrom + 12_000));
    assert.ok(during < 20 && during >= 4, `${during} while nothing is answered in time`);
    assert.ok(mean(limitsBetween(samples, 65_000, 80_000)) > 60);
  });

  it('loses no more than half in one stall, in which all that is in flight times out', () => {
    const samples = runLoop(aimd(), {
      places,
      serviceMs: (now) => (now >= 30_000 && now < 30_100 ? 1_500 : 100),
      timeoutMs: 1_000,
      demand: () => 70,
      untilMs: 60_000,
    });
    const [before, after] = [limitsBetween(samples, 20_000, 30_000), limitsBetween(samples, 30_000, 60_000)];
    assert.ok(samples.at(-1)!.drops >= 50);
    assert.ok(Math.min(...after) >= Math.min(...before) / 2 - 1, `${Math.min(...before)}, then ${Math.min(...after)}`);
  });

  it('leaves a limit that nobody needs where it is', () => {
    const samples = runLoop(aimd(), { places, serviceMs, demand: () => 9, untilMs: 60_000 });
    assert.ok(samples.every(({ limit }) => limit === 20));
  });
});
