import assert from 'node:assert/strict';
import fc from 'fast-check';
import { leastRequest, peakEwma } from '@evenkeel/core';
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
});
