import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aimd, gradient2 } from '@evenkeel/core';
import type { Outcome } from '@evenkeel/core';

const OUTCOMES: readonly Outcome[] = [
  'success',
  'success',
  'success',
  'server-error',
  'rate-limited',
  'timeout',
  'reset',
  'connect-error',
];

const limits = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }))
  .map((three) => three.toSorted((a, b) => a - b))
  .map(([minLimit, initialLimit, maxLimit]) => ({
    minLimit: minLimit!,
    initialLimit: initialLimit!,
    maxLimit: maxLimit!,
  }));

const steps = fc.array(
  fc.record({
    outcome: fc.constantFrom(...OUTCOMES),
    latencyMs: fc.double({ min: 0, max: 2e4, noNaN: true }),
    used: fc.double({ min: 0, max: 1.2, noNaN: true }),
    afterMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
    times: fc.integer({ min: 1, max: 30 }),
  }),
  { maxLength: 200 },
);

for (const make of [aimd, gradient2]) {
  describe(`${make.name}() for any attempts`, () => {
    it('is a whole number from minLimit to maxLimit that no attempt moves by more than one up or a tenth down', () => {
      fc.assert(
        fc.property(limits, steps, (given, sequence) => {
          const limiter = make(given).start();
          assert.equal(limiter.limit, given.initialLimit);
          let now = 0;
          for (const { outcome, latencyMs, used, afterMs, times } of sequence) {
            for (let i = 0; i < times; i++) {
              now += afterMs;
              const before = limiter.limit;
              limiter.observe(outcome, latencyMs, Math.max(1, Math.round(before * used)), now);
              const { limit } = limiter;
              assert.ok(Number.isInteger(limit) && limit >= given.minLimit && limit <= given.maxLimit, `${limit}`);
              assert.ok(limit <= before + 1 && limit >= Math.floor(before * 0.9), `${before} to ${limit}`);
            }
          }
        }),
        { seed: 1, numRuns: 200 },
      );
    });
  });
}
