import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProbeState } from '../../packages/core/src/health/probe-state.ts';

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
