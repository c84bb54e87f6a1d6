import assert from 'node:assert/strict';
import fc from 'fast-check';
import { weightedRoundRobin } from '@evenkeel/core';
import type { Endpoint, Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../conformance/endpoints.ts';
import type { StubEndpoint } from '../conformance/endpoints.ts';
import { ANY_PICK, countPicks } from '../conformance/strategy.ts';

const weight = fc.oneof(
  fc.integer({ min: 1, max: 10 }),
  fc.integer({ min: 1, max: 65_535 }),
  fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
);
const weights = fc.array(weight, { minLength: 1, maxLength: 20 });
const seed = fc.integer();

function totalOf(endpoints: readonly Endpoint[]): number {
  return endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
}

function build<E extends Endpoint>(endpoints: readonly E[], chance: number, previous?: Picker<E>): Picker<E> {
  return weightedRoundRobin().build(endpoints, seeded(chance), previous);
}

describe('weightedRoundRobin() for any weights', () => {
  it('never strays from a share by more than the others can hold a pick up', () => {
    fc.assert(
      fc.property(weights, seed, fc.integer({ min: 1, max: 2_000 }), (given, chance, picks) => {
        const endpoints = stubEndpoints(given);
        const hits = countPicks(build(endpoints, chance), picks);
        const total = totalOf(endpoints);
        for (const endpoint of endpoints) {
          const share = endpoint.weight / total;
          // One pick for its own phase, and its share of one pick of each other endpoint for theirs and of the slot under way.
          const bound = 1 + (endpoints.length + 1) * share;
          assert.ok(Math.abs((hits.get(endpoint) ?? 0) - picks * share) <= bound + 1e-6);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('gives each endpoint exactly its weight in the first as many picks as whole weights add up to, and in all that follow', () => {
    const whole = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(whole, seed, (given, chance) => {
        const endpoints = stubEndpoints(given);
        const picker = build(endpoints, chance);
        for (let round = 0; round < 5; round++) {
          const hits = countPicks(picker, totalOf(endpoints));
          for (const endpoint of endpoints) assert.equal(hits.get(endpoint), endpoint.weight);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('gives what all weights of the past add up to, whatever changes at each rebuild', () => {
    const step = fc.record({
      factors: fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
    });
    const steps = fc.array(step, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8 }),
        steps,
        fc.integer({ min: 1, max: 20 }),
        seed,
        (n, given, picks, chance) => {
          const endpoints = stubEndpoints(Array.from({ length: n }, () => 1));
          const expected = new Float64Array(n);
          const hits = new Float64Array(n);
          let picker: Picker<StubEndpoint> | undefined;
          for (const { factors } of given) {
            endpoints.forEach((endpoint, i) => (endpoint.weight = factors[i]!));
            picker = build(endpoints, chance, picker);
            for (let i = 0; i < picks; i++) hits[endpoints.indexOf(picker.pick(ANY_PICK)!)]!++;
            endpoints.forEach((endpoint, i) => (expected[i]! += (picks * endpoint.weight) / totalOf(endpoints)));
          }
          // Rebuilds come in the middle of rounds, and what was left of a round is scaled: a part of a turn each time, either way.
          const drift = 2 + 0.5 * Math.sqrt(given.length);
          hits.forEach((count, i) => assert.ok(Math.abs(count - expected[i]!) <= drift, `${count} for ${expected[i]}`));
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it('is bounded in what it owes after any mix of picks, retries, charges and rebuilds', () => {
    const kind = fc.constantFrom('pick' as const, 'retry' as const, 'charge' as const, 'rebuild' as const);
    const step = fc.record({ kind, times: fc.integer({ min: 1, max: 200 }) });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.array(step, { maxLength: 40 }), seed, (n, steps, chance) => {
        const endpoints = stubEndpoints(Array.from({ length: n }, () => 1));
        const random = seeded(chance);
        let picker = build<Endpoint>(endpoints, chance);
        for (const { kind: what, times } of steps) {
          const endpoint = endpoints[random.below(n)]!;
          if (what === 'rebuild') picker = build<Endpoint>(endpoints, chance, picker);
          for (let i = 0; i < times && what !== 'rebuild'; i++) {
            if (what === 'pick') picker.pick(ANY_PICK);
            else if (what === 'charge') picker.charge!(endpoint);
            else assert.notEqual(picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoint] }), endpoint);
          }
        }
        // Whatever happened before, everyone is picked again within a few rounds.
        const picked = new Set(Array.from({ length: 6 * n }, () => picker.pick(ANY_PICK)));
        assert.equal(picked.size, n);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
