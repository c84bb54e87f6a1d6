import assert from 'node:assert/strict';
import fc from 'fast-check';
import { anyOf, consecutiveFailures, failurePercentage, latencyOutlier, successRate } from '@evenkeel/core';
import type { EjectionPolicy, EjectionTimes, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { OutcomeWindow } from '../../packages/core/src/health/outcome-window.ts';

const OUTCOMES: readonly Outcome[] = [
  'success',
  'success',
  'server-error',
  'reset',
  'timeout',
  'connect-error',
  'rate-limited',
];

const afterMs = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1e3, noNaN: true }),
  fc.double({ min: 0, max: 1e5, noNaN: true }),
);

describe('every ejection policy for any outcomes', () => {
  const times = fc
    .record({
      baseMs: fc.double({ min: 1, max: 1e5, noNaN: true }),
      factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
    })
    .map(({ baseMs, factor }) => ({ baseMs, maxMs: baseMs * factor }));
  const count = fc.integer({ min: 1, max: 10 });
  const windowMs = fc.integer({ min: 100, max: 50_000 });
  const policy = (each: EjectionTimes): fc.Arbitrary<() => EjectionPolicy> =>
    fc.oneof(
      count.map((threshold) => () => consecutiveFailures({ ...each, threshold })),
      fc
        .record({ minRequests: count, minSuccessRatio: fc.double({ min: 0, max: 1, noNaN: true }), windowMs })
        .map((options) => () => successRate({ ...each, ...options })),
      fc
        .record({ minRequests: count, thresholdPercent: fc.integer({ min: 1, max: 100 }), windowMs })
        .map((options) => () => failurePercentage({ ...each, ...options })),
      fc
        .record({ minRequests: fc.integer({ min: 3, max: 10 }), percentile: fc.integer({ min: 1, max: 70 }), windowMs })
        .map((options) => () => latencyOutlier({ ...each, ...options })),
      count.map((threshold) => () => anyOf(consecutiveFailures({ ...each, threshold }), successRate(each))),
    );
  const steps = fc.array(
    fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      afterMs,
      endpoint: fc.nat(3),
      latencyMs: fc.oneof(fc.constant(-1), fc.double({ min: 0, max: 1e5, noNaN: true })),
      isRefused: fc.boolean(),
    }),
    { maxLength: 300 },
  );

  it('ejects for baseMs to maxMs, never while an ejection lasts, and only latencyOutlier() for a success', () => {
    const given = times.chain((each) => fc.tuple(fc.constant(each), policy(each)));
    fc.assert(
      fc.property(given, steps, fc.integer(), ([{ baseMs, maxMs }, make], sequence, chance) => {
        const chosen = make();
        const judges = chosen.start(seeded(chance));
        const members = Array.from({ length: 4 }, () => ({ tracker: judges.track(), until: -Infinity }));
        let now = 0;
        for (const { outcome, afterMs: pause, endpoint, latencyMs, isRefused } of sequence) {
          now += pause;
          const member = members[endpoint]!;
          if (member.until > -Infinity && member.until <= now) {
            member.tracker.restored(member.until);
            member.until = -Infinity;
          }
          const forMs = member.tracker.observe(outcome, now, latencyMs);
          if (forMs === 0) continue;
          assert.ok(forMs >= baseMs && forMs <= maxMs * (1 + 1e-12), `${forMs} ms`);
          assert.equal(member.until, -Infinity);
          assert.ok(outcome !== 'success' || chosen.name === 'latency-outlier');
          if (isRefused) member.tracker.refused?.(now);
          else member.until = now + forMs;
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('ejects again, for no less, whatever the first request after the return met, unless that was a success', () => {
    const failure = fc.constantFrom(...OUTCOMES.filter((outcome) => outcome !== 'success'));
    fc.assert(
      fc.property(fc.array(failure, { minLength: 1, maxLength: 12 }), fc.integer(), (trials, chance) => {
        for (const make of [consecutiveFailures, successRate, () => anyOf(successRate(), consecutiveFailures())]) {
          const tracker = make().start(seeded(chance)).track();
          let now = 0;
          let lasted = 0;
          while (lasted === 0) lasted = tracker.observe('reset', now, 1);
          for (const outcome of trials) {
            now += lasted;
            tracker.restored(now);
            const forMs = tracker.observe(outcome, (now += 100), 100);
            assert.ok(forMs >= Math.min(lasted, 150_000));
            lasted = forMs;
          }
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe('OutcomeWindow for any outcomes', () => {
  it('counts all that is younger than nine tenths of it, and nothing that is older than it', () => {
    const steps = fc.array(fc.record({ afterMs, isFailed: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 100_000 }), steps, (windowMs, sequence) => {
        const window = new OutcomeWindow(windowMs);
        const seen: { at: number; isFailed: boolean }[] = [];
        let now = 0;
        for (const { afterMs: pause, isFailed } of sequence) {
          now += pause;
          window.add(isFailed, now);
          seen.push({ at: now, isFailed });
          // To the slot: what happened in the last ten of them, the present one included.
          const slot = (at: number): number => Math.floor(at / (windowMs / 10));
          const counted = seen.filter(({ at }) => slot(at) > slot(now) - 10);
          assert.equal(window.total, counted.length);
          assert.equal(window.failed, counted.filter((each) => each.isFailed).length);
          assert.ok(counted.every(({ at }) => at > now - windowMs - 1e-6));
          assert.ok(seen.every((each) => each.at < now - 0.9 * windowMs - 1e-6 || counted.includes(each)));
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe('successRate() for any outcomes', () => {
  const options = fc.record({
    minSuccessRatio: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    minRequests: fc.integer({ min: 5, max: 40 }),
    windowMs: fc.integer({ min: 100, max: 50_000 }),
  });
  const steps = fc.array(fc.record({ isFailed: fc.boolean(), afterMs: fc.double({ min: 0, max: 500, noNaN: true }) }), {
    maxLength: 300,
  });

  it('ejects an endpoint on its own exactly when its share of successes in the window is below the least', () => {
    fc.assert(
      fc.property(options, steps, (given, sequence) => {
        const tracker = successRate(given).start(seeded()).track();
        const slot = (at: number): number => Math.floor(at / (given.windowMs / 10));
        let seen: { at: number; isFailed: boolean }[] = [];
        let now = 0;
        for (const { isFailed, afterMs: pause } of sequence) {
          now += pause;
          seen.push({ at: now, isFailed });
          const counted = seen.filter(({ at }) => slot(at) > slot(now) - 10);
          const failed = counted.filter((each) => each.isFailed).length;
          const isBelow = counted.length - failed < given.minSuccessRatio * counted.length - 1e-9;
          const isEnough = counted.length >= given.minRequests || (failed === counted.length && failed >= 5);
          const forMs = tracker.observe(isFailed ? 'reset' : 'success', now, 0);
          assert.equal(forMs > 0, isFailed && isBelow && isEnough);
          if (forMs === 0) continue;
          tracker.refused?.(now);
          seen = [];
        }
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('never ejects an endpoint with 95 % successes, and with the comparison off none with the least share', () => {
    const share = fc.oneof(fc.double({ min: 0, max: 0.1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    const fleet = fc.array(share, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fleet, fc.boolean(), fc.integer(), (shares, isCompared, chance) => {
        const random = seeded(chance);
        const judges = successRate(isCompared ? {} : { stdevFactor: 1_000 }).start(random);
        const members = shares.map((failureShare) => ({ tracker: judges.track(), failureShare, total: 0, failed: 0 }));
        // All within one window, so that the test can count on its fingers.
        for (let now = 0; now < 26_000; now += 50) {
          for (const member of members) {
            const isFailed = random.unit() < member.failureShare;
            member.total++;
            if (isFailed) member.failed++;
            const forMs = member.tracker.observe(isFailed ? 'server-error' : 'success', now, 1);
            if (forMs === 0) continue;
            const success = 1 - member.failed / member.total;
            assert.ok(success < (isCompared ? 0.95 : 0.8), `${success}`);
            member.tracker.refused?.(now);
            member.total = member.failed = 0;
          }
        }
      }),
      { seed: 6, numRuns: 60 },
    );
  });

  it('catches a total outage within the larger of minRequests and a quarter of the successes in the window, and one', () => {
    const past = fc.integer({ min: 0, max: 2_000 });
    const peers = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(past, peers, fc.integer({ min: 1, max: 200 }), (successes, others, everyMs) => {
        const judges = successRate().start(seeded());
        const tracker = judges.track();
        const healthy = Array.from({ length: others }, () => judges.track());
        let now = 0;
        const tell = (outcome: Outcome): number => {
          now += everyMs;
          for (const peer of healthy) assert.equal(peer.observe('success', now, 1), 0);
          return tracker.observe(outcome, now, 1);
        };
        for (let i = 0; i < successes; i++) tell('success');
        const inWindow = Math.min(successes, Math.ceil(30_000 / everyMs));
        let requests = 1;
        while (tell('timeout') === 0) requests++;
        assert.ok(requests <= Math.max(20, inWindow / 4 + 1), `${requests} of ${inWindow}`);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
