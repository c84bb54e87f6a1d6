import assert from 'node:assert/strict';
import { consecutiveFailures, isBalancerError } from '@evenkeel/core';
import type { ConsecutiveFailuresOptions, EjectionTracker, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';

const FAILURES: readonly Outcome[] = ['server-error', 'timeout', 'reset', 'connect-error'];

function track(options?: ConsecutiveFailuresOptions, seed = 1): EjectionTracker {
  return consecutiveFailures(options).track(seeded(seed));
}

/** Fails until the tracker ejects; gives the number of failures and the time. */
function failUntilEjected(tracker: EjectionTracker, now: number): { failures: number; forMs: number } {
  for (let failures = 1; failures <= 2_000; failures++) {
    const forMs = tracker.observe('server-error', now);
    if (forMs > 0) return { failures, forMs };
  }
  return assert.fail('the tracker never ejects');
}

/** Ejects and restores `times` times without a success in between; gives the time after the last one. */
function ejectTimes(tracker: EjectionTracker, times: number, start = 0): number {
  let now = start;
  for (let i = 0; i < times; i++) {
    now += failUntilEjected(tracker, now).forMs;
    tracker.restored(now);
  }
  return now;
}

describe('consecutiveFailures()', () => {
  it('ejects at the fifth failure in a row, of whatever kind', () => {
    for (const outcome of FAILURES) {
      const tracker = track();
      const times = Array.from({ length: 5 }, (_, i) => tracker.observe(outcome, i));
      assert.deepEqual(times.slice(0, 4), [0, 0, 0, 0]);
      assert.ok(times[4]! > 0, outcome);
    }
  });

  it('starts counting anew after a success', () => {
    const tracker = track({ threshold: 3 });
    for (const outcome of ['reset', 'reset', 'success', 'reset', 'reset'] as const) {
      assert.equal(tracker.observe(outcome, 0), 0);
    }
    assert.ok(tracker.observe('reset', 0) > 0);
  });

  it('neither counts a rate limit nor takes it for a success', () => {
    const tracker = track({ threshold: 2 });
    for (const outcome of ['rate-limited', 'rate-limited', 'timeout', 'rate-limited'] as const) {
      assert.equal(tracker.observe(outcome, 0), 0);
    }
    assert.ok(tracker.observe('timeout', 0) > 0);
  });

  it('ejects first for baseMs to twice that, at random', () => {
    const times = Array.from({ length: 200 }, (_, seed) => failUntilEjected(track({}, seed), 0).forMs);
    assert.ok(times.every((ms) => ms >= 5_000 && ms <= 10_000));
    assert.ok(Math.max(...times) - Math.min(...times) > 4_000, 'the times are spread out');
  });

  it('ejects an endpoint on trial at its first failure, for twice as long', () => {
    for (let seed = 0; seed < 50; seed++) {
      const tracker = track({}, seed);
      let now = failUntilEjected(tracker, 0).forMs;
      for (let doublings = 1; doublings <= 3; doublings++) {
        tracker.restored(now);
        const { failures, forMs } = failUntilEjected(tracker, now);
        assert.equal(failures, 1);
        assert.ok(forMs >= 5_000 * 2 ** doublings && forMs <= 10_000 * 2 ** doublings);
        now += forMs;
      }
    }
  });

  it('never ejects for longer than maxMs, and spreads those times out too', () => {
    for (const baseMs of [5_000, 149_000]) {
      const times = Array.from({ length: 100 }, (_, seed) => {
        const tracker = track({ baseMs }, seed);
        const now = ejectTimes(tracker, 20);
        return failUntilEjected(tracker, now).forMs;
      });
      assert.ok(times.every((ms) => ms >= 150_000 && ms <= 300_000));
      assert.ok(Math.max(...times) - Math.min(...times) > 100_000);
    }
  });

  it('ends the trial at the first success', () => {
    const tracker = track();
    const now = ejectTimes(tracker, 1);
    tracker.observe('success', now);
    assert.equal(failUntilEjected(tracker, now).failures, 5);
  });

  it('does not forget a long outage for one success', () => {
    const tracker = track();
    const now = ejectTimes(tracker, 3);
    tracker.observe('success', now);
    assert.ok(failUntilEjected(tracker, now).forMs >= 40_000);
  });

  it('halves the time for each span as long that the endpoint stays well', () => {
    const tracker = track();
    const now = ejectTimes(tracker, 2);
    // Next would be 20 s; 20 s of good work make that 10 s, another 10 s make it 5 s.
    tracker.observe('success', now + 19_999);
    tracker.observe('success', now + 20_001);
    const { forMs } = failUntilEjected(tracker, now + 20_002);
    assert.ok(forMs >= 10_000 && forMs <= 20_000, `${forMs}`);
    tracker.restored(now + 50_000);
    tracker.observe('success', now + 80_001);
    assert.ok(failUntilEjected(tracker, now + 80_002).forMs <= 10_000);
  });

  it('has forgotten the longest outage after twice maxMs', () => {
    const tracker = track();
    const now = ejectTimes(tracker, 20);
    tracker.observe('success', now + 600_000);
    assert.ok(failUntilEjected(tracker, now + 600_000).forMs <= 10_000);
  });

  it('holds what still arrives during an ejection against nobody', () => {
    const tracker = track();
    const { forMs } = failUntilEjected(tracker, 0);
    for (let i = 0; i < 100; i++) assert.equal(tracker.observe('reset', forMs - 1), 0);
    tracker.restored(forMs);
    const next = failUntilEjected(tracker, forMs);
    assert.equal(next.failures, 1);
    assert.ok(next.forMs <= 20_000);
  });

  it('counts from the start again if an ejection that it asked for did not happen', () => {
    const tracker = track();
    const { forMs } = failUntilEjected(tracker, 0);
    assert.equal(failUntilEjected(tracker, forMs).failures, 5);
  });

  it('keeps one count per endpoint', () => {
    const policy = consecutiveFailures({ threshold: 2 });
    const [first, second] = [policy.track(seeded()), policy.track(seeded())];
    first.observe('reset', 0);
    assert.equal(second.observe('reset', 0), 0);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ limit: 3 }, /consecutiveFailures: `limit` is not a known option/],
      [{ threshold: 0 }, /`threshold` must be an integer from 1 to 1000, got 0/],
      [{ baseMs: 10, maxMs: 5 }, /`maxMs` must be at least `baseMs`/],
    ] as const) {
      assert.throws(
        () => consecutiveFailures(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
