import assert from 'node:assert/strict';
import { anyOf, consecutiveFailures, failurePercentage, successRate } from '@evenkeel/core';
import type { EjectionPolicy, EjectionTimes } from '@evenkeel/core';
import { ejectTimes, failUntilEjected, tell, tellMany, trackOne } from './judging.ts';

/** Policies, and after how many failures with nothing before they eject. */
const POLICIES: readonly { make: (times?: EjectionTimes) => EjectionPolicy; failures: number }[] = [
  { make: consecutiveFailures, failures: 5 },
  { make: (times) => consecutiveFailures({ ...times, threshold: 1 }), failures: 1 },
  { make: (times) => successRate(times), failures: 5 },
  { make: (times) => failurePercentage({ ...times, minRequests: 8 }), failures: 8 },
  { make: (times) => anyOf(failurePercentage({ ...times, minRequests: 8 }), consecutiveFailures(times)), failures: 5 },
];

for (const { make, failures } of POLICIES) {
  describe(`the way out and back of ${make().name}, at failure ${failures}`, () => {
    it('ejects first for baseMs to twice that, at random', () => {
      const times = Array.from({ length: 200 }, (_, seed) => failUntilEjected(trackOne(make(), seed), 0).forMs);
      assert.ok(times.every((ms) => ms >= 5_000 && ms <= 10_000));
      assert.ok(Math.max(...times) - Math.min(...times) > 4_000, 'the times are spread out');
    });

    it('ejects an endpoint on trial at its first failure, for twice as long', () => {
      for (let seed = 0; seed < 50; seed++) {
        const tracker = trackOne(make(), seed);
        const first = failUntilEjected(tracker, 0);
        assert.equal(first.failures, failures);
        let now = first.forMs;
        for (let doublings = 1; doublings <= 3; doublings++) {
          tracker.restored(now);
          const again = failUntilEjected(tracker, now);
          assert.equal(again.failures, 1);
          assert.ok(again.forMs >= 5_000 * 2 ** doublings && again.forMs <= 10_000 * 2 ** doublings);
          now += again.forMs;
        }
      }
    });

    it('takes a rate limit for a failed trial', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 1);
      assert.ok(tell(tracker, 'rate-limited', now + 20) >= 10_000);
    });

    it('ends the trial at the first success, and has forgotten what was before', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 1);
      tell(tracker, 'success', now + 20);
      // As many successes as the first failure of a run has to outweigh, for the policies that look at shares.
      assert.equal(failUntilEjected(tracker, now + 40_000).failures, failures);
    });

    it('never ejects for longer than maxMs, and spreads those times out too', () => {
      for (const baseMs of [5_000, 149_000]) {
        const times = Array.from({ length: 100 }, (_, seed) => {
          const tracker = trackOne(make({ baseMs }), seed);
          return failUntilEjected(tracker, ejectTimes(tracker, 20)).forMs;
        });
        assert.ok(times.every((ms) => ms >= 150_000 && ms <= 300_000));
        assert.ok(Math.max(...times) - Math.min(...times) > 100_000);
      }
    });

    it('does not forget a long outage for one success', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 3);
      tell(tracker, 'success', now, 0);
      assert.ok(failUntilEjected(tracker, now).forMs >= 40_000);
    });

    it('halves the time for each span as long that the endpoint stays well', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 2);
      // Next would be 20 s; 20 s of good work make that 10 s, another 10 s make it 5 s.
      tell(tracker, 'success', now + 19_999);
      tell(tracker, 'success', now + 20_001);
      const { forMs } = failUntilEjected(tracker, now + 20_002);
      assert.ok(forMs >= 10_000 && forMs <= 20_000, `${forMs}`);
      tracker.restored(now + 50_000);
      tell(tracker, 'success', now + 80_001);
      assert.ok(failUntilEjected(tracker, now + 80_002).forMs <= 10_000);
    });

    it('has forgotten the longest outage after twice maxMs', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 20);
      tell(tracker, 'success', now + 600_000);
      assert.ok(failUntilEjected(tracker, now + 600_000).forMs <= 10_000);
    });

    it('counts the time that it takes until somebody comes to try it out neither for nor against it', () => {
      const tracker = trackOne(make());
      const back = ejectTimes(tracker, 1);
      const now = back + failUntilEjected(tracker, back).forMs + 500_000;
      tracker.restored(now);
      tell(tracker, 'success', now + 100);
      assert.ok(failUntilEjected(tracker, now + 200).forMs >= 20_000);
    });

    it('holds what still arrives during an ejection against nobody', () => {
      const tracker = trackOne(make());
      const { forMs } = failUntilEjected(tracker, 0);
      assert.equal(tellMany(tracker, 'reset', 100, forMs - 1), 0);
      tracker.restored(forMs);
      const next = failUntilEjected(tracker, forMs);
      assert.equal(next.failures, 1);
      assert.ok(next.forMs <= 20_000);
    });

    it('lets nothing that was sent before the return decide the trial, nor count after it', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 1);
      for (let i = 0; i < 50; i++) {
        assert.equal(tell(tracker, 'timeout', now + 15_000, 30_000), 0, 'sent before the ejection');
        assert.equal(tell(tracker, 'reset', now + 15_000, 15_005), 0, 'sent while it lasted');
        assert.equal(tell(tracker, 'reset', now + 15_000, -1), 0, 'the body of an old response');
        assert.equal(tell(tracker, 'success', now + 15_000, 30_000), 0, 'an old success');
      }
      tell(tracker, 'success', now + 16_000, 50);
      for (let i = 0; i < 50; i++) assert.equal(tell(tracker, 'timeout', now + 17_000, 30_000), 0, 'after the trial');
      const { failures: count, forMs } = failUntilEjected(tracker, now + 60_000);
      assert.equal(count, failures);
      assert.ok(forMs >= 5_000);
    });

    it('knows the trial when it is told of it in whole milliseconds', () => {
      const tracker = trackOne(make());
      failUntilEjected(tracker, 0);
      tracker.restored(20_000.9);
      // From 20_000.9 to 20_050.9.
      assert.ok(tell(tracker, 'reset', 20_050, 50) >= 10_000);
    });

    it('is on trial for real: a trial that old successes seem to have passed still ejects', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 1);
      tell(tracker, 'success', now + 100, 30_000);
      assert.ok(tell(tracker, 'reset', now + 120, 100) >= 10_000);
    });

    // Of several policies, those that did not ask go on counting.
    if (make().name.startsWith('any-of')) return;

    it('counts from the start again, for as long as before, if its ejection is refused', () => {
      const tracker = trackOne(make());
      for (let i = 0; i < 5; i++) {
        const { failures: count, forMs } = failUntilEjected(tracker, i);
        assert.equal(count, failures);
        assert.ok(forMs <= 10_000);
        tracker.refused?.(i);
      }
    });

    it('still leaves out what was sent before its last ejection when another one is refused', () => {
      const tracker = trackOne(make());
      const now = ejectTimes(tracker, 1);
      tell(tracker, 'success', now + 20);
      failUntilEjected(tracker, now + 40_000);
      tracker.refused?.(now + 40_000);
      for (let i = 0; i < 50; i++) assert.equal(tell(tracker, 'timeout', now + 40_000, 45_000), 0);
    });

    it('counts from the start again if an ejection that it asked for just did not happen', () => {
      const tracker = trackOne(make());
      const { forMs } = failUntilEjected(tracker, 0);
      assert.equal(failUntilEjected(tracker, forMs).failures, failures);
    });
  });
}
