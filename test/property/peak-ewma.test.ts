import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stateOf } from '../core/cluster/clusters.ts';

const windowMs = fc.double({ min: 1, max: 1e6, noNaN: true });
const samples = fc.array(
  fc.record({
    ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
    afterMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
  }),
  { minLength: 1, maxLength: 100 },
);

describe('the latency of an endpoint, for any samples', () => {
  it('never reads above the highest sample, nor below the last one when that is taken in', () => {
    fc.assert(
      fc.property(windowMs, samples, (window, given) => {
        const ewma = stateOf(window);
        let now = 0;
        let highest = 0;
        for (const { ms, afterMs } of given) {
          now += afterMs;
          highest = Math.max(highest, ms);
          ewma.answer(ms, now);
          const latency = ewma.latencyAt(now);
          assert.ok(latency <= highest * (1 + 1e-6) + 1e-6 && latency >= ms * (1 - 1e-6) - 1e-6);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('decays without a sample, never below zero', () => {
    fc.assert(
      fc.property(windowMs, samples, fc.double({ min: 0, max: 1e7, noNaN: true }), (window, given, later) => {
        const ewma = stateOf(window);
        let now = 0;
        for (const { ms, afterMs } of given) ewma.answer(ms, (now += afterMs));
        const readings = [0, later / 4, later / 2, later].map((after) => ewma.latencyAt(now + after));
        assert.deepEqual(
          readings,
          readings.toSorted((a, b) => b - a),
        );
        assert.ok(readings.every((reading) => reading >= 0));
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
