import assert from 'node:assert/strict';
import fc from 'fast-check';
import { roundRobin } from '@evenkeel/core';
import type { Endpoint, Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../conformance/endpoints.ts';
import { ANY_PICK } from '../conformance/strategy.ts';

const weights = fc.array(fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 65_535 })), {
  minLength: 1,
  maxLength: 20,
});
const seed = fc.integer();

function totalOf(endpoints: readonly Endpoint[]): number {
  return endpoints.reduce((sum, { weight }) => sum + weight, 0);
}

describe('roundRobin() for any weights', () => {
  it('never strays from a share by more than the others can hold a pick up', () => {
    fc.assert(
      fc.property(weights, seed, fc.integer({ min: 1, max: 2_000 }), (given, chance, picks) => {
        const endpoints = stubEndpoints(given);
        const picker = roundRobin().build(endpoints, seeded(chance), undefined);
        const hits = new Map(endpoints.map((endpoint) => [endpoint, 0]));
        const total = totalOf(endpoints);
        for (let i = 1; i <= picks; i++) {
          const endpoint = picker.pick(ANY_PICK)!;
          hits.set(endpoint, hits.get(endpoint)! + 1);
        }
        for (const endpoint of endpoints) {
          const expected = (picks * endpoint.weight) / total;
          // One pick for its own phase, and its share of one pick of each other endpoint for theirs.
          const bound = 1 + (endpoints.length * endpoint.weight) / total;
          assert.ok(Math.abs(hits.get(endpoint)! - expected) <= bound + 1e-6);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('repeats itself exactly after as many picks as the weights add up to', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), seed, (given, chance) => {
        const endpoints = stubEndpoints(given);
        const picker = roundRobin().build(endpoints, seeded(chance), undefined);
        const round = Array.from({ length: totalOf(endpoints) }, () => picker.pick(ANY_PICK)!);
        for (const endpoint of endpoints) {
          assert.equal(round.filter((picked) => picked === endpoint).length, endpoint.weight);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('is bounded in what it owes after any mix of picks, charges and rebuilds', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('pick' as const), times: fc.integer({ min: 1, max: 30 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('charge' as const), times: fc.integer({ min: 1, max: 200 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebuild' as const), times: fc.constant(1) }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.array(step, { maxLength: 40 }), seed, (n, steps, chance) => {
        const endpoints = stubEndpoints(Array.from({ length: n }, () => 1));
        const random = seeded(chance);
        let picker: Picker = roundRobin().build<Endpoint>(endpoints, random, undefined);
        for (const { kind, times } of steps) {
          const endpoint = endpoints[random.below(n)]!;
          if (kind === 'rebuild') picker = roundRobin().build<Endpoint>(endpoints, random, picker);
          for (let i = 0; i < times && kind !== 'rebuild'; i++) {
            if (kind === 'pick') picker.pick(ANY_PICK);
            else picker.charge!(endpoint);
          }
        }
        // Whatever happened before, everyone is picked again within a few rounds.
        const picked = new Set(Array.from({ length: 6 * n }, () => picker.pick(ANY_PICK)));
        assert.equal(picked.size, n);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
