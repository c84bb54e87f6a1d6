import assert from 'node:assert/strict';
import fc from 'fast-check';
import { loadReported } from '@evenkeel/core';
import type { Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../conformance/endpoints.ts';
import type { StubEndpoint } from '../conformance/endpoints.ts';
import { reportOf } from '../conformance/reports.ts';
import { ANY_PICK } from '../conformance/strategy.ts';

/** Whatever a double can be: also NaN, infinite, negative, zero, and the least and greatest ones. */
const anything = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, -0, -1, 5e-324, 1e-300, 1e300, Number.MAX_VALUE),
);
const hostile = fc.record({
  requestsPerSecond: anything,
  utilization: anything,
  errorsPerSecond: anything,
  receivedAt: anything,
});
const PICKS = 2_000;

function hitsOf(endpoints: readonly StubEndpoint[], picker: Picker<StubEndpoint>, now: number): number[] {
  const hits = endpoints.map(() => 0);
  for (let i = 0; i < PICKS; i++) hits[endpoints.indexOf(picker.pick({ ...ANY_PICK, now })!)]!++;
  return hits;
}

describe('loadReported() with any reports', () => {
  it('always picks, and starves nobody, though all of them lie', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hostile, { minLength: 2, maxLength: 5 }), { maxLength: 5 }), (rounds) => {
        const endpoints = stubEndpoints([1, 1, 1, 1, 1]);
        const picker = loadReported({ blackoutMs: 0 }).build(endpoints, seeded(), undefined);
        rounds.forEach((reports, round) => {
          reports.forEach((report, i) => (endpoints[i]!.report = reportOf(report)));
          const hits = hitsOf(endpoints, picker, round * 1_000);
          // A tenth of the median one beside four of ten times that one.
          assert.ok(Math.min(...hits) >= PICKS * (0.1 / 40.1) - 2, hits.join());
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('keeps the traffic of one that lies within a factor of ten of what the others get', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 6 }), fc.integer(), (report, honest, seed) => {
        const endpoints = stubEndpoints(Array.from({ length: honest + 1 }, () => 1));
        for (const endpoint of endpoints) {
          endpoint.report = reportOf({ requestsPerSecond: 100, utilization: 0.5, errorsPerSecond: 0 });
        }
        endpoints[0]!.report = reportOf({ ...report, receivedAt: 0 });
        const picker = loadReported({ blackoutMs: 0 }).build(endpoints, seeded(seed), undefined);
        const [lying, ...others] = hitsOf(endpoints, picker, 0);
        for (const count of others) {
          assert.ok(lying! <= 10 * count + 22 && count <= 10 * lying! + 22, `${lying} beside ${others.join()}`);
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
