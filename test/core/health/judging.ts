import assert from 'node:assert/strict';
import { consecutiveFailures, isBalancerError } from '@evenkeel/core';
import type { EjectionPolicy, EjectionTracker, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';

/** How long attempts take in these tests. */
export const LATENCY_MS = 10;

/** The judge of the only endpoint of a cluster. */
export function trackOne(policy: EjectionPolicy = consecutiveFailures(), seed = 1): EjectionTracker {
  return policy.start(seeded(seed)).track();
}

/** The judges of a cluster of `n` endpoints. */
export function trackMany(policy: EjectionPolicy, n: number, seed = 1): EjectionTracker[] {
  const judges = policy.start(seeded(seed));
  return Array.from({ length: n }, () => judges.track());
}

/** Tells of an attempt that ended at `now`. */
export function tell(tracker: EjectionTracker, outcome: Outcome, now: number, latencyMs = LATENCY_MS): number {
  return tracker.observe(outcome, now, latencyMs);
}

/** Tells of many at once; gives the time of the first ejection, 0 for none. */
export function tellMany(tracker: EjectionTracker, outcome: Outcome, times: number, now: number): number {
  for (let i = 0; i < times; i++) {
    const forMs = tell(tracker, outcome, now);
    if (forMs > 0) return forMs;
  }
  return 0;
}

/** Fails attempts that are over at once until the tracker ejects; gives their number and the time. */
export function failUntilEjected(
  tracker: EjectionTracker,
  now: number,
  outcome: Outcome = 'server-error',
): { failures: number; forMs: number } {
  for (let failures = 1; failures <= 2_000; failures++) {
    const forMs = tell(tracker, outcome, now, 0);
    if (forMs > 0) return { failures, forMs };
  }
  return assert.fail('the tracker never ejects');
}

/** Ejects and restores `times` times without a success in between; gives the time after the last one. */
export function ejectTimes(tracker: EjectionTracker, times: number, start = 0): number {
  let now = start;
  for (let i = 0; i < times; i++) {
    now += failUntilEjected(tracker, now).forMs;
    tracker.restored(now);
  }
  return now;
}

/** Checks that a factory refuses options, with these words. */
export function assertRefused(make: (options: never) => unknown, cases: readonly (readonly [object, RegExp])[]): void {
  for (const [options, message] of cases) {
    assert.throws(
      () => make(options as never),
      (error) => isBalancerError(error) && (assert.match(error.message, message), true),
    );
  }
}
