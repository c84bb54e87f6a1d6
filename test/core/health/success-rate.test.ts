import assert from 'node:assert/strict';
import { anyOf, consecutiveFailures, successRate } from '@evenkeel/core';
import type { EjectionTracker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { drive, failing, well } from './fleet.ts';
import type { Behaviour } from './fleet.ts';
import { assertRefused, tell, tellMany, trackMany, trackOne } from './judging.ts';

/** Gives each tracker `total` requests at `now`, `failed` of which failed; the failures come first. */
function share(tracker: EjectionTracker, failed: number, total: number, now: number): number {
  const forMs = tellMany(tracker, 'server-error', failed, now);
  if (forMs > 0) return forMs;
  tellMany(tracker, 'success', total - failed, now);
  return 0;
}

describe('successRate()', () => {
  it('ejects below four successes of five, from twenty requests on', () => {
    const tracker = trackOne(successRate());
    tellMany(tracker, 'success', 16, 0);
    assert.equal(tellMany(tracker, 'reset', 4, 0), 0, '16 of 20 will do');
    assert.ok(tell(tracker, 'reset', 0) > 0, '16 of 21 will not');
    const quiet = trackOne(successRate());
    tellMany(quiet, 'success', 1, 0);
    assert.equal(tellMany(quiet, 'reset', 18, 0), 0, 'nineteen are too few');
    assert.ok(tell(quiet, 'reset', 0) > 0);
  });

  it('counts a rate limit as no success', () => {
    const tracker = trackOne(successRate());
    tellMany(tracker, 'success', 12, 0);
    assert.ok(tellMany(tracker, 'rate-limited', 8, 0) > 0);
  });

  it('never ejects at a success, though the share falls as old successes expire', () => {
    const tracker = trackOne(successRate());
    tellMany(tracker, 'success', 100, 0);
    tellMany(tracker, 'reset', 20, 15_000);
    assert.equal(tellMany(tracker, 'success', 10, 40_000), 0);
    assert.ok(tell(tracker, 'reset', 40_000) > 0);
  });

  it('forgets a request after thirty seconds, and not before twenty-seven', () => {
    for (const [after, isEjected] of [
      [27_000, true],
      [30_000, false],
    ] as const) {
      const tracker = trackOne(successRate());
      tellMany(tracker, 'success', 1, 0);
      tellMany(tracker, 'reset', 18, 0);
      assert.equal(tell(tracker, 'reset', after) > 0, isEjected);
    }
  });

  it('needs only five requests in a fleet of up to four, if all of them failed', () => {
    const four = trackMany(successRate(), 4);
    assert.equal(tellMany(four[0]!, 'reset', 4, 0), 0);
    assert.ok(tell(four[0]!, 'reset', 0) > 0);
    tell(four[1]!, 'success', 0);
    assert.equal(tellMany(four[1]!, 'reset', 18, 0), 0, 'one success, and it takes twenty');
    const five = trackMany(successRate(), 5);
    assert.equal(tellMany(five[0]!, 'reset', 19, 0), 0);
    assert.ok(tell(five[0]!, 'reset', 0) > 0);
  });

  it('knows the size of the fleet when endpoints leave', () => {
    for (const left of [5, 4]) {
      const trackers = trackMany(successRate(), 6);
      for (const tracker of trackers.slice(left)) {
        tracker.removed?.();
        tracker.removed?.();
      }
      assert.equal(tellMany(trackers[0]!, 'reset', 5, 0) > 0, left === 4);
    }
  });

  it('ejects nobody while all suffer alike, but whoever is much worse', () => {
    const trackers = trackMany(successRate(), 3);
    for (let round = 0; round < 100; round++) {
      for (const tracker of trackers) assert.equal(share(tracker, 3, 10, round * 100), 0);
    }
    const times = Array.from({ length: 300 }, (_, i) => tell(trackers[0]!, 'reset', 10_000 + i * 10));
    assert.ok(Math.max(...times) > 0, 'it fails all, the others 30 %');
  });

  it('compares an endpoint that is no worse than the others again a second later', () => {
    const [one, other] = trackMany(successRate(), 2);
    for (let round = 0; round < 100; round++) for (const each of [one!, other!]) share(each, 3, 10, round);
    assert.equal(tell(one!, 'reset', 5_000), 0);
    assert.equal(tellMany(one!, 'reset', 300, 5_999), 0);
    assert.ok(tell(one!, 'reset', 6_000) > 0);
  });

  it('ejects the outlier of five, which fails one of eleven where the others fail none of a hundred', () => {
    const trackers = trackMany(successRate(), 5);
    for (const tracker of trackers.slice(1)) share(tracker, 0, 100, 0);
    assert.equal(share(trackers[0]!, 0, 91, 0), 0);
    assert.equal(tellMany(trackers[0]!, 'reset', 8, 0), 0, '99 requests are too few');
    assert.ok(tell(trackers[0]!, 'reset', 0) > 0);
  });

  it('has no outliers among four, nor where fewer than five have seen enough', () => {
    for (const [n, seenByLast] of [
      [4, 100],
      [5, 99],
      [5, 100],
    ] as const) {
      const trackers = trackMany(successRate({ stdevFactor: 1 }), n);
      for (const tracker of trackers.slice(1, -1)) share(tracker, 0, 100, 0);
      share(trackers.at(-1)!, 0, seenByLast, 0);
      assert.equal(share(trackers[0]!, 0, 91, 0), 0);
      assert.equal(tellMany(trackers[0]!, 'reset', 9, 0) > 0, n === 5 && seenByLast === 100);
    }
  });

  it('ejects nobody for three failures in a hundred, though that is two standard deviations from all others', () => {
    const trackers = trackMany(successRate(), 5);
    for (const tracker of trackers) share(tracker, 0, 970, 0);
    assert.equal(tellMany(trackers[0]!, 'reset', 30, 0), 0);
  });

  it('takes two of five that are equally bad for no outliers, unless told to look closer', () => {
    for (const [stdevFactor, isEjected] of [
      [1.9, false],
      [1, true],
    ] as const) {
      const trackers = trackMany(successRate({ stdevFactor }), 5);
      for (const tracker of trackers) share(tracker, 0, 870, 0);
      let isTold = false;
      for (let i = 0; i < 130; i++) {
        for (const tracker of trackers.slice(0, 2)) if (tell(tracker, 'reset', i * 100) > 0) isTold = true;
      }
      assert.equal(isTold, isEjected);
    }
  });

  it('forgets what the others suffered in another window', () => {
    const [one, other] = trackMany(successRate(), 2);
    for (let round = 0; round < 100; round++) {
      for (const each of [one!, other!]) assert.equal(share(each, 3, 10, round), 0);
    }
    tellMany(one!, 'success', 15, 40_000);
    assert.ok(tellMany(one!, 'reset', 5, 40_000) > 0);
  });

  it('ejects nobody for what chance does to a hundred equal endpoints that fail one of ten', () => {
    const random = seeded(4);
    const trackers = trackMany(successRate({ minSuccessRatio: 0 }), 100);
    for (let now = 0; now < 120_000; now += 100) {
      for (const tracker of trackers) {
        assert.equal(tell(tracker, random.below(10) === 0 ? 'server-error' : 'success', now), 0);
      }
    }
  });

  it('leaves the comparison out on demand', () => {
    const trackers = trackMany(successRate({ stdevFactor: 1_000 }), 6);
    for (const tracker of trackers.slice(1)) share(tracker, 0, 1_000, 0);
    assert.equal(share(trackers[0]!, 0, 850, 0), 0);
    assert.equal(tellMany(trackers[0]!, 'reset', 150, 0), 0);
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(successRate, [
      [{ ratio: 0.5 }, /successRate: `ratio` is not a known option/],
      [{ minSuccessRatio: 80 }, /`minSuccessRatio` must be a number from 0 to 1, got 80/],
      [{ minRequests: 0.5 }, /`minRequests` must be an integer from 1 to 1000000, got 0.5/],
      [{ windowMs: 10 }, /`windowMs` must be a number of milliseconds from 100/],
      [{ stdevFactor: 0 }, /`stdevFactor` must be a number from 0.1 to 1000, got 0/],
      [{ baseMs: 10, maxMs: 5 }, /`maxMs` must be at least `baseMs`/],
    ]);
  });
});

describe('a fleet under successRate()', () => {
  const both = (): ReturnType<typeof anyOf> => anyOf(consecutiveFailures(), successRate());

  it('is rid of an endpoint that fails every second request, which consecutiveFailures() never is', () => {
    const behaviours = [failing(1, 2), well, well];
    const [missed] = drive(consecutiveFailures(), behaviours, 10, 600_000);
    assert.equal(missed!.ejections.length, 0);
    assert.equal(missed!.sent, 20_000);
    const records = drive(both(), behaviours, 10, 600_000);
    assert.equal(records[0]!.ejections[0]!.sent, 20);
    assert.ok(records[0]!.failed < 200, `${records[0]!.failed} requests failed in 10 minutes`);
    assert.ok(records.slice(1).every(({ ejections }) => ejections.length === 0));
  });

  it('is rid of an endpoint that cuts every second body short after a good head, which consecutiveFailures() never is', () => {
    for (const [policy, isCaught] of [
      [consecutiveFailures(), false],
      [both(), true],
    ] as const) {
      const tracker = trackOne(policy);
      let forMs = 0;
      for (let i = 0; i < 100 && forMs === 0; i++) {
        tell(tracker, 'success', i * 10);
        if (i % 2 === 0) forMs = tell(tracker, 'reset', i * 10 + 5, -1);
      }
      assert.equal(forMs > 0, isCaught);
    }
  });

  it('sends an endpoint that is well half of the time less and less', () => {
    // Ten seconds of failures, ten seconds of health, for an hour.
    const flapping: Behaviour = (now) => ({ outcome: now % 20_000 < 10_000 ? 'connect-error' : 'success' });
    const [record, ...others] = drive(both(), [flapping, well, well, well], 20, 3_600_000);
    const longest = Math.max(...record!.ejections.map(({ forMs }) => forMs));
    assert.ok(longest > 40_000, `the longest ejection lasts ${Math.round(longest)} ms`);
    assert.ok(record!.failed < 1_000, `${record!.failed} of 180,000 requests failed`);
    assert.ok(others.every(({ ejections }) => ejections.length === 0));
  });

  it('of two endpoints ejects the one that is dead after five requests, and never the other', () => {
    const dead: Behaviour = () => ({ outcome: 'connect-error' });
    const [record, other] = drive(successRate(), [dead, well], 1_000, 3_600_000);
    assert.equal(record!.ejections[0]!.sent, 5);
    assert.ok(record!.failed < 40, `${record!.failed} of 3,600 requests failed`);
    assert.equal(other!.ejections.length, 0);
  });

  it('sees nothing where there are fewer than five requests per window; consecutiveFailures() does', () => {
    const dead: Behaviour = () => ({ outcome: 'connect-error' });
    const [missed] = drive(successRate(), [dead, well], 4_000, 600_000);
    assert.equal(missed!.ejections.length, 0);
    const [record] = drive(both(), [dead, well], 4_000, 600_000);
    assert.equal(record!.ejections[0]!.sent, 5);
    assert.ok(record!.failed < 20, `${record!.failed} of 150 requests failed`);
  });

  it('keeps all endpoints when the database behind them fails every third request', () => {
    const records = drive(
      both(),
      Array.from({ length: 6 }, () => failing(1, 3)),
      10,
      600_000,
    );
    assert.ok(records.every(({ ejections }) => ejections.length === 0));
  });
});
