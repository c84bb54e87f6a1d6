/**
 * What every strategy does with a set of endpoints that stays as it is.
 */
import assert from 'node:assert/strict';
import type { Endpoint, PickContext, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from './endpoints.ts';
import { ANY_PICK, assertShares, countPicks, pickOf } from './picks.ts';

export type Make = () => Strategy;

function pickIds(strategy: Strategy, seed: number, picks: number): (string | undefined)[] {
  const picker = strategy.build(stubEndpoints([3, 1, 2, 2, 1]), seeded(seed), undefined);
  const keys = seeded(2);
  return Array.from({ length: picks }, () => picker.pick(pickOf(keys))?.id);
}

/** First attempts and retries with all kinds of pasts, also of endpoints that are gone. */
function anyContexts(endpoints: readonly Endpoint[], count: number): PickContext[] {
  const chance = seeded(11);
  const gone = stubEndpoints([1])[0]!;
  return Array.from({ length: count }, (_, i) => {
    const tried = [gone, ...endpoints].filter(() => chance.below(3) === 0);
    return { ...pickOf(chance), now: i * 7.5, attempt: tried.length, tried: tried.length === 0 ? undefined : tried };
  });
}

export const STANDING_LAWS = {
  'picks only endpoints that it was built with'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3, 4]);
    const hits = countPicks(make().build(endpoints.slice(1, 3), seeded(), undefined), 1_000);
    assert.deepEqual(new Set(hits.keys()), new Set(endpoints.slice(1, 3)));
  },

  'picks the only endpoint there is'(make: Make) {
    const endpoints = stubEndpoints([7]);
    const picker = make().build(endpoints, seeded(), undefined);
    const keys = seeded();
    for (let i = 0; i < 10; i++) assert.equal(picker.pick(pickOf(keys)), endpoints[0]);
  },

  'never has no answer'(make: Make) {
    for (const weights of [[1], [65_535, 0.1], [3, 1, 2, 2, 1], Array.from({ length: 20 }, (_, i) => 0.3 + i)]) {
      const endpoints = stubEndpoints(weights);
      const picker = make().build(endpoints, seeded(), undefined);
      for (const context of anyContexts(endpoints, 500)) assert.ok(endpoints.includes(picker.pick(context)!));
    }
  },

  'respects the weights to 1 % while all endpoints are idle'(make: Make) {
    for (const [n, picks] of [
      [2, 200_000],
      [3, 200_000],
      [10, 400_000],
      [100, 400_000],
    ] as const) {
      const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => 1 + (i % 5)));
      assertShares(countPicks(make().build(endpoints, seeded(n), undefined), picks), endpoints, picks);
    }
  },

  'respects weights that are no whole numbers'(make: Make) {
    for (const n of [2, 5, 20]) {
      const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => [0.25, 0.1, 1.5, 0.7, 2.05][i % 5]!));
      assertShares(countPicks(make().build(endpoints, seeded(n), undefined), 200_000), endpoints, 200_000);
    }
  },

  'starves no endpoint, however small its weight'(make: Make) {
    const endpoints = stubEndpoints([1, 1_000, 1_000, 500]);
    const hits = countPicks(make().build(endpoints, seeded(), undefined), 50_000);
    assert.ok((hits.get(endpoints[0]!) ?? 0) > 0, 'weight 1 of 2501 is picked in 50 000 picks');
  },

  'gives equal picks for equal seeds'(make: Make) {
    assert.deepEqual(pickIds(make(), 5, 200), pickIds(make(), 5, 200));
  },

  'starts elsewhere for another seed, so that a fleet of processes is not in phase'(make: Make) {
    const first = new Set<string | undefined>();
    for (let seed = 0; seed < 60; seed++) {
      const picker = make().build(stubEndpoints([3, 1, 2, 2, 1]), seeded(seed), undefined);
      first.add(picker.pick(ANY_PICK)?.id);
    }
    assert.equal(first.size, 5);
  },

  'changes nothing about an endpoint'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3]).map((endpoint) => Object.freeze(endpoint));
    countPicks(make().build(endpoints, seeded(), undefined), 100);
  },

  'prefers an endpoint that was not tried yet'(make: Make) {
    for (const n of [3, 20]) {
      const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => (i === 0 ? 60_000 : 1)));
      const picker = make().build(endpoints, seeded(), undefined);
      const keys = seeded();
      for (let i = 0; i < 100; i++) {
        const left = endpoints[i % n]!;
        const tried = endpoints.filter((endpoint) => endpoint !== left);
        assert.equal(picker.pick({ ...pickOf(keys), attempt: n - 1, tried }), left);
      }
    }
  },

  'picks an endpoint that was tried rather than none'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3]);
    const picker = make().build(endpoints, seeded(), undefined);
    assert.ok(endpoints.includes(picker.pick({ ...ANY_PICK, attempt: 3, tried: endpoints })!));
  },

  'explains a pick without moving anything'(make: Make) {
    for (const weights of [[2], [3, 1, 2, 2, 1], Array.from({ length: 20 }, (_, i) => 1 + (i % 3))]) {
      const endpoints = stubEndpoints(weights).map((endpoint) => Object.freeze(endpoint));
      const asked = make().build(endpoints, seeded(3), undefined);
      const silent = make().build(endpoints, seeded(3), undefined);
      for (const context of anyContexts(endpoints, 400)) {
        const explanation = asked.explain!(context);
        assert.deepEqual(asked.explain!(context), explanation, 'the same question has the same answer');
        assert.equal(asked.pick(context), silent.pick(context), 'the question changes no pick');
      }
    }
  },

  'names every endpoint that it could pick when it explains, and no other'(make: Make) {
    for (const weights of [[2], [3, 1, 2, 2, 1], Array.from({ length: 20 }, (_, i) => 1 + (i % 3))]) {
      const endpoints = stubEndpoints(weights);
      const picker = make().build(endpoints, seeded(3), undefined);
      for (const context of anyContexts(endpoints, 400)) {
        const { regime, candidates } = picker.explain!(context);
        const named = candidates.map(({ endpoint }) => endpoint);
        assert.ok(regime.length > 0);
        assert.equal(new Set(named).size, named.length, 'each one once');
        assert.ok(named.every((endpoint) => endpoints.some((known) => known === endpoint)));
        assert.ok(named.includes(picker.pick(context)!));
      }
    }
  },
} as const;
