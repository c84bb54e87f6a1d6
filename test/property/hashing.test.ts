import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maglev, rendezvousHash, ringHash } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../conformance/endpoints.ts';
import type { StubEndpoint } from '../conformance/endpoints.ts';
import { ANY_PICK } from '../conformance/strategy.ts';

const STRATEGIES = {
  rendezvousHash,
  ringHash: (options: object) => ringHash({ ...options, maxRingSize: 4_096 }),
  maglev: (options: object) => maglev({ ...options, tableSize: 251 }),
} as const;

const member = fc.record({
  weight: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.double({ min: 0.1, max: 65_535, noNaN: true })),
  inflight: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(10_000)),
});
const members = fc.uniqueArray(fc.tuple(fc.nat(1_000), member), {
  minLength: 1,
  maxLength: 40,
  selector: ([id]) => id,
});
const key = fc.integer({ min: 0, max: 2 ** 32 - 1 });

type Given = readonly (readonly [number, { weight: number; inflight: number }])[];

function endpointsOf(given: Given): StubEndpoint[] {
  return stubEndpoints(given.map(() => 1)).map((endpoint, i) =>
    Object.assign(endpoint, { id: `http://10.0.0.1:${given[i]![0]}`, ...given[i]![1] }),
  );
}

for (const [name, make] of Object.entries(STRATEGIES)) {
  describe(`${name}() with any members`, () => {
    it('never goes above a bound on load, whatever is in flight and whoever comes and goes', () => {
      fc.assert(
        fc.property(
          members,
          fc.double({ min: 1.01, max: 10, noNaN: true }),
          fc.array(key, { maxLength: 30 }),
          fc.nat(),
          (given, factor, keys, leaves) => {
            const all = endpointsOf(given);
            const strategy = make({ boundedLoad: { factor } });
            const random = seeded(leaves);
            let picker = strategy.build(all, random, undefined);
            let left: readonly StubEndpoint[] = all;
            keys.forEach((each, i) => {
              if (i % 5 === 4) {
                left = all.filter((_, index) => index !== (leaves + i) % all.length || all.length === 1);
                picker = strategy.build(left, random, picker);
              }
              const total = left.reduce((sum, { inflight }) => sum + inflight, 0);
              const weight = left.reduce((sum, endpoint) => sum + endpoint.weight, 0);
              const picked = picker.pick({ ...ANY_PICK, key: each })!;
              const bound = Math.ceil((factor * (total + 1) * picked.weight) / weight);
              assert.ok(picked.inflight + 1 <= bound || picked.inflight === 0, `${picked.inflight + 1} of ${bound}`);
              picked.inflight++;
              if (random.below(3) === 0) all[random.below(all.length)]!.inflight = 0;
            });
          },
        ),
        { seed: 1, numRuns: 200 },
      );
    });

    it('picks one that was not tried if there is one, and says so beforehand', () => {
      fc.assert(
        fc.property(members, fc.boolean(), key, fc.nat(40), (given, isBounded, each, tries) => {
          const endpoints = endpointsOf(given);
          const tried = endpoints.slice(0, tries);
          const picker = make(isBounded ? { boundedLoad: { factor: 1.25 } } : {}).build(endpoints, seeded(), undefined);
          const context = { ...ANY_PICK, key: each, attempt: tries, tried };
          const explained = picker.explain!(context).candidates.map(({ endpoint }) => endpoint);
          const picked: Endpoint = picker.pick(context)!;
          assert.ok(
            tries >= endpoints.length
              ? endpoints.includes(picked as StubEndpoint)
              : !tried.includes(picked as StubEndpoint),
          );
          if (each !== 0) assert.equal(explained[0], picked);
        }),
        { seed: 2, numRuns: 300 },
      );
    });
  });
}

describe('rendezvousHash() with any members', () => {
  it('moves a key only to an endpoint that has come or grown, or away from one that has gone or shrunk', () => {
    fc.assert(
      fc.property(
        members,
        fc.array(key, { minLength: 50, maxLength: 50 }),
        fc.nat(),
        fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 20, noNaN: true })),
        (given, keys, at, factor) => {
          const before = endpointsOf(given);
          const changed = before[at % before.length]!;
          const after = before
            .map((endpoint) => (endpoint === changed ? { ...endpoint, weight: endpoint.weight * factor } : endpoint))
            .filter(({ weight }) => weight > 0);
          if (after.length === 0) return;
          const [one, two] = [before, after.toReversed()].map((set) =>
            rendezvousHash().build(set, seeded(), undefined),
          );
          for (const each of keys.filter((value) => value !== 0)) {
            const [from, to] = [one!.pick({ ...ANY_PICK, key: each })!.id, two!.pick({ ...ANY_PICK, key: each })!.id];
            assert.ok(from === to || (factor > 1 ? to : from) === changed.id);
          }
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });
});
