import assert from 'node:assert/strict';
import fc from 'fast-check';
import { consecutiveFailures } from '@evenkeel/core';
import type { Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { ProbeState } from '../../packages/core/src/health/probe-state.ts';

const OUTCOMES: readonly Outcome[] = [
  'success',
  'success',
  'server-error',
  'reset',
  'timeout',
  'connect-error',
  'rate-limited',
];

describe('ProbeState for any results', () => {
  it('is what the last `rise` or `fall` equal results in a row say', () => {
    const count = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(count, count, fc.array(fc.boolean(), { maxLength: 100 }), (rise, fall, results) => {
        const state = new ProbeState(rise, fall);
        let isWell = true;
        results.forEach((_, i) => {
          const tail = (n: number, isPassed: boolean): boolean =>
            i + 1 >= n && results.slice(i + 1 - n, i + 1).every((result) => result === isPassed);
          const before = isWell;
          if (tail(rise, true)) isWell = true;
          if (tail(fall, false)) isWell = false;
          assert.equal(state.observe(results[i]!), before !== isWell);
          assert.equal(state.isWell, isWell);
          assert.equal(state.isInDoubt, results[i] !== isWell);
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('consecutiveFailures() for any outcomes', () => {
  const options = fc
    .record({
      threshold: fc.integer({ min: 1, max: 10 }),
      baseMs: fc.double({ min: 1, max: 1e5, noNaN: true }),
      factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
    })
    .map(({ threshold, baseMs, factor }) => ({ threshold, baseMs, maxMs: baseMs * factor }));
  const steps = fc.array(
    fc.record({ outcome: fc.constantFrom(...OUTCOMES), afterMs: fc.double({ min: 0, max: 1e5, noNaN: true }) }),
    { maxLength: 300 },
  );

  it('ejects for baseMs to maxMs, only at a failure, and never while an ejection lasts', () => {
    fc.assert(
      fc.property(options, steps, fc.integer(), (given, sequence, chance) => {
        const tracker = consecutiveFailures(given).track(seeded(chance));
        let now = 0;
        let until = 0;
        for (const { outcome, afterMs } of sequence) {
          const before = now;
          now += afterMs;
          if (until > before && until <= now) tracker.restored(until);
          const forMs = tracker.observe(outcome, now);
          if (forMs === 0) continue;
          assert.ok(forMs >= given.baseMs && forMs <= given.maxMs * (1 + 1e-12), `${forMs} ms`);
          assert.ok(!['success', 'rate-limited'].includes(outcome));
          assert.ok(now >= until);
          until = now + forMs;
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
