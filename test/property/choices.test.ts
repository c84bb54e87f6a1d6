import assert from 'node:assert/strict';
import fc from 'fast-check';
import { leastRequest, peakEwma } from '@evenkeel/core';
import type { Endpoint, Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../conformance/endpoints.ts';
import type { StubEndpoint } from '../conformance/endpoints.ts';
import { ANY_PICK } from '../conformance/strategy.ts';

const state = fc.record({
  weight: fc.integer({ min: 1, max: 65_535 }),
  inflight: fc.integer({ min: 0, max: 1_000 }),
  latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  waitingMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
});
const options = fc.record({ choices: fc.integer({ min: 1, max: 16 }), fullScanUpTo: fc.integer({ min: 0, max: 64 }) });

function endpointsIn(states: readonly (typeof state extends fc.Arbitrary<infer S> ? S : never)[]): StubEndpoint[] {
  return stubEndpoints(states.map(() => 1)).map((endpoint, i) => Object.assign(endpoint, states[i]));
}

describe('leastRequest() and peakEwma() in any state', () => {
  it('pick one of the endpoints, and one that was not tried if there is one', () => {
    const states = fc.array(state, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(states, options, fc.integer(), fc.nat(20), (given, chosen, chance, tries) => {
        const endpoints = endpointsIn(given);
        const tried = endpoints.slice(0, tries);
        for (const make of [leastRequest, peakEwma]) {
          const picker = make(chosen).build(endpoints, seeded(chance), undefined);
          for (let i = 0; i < 5; i++) {
            const picked = picker.pick({ ...ANY_PICK, tried })!;
            assert.ok(endpoints.includes(picked));
            assert.ok(tries >= endpoints.length || !tried.includes(picked));
          }
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('never pick an endpoint over one of the same weight with fewer requests in flight, where all are compared', () => {
    const states = fc.array(state, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(states, fc.constantFrom(1, 3, 65_535), fc.integer(), (given, weights, chance) => {
        const endpoints = endpointsIn(given);
        for (const endpoint of endpoints) endpoint.weight = 1 + (endpoint.weight % weights);
        const picker = leastRequest({ fullScanUpTo: 64 }).build(endpoints, seeded(chance), undefined);
        const picked = picker.pick(ANY_PICK)!;
        const rivals = endpoints.filter(({ weight }) => weight === picked.weight);
        assert.equal(picked.inflight, Math.min(...rivals.map(({ inflight }) => inflight)));
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  it('are a few turns at most from what the weights say after any mix of load, retries, charges and rebuilds', () => {
    const kind = fc.constantFrom(
      'pick' as const,
      'retry' as const,
      'charge' as const,
      'rebuild' as const,
      'load' as const,
    );
    const steps = fc.array(fc.record({ kind, times: fc.integer({ min: 1, max: 400 }) }), { maxLength: 40 });
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(weights, steps, fc.integer(), (given, mix, chance) => {
        const endpoints = stubEndpoints([...given, 10]);
        const random = seeded(chance);
        let picker: Picker = leastRequest().build<Endpoint>(endpoints, random, undefined);
        for (const { kind: what, times } of mix) {
          const endpoint = endpoints[random.below(endpoints.length)]!;
          if (what === 'load') endpoint.inflight = random.below(50);
          if (what === 'rebuild') picker = leastRequest().build<Endpoint>(endpoints, random, picker);
          for (let i = 0; i < times; i++) {
            if (what === 'pick') picker.pick(ANY_PICK);
            else if (what === 'charge') picker.charge!(endpoint);
            else if (what === 'retry') {
              assert.notEqual(picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoint] }), endpoint);
            }
          }
        }
        for (const endpoint of endpoints) endpoint.inflight = 0;
        const total = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
        const hits = new Map<Endpoint, number>();
        for (let i = 0; i < 10 * total; i++) {
          const endpoint = picker.pick(ANY_PICK)!;
          hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
        }
        for (const endpoint of endpoints) {
          const owed = (hits.get(endpoint) ?? 0) - 10 * endpoint.weight;
          // Two turns and a bit of its own, and its part of the slots that the hand may be behind, or somebody ahead.
          const bound = 3 + (4 * endpoints.length * endpoint.weight) / total;
          assert.ok(Math.abs(owed) <= bound, `${owed} for a weight of ${endpoint.weight} of ${total}`);
        }
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
