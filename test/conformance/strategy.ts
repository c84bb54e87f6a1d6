/**
 * The laws that every strategy keeps. A strategy's own test calls `describeStrategy` and adds what only that strategy promises.
 */
import assert from 'node:assert/strict';
import type { Endpoint, PickContext, Picker, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from './endpoints.ts';

/** A first attempt that hangs on nothing. */
export const ANY_PICK: PickContext = { now: 0, key: 0, attempt: 0, preferred: undefined, tried: undefined };

type Make = () => Strategy;

/** How often each endpoint comes in `picks` picks. */
export function countPicks<E extends Endpoint>(picker: Picker<E>, picks: number): Map<E, number> {
  const hits = new Map<E, number>();
  for (let i = 0; i < picks; i++) {
    const endpoint = picker.pick(ANY_PICK)!;
    hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
  }
  return hits;
}

function pickIds(strategy: Strategy, seed: number, picks: number): (string | undefined)[] {
  const picker = strategy.build(stubEndpoints([3, 1, 2, 2, 1]), seeded(seed), undefined);
  return Array.from({ length: picks }, () => picker.pick(ANY_PICK)?.id);
}

/** Every share is right to 1 %, and to four standard deviations of as many independent draws: a strategy may use chance. */
function assertShares(hits: ReadonlyMap<Endpoint, number>, endpoints: readonly Endpoint[], picks: number): void {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  for (const endpoint of endpoints) {
    const share = endpoint.weight / total;
    const error = Math.abs((hits.get(endpoint) ?? 0) / (picks * share) - 1);
    const chance = 4 * Math.sqrt((1 - share) / (picks * share));
    assert.ok(error < 0.01 + chance, `${endpoint.id} of ${endpoints.length} is off by ${(error * 100).toFixed(2)} %`);
  }
}

const LAWS = {
  'picks only endpoints that it was built with'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3, 4]);
    const hits = countPicks(make().build(endpoints.slice(1, 3), seeded(), undefined), 1_000);
    assert.deepEqual(new Set(hits.keys()), new Set(endpoints.slice(1, 3)));
  },

  'picks the only endpoint there is'(make: Make) {
    const endpoints = stubEndpoints([7]);
    const picker = make().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 10; i++) assert.equal(picker.pick(ANY_PICK), endpoints[0]);
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

  'starves no endpoint, however small its weight'(make: Make) {
    const endpoints = stubEndpoints([1, 1_000, 1_000, 500]);
    const hits = countPicks(make().build(endpoints, seeded(), undefined), 50_000);
    assert.ok((hits.get(endpoints[0]!) ?? 0) > 0, 'weight 1 of 2501 is picked in 50 000 picks');
  },

  'keeps the shares if it is rebuilt all the time'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3, 4, 5, 5, 4, 3, 2, 1]);
    const random = seeded();
    const strategy = make();
    const hits = new Map<Endpoint, number>();
    let picker: Picker | undefined;
    for (let i = 0; i < 50_000; i++) {
      picker = strategy.build<Endpoint>(endpoints, random, picker);
      for (const [endpoint, count] of countPicks(picker, 2)) hits.set(endpoint, (hits.get(endpoint) ?? 0) + count);
    }
    assertShares(hits, endpoints, 100_000);
  },

  'gives equal picks for equal seeds'(make: Make) {
    assert.deepEqual(pickIds(make(), 5, 200), pickIds(make(), 5, 200));
  },

  'starts elsewhere for another seed, so that a fleet of processes is not in phase'(make: Make) {
    const strategy = make();
    const first = new Set(Array.from({ length: 60 }, (_, seed) => pickIds(strategy, seed, 1)[0]));
    assert.equal(first.size, 5);
  },

  'changes nothing about an endpoint'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3]).map((endpoint) => Object.freeze(endpoint));
    countPicks(make().build(endpoints, seeded(), undefined), 100);
  },

  'prefers an endpoint that was not tried yet'(make: Make) {
    for (const n of [3, 20]) {
      const endpoints = stubEndpoints(Array.from({ length: n }, (_, i) => (i === 0 ? 60_000 : 1)));
      const tried = endpoints.slice(0, -1);
      const picker = make().build(endpoints, seeded(), undefined);
      for (let i = 0; i < 50; i++) assert.equal(picker.pick({ ...ANY_PICK, attempt: 1, tried }), endpoints.at(-1));
    }
  },

  'picks an endpoint that was tried rather than none'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3]);
    const picker = make().build(endpoints, seeded(), undefined);
    assert.ok(endpoints.includes(picker.pick({ ...ANY_PICK, attempt: 3, tried: endpoints })!));
  },
} as const;

/** A law that a strategy does not keep, and why that is right. */
export interface SkippedLaw {
  readonly law: keyof typeof LAWS;
  readonly reason: string;
}

/** Defines one test per law. */
export function describeStrategy(
  name: string,
  make: Make,
  options: { readonly skip?: readonly SkippedLaw[] } = {},
): void {
  describe(`${name} as a strategy`, () => {
    for (const [law, check] of Object.entries(LAWS)) {
      const skipped = options.skip?.find((entry) => entry.law === law);
      if (skipped === undefined) it(law, () => check(make));
      else it.skip(`${law} (${skipped.reason})`);
    }
  });
}
