import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LatencyHistogram } from '../../packages/core/src/lib/latency-histogram.ts';

/** Latencies of all magnitudes. */
const latencyMs = fc.double({ min: Math.log(0.1), max: Math.log(900_000), noNaN: true }).map(Math.exp);

const steps = fc.array(
  fc.record({
    latencyMs,
    afterMs: fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 300, noNaN: true }),
      fc.double({ min: 0, max: 3e4, noNaN: true }),
    ),
  }),
  { minLength: 1, maxLength: 200 },
);

describe('LatencyHistogram for any latencies', () => {
  it('is within 5 % of the exact percentile of what lies in the window', () => {
    const percent = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(99.5, 99.9));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 10_000 }), percent, steps, (windowMs, share, sequence) => {
        const histogram = new LatencyHistogram(windowMs);
        const slot = (at: number): number => Math.floor(at / (windowMs / 10));
        const seen: { at: number; ms: number }[] = [];
        let now = 0;
        for (const { latencyMs: ms, afterMs } of sequence) {
          now += afterMs;
          histogram.observe(ms, now);
          seen.push({ at: now, ms });
          const counted = seen.filter(({ at }) => slot(at) > slot(now) - 10).map((each) => each.ms);
          assert.equal(histogram.countAt(now), counted.length);
          counted.sort((a, b) => a - b);
          const exact = counted[Math.max(0, Math.ceil((share * counted.length) / 100 - 1e-9) - 1)]!;
          const ratio = histogram.percentileAt(share, now) / exact;
          assert.ok(ratio > 0.95 && ratio < 1.05, `${ratio}`);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
