/**
 * What every strategy does while the set of endpoints and their weights change, which a rebuild makes known to it.
 */
import assert from 'node:assert/strict';
import type { Endpoint, Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from './endpoints.ts';
import { addPicks, assertShares, chanceOf, countPicks } from './picks.ts';
import type { Make } from './strategy-laws.ts';

/** How much more or less than its share an endpoint may get during one step of a slow start, as a factor, beside chance. */
const STEP_FACTOR = 1.25;

export const CHANGE_LAWS = {
  'keeps the shares if it is rebuilt all the time'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3, 4, 5, 5, 4, 3, 2, 1]);
    const random = seeded();
    const keys = seeded(2);
    const strategy = make();
    const hits = new Map<Endpoint, number>();
    let picker: Picker | undefined;
    for (let i = 0; i < 50_000; i++) {
      picker = strategy.build<Endpoint>(endpoints, random, picker);
      addPicks(hits, countPicks(picker, 2, keys));
    }
    assertShares(hits, endpoints, 100_000);
  },

  'keeps the shares of the others when an endpoint comes or goes'(make: Make) {
    const endpoints = stubEndpoints([1, 2.5, 3, 2, 4, 1, 2]);
    const random = seeded();
    const strategy = make();
    let picker: Picker | undefined;
    for (const members of [endpoints.slice(0, 6), endpoints, endpoints.slice(1), endpoints]) {
      picker = strategy.build<Endpoint>(members, random, picker);
      assertShares(countPicks(picker, 50_000), members, 50_000);
    }
  },

  'keeps every share while an endpoint comes and goes all the time'(make: Make) {
    const endpoints = stubEndpoints([1, 2, 3, 2, 4, 3]);
    const others = endpoints.slice(0, 5);
    const random = seeded();
    const keys = seeded(2);
    const strategy = make();
    const all = { hits: new Map<Endpoint, number>(), picks: 0 };
    const without = { hits: new Map<Endpoint, number>(), picks: 0 };
    let picker: Picker | undefined;
    for (let i = 0; i < 2_000; i++) {
      const [members, sum] = i % 2 === 0 ? [others, without] : [endpoints, all];
      // Not always as many, or the turns of an endpoint fall into one half time and again.
      const picks = 10 + keys.below(30);
      picker = strategy.build<Endpoint>(members, random, picker);
      addPicks(sum.hits, countPicks(picker, picks, keys));
      sum.picks += picks;
    }
    assertShares(without.hits, others, without.picks);
    assertShares(all.hits, endpoints, all.picks);
  },

  'gives an endpoint that starts slowly what its weight adds up to, step by step and without a burst'(make: Make) {
    const endpoints = stubEndpoints([1, 1, 1, 1, 1, 1, 1, 1, 1, 0.1]);
    const newcomer = endpoints[9]!;
    const random = seeded();
    const keys = seeded(2);
    const strategy = make();
    const picks = 2_000;
    let picker: Picker = strategy.build<Endpoint>(endpoints.slice(0, 9), random, undefined);
    countPicks(picker, 100, keys);
    let hits = 0;
    let expected = 0;
    for (let step = 1; step <= 10; step++) {
      newcomer.weight = step / 10;
      const share = newcomer.weight / (9 + newcomer.weight);
      let stepHits = 0;
      for (let i = 0; i < picks; i += 25) {
        picker = strategy.build<Endpoint>(endpoints, random, picker);
        stepHits += countPicks(picker, 25, keys).get(newcomer) ?? 0;
      }
      const chance = chanceOf(share, picks);
      assert.ok(stepHits <= picks * share * STEP_FACTOR + chance, `a burst: ${stepHits} at weight ${newcomer.weight}`);
      assert.ok(stepHits >= (picks * share) / STEP_FACTOR - chance, `only ${stepHits} at weight ${newcomer.weight}`);
      hits += stepHits;
      expected += picks * share;
    }
    assert.ok(Math.abs(hits - expected) < 0.02 * expected + chanceOf(expected / (10 * picks), 10 * picks), `${hits}`);
  },
} as const;
