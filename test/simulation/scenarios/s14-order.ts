import { createCluster } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const PICKS = 14 * 5;

/** Two endpoints that are to take turns, eleven to three. */
export const order: SuiteScenario = {
  id: 'S14',
  title: 'Weights 11 and 3: the order of the picks',
  source: 'traefik/traefik#6205',
  strategies: ['roundRobin', 'weightedRoundRobin'],
  measure({ strategy, seed }) {
    const endpoints = [
      { url: 'http://a.test', weight: 11 },
      { url: 'http://b.test', weight: 3 },
    ];
    const clock = { now: () => 0, schedule: () => () => undefined };
    const cluster = createCluster({ endpoints, strategy: strategy(), random: seeded(seed), clock });
    const context = { now: 0, key: 0, attempt: 0, preferred: undefined, tried: undefined };
    const picks = Array.from({ length: PICKS }, () => cluster.pick(context)!.weight === 11);
    return [
      {
        measure: 'most that a stretch of picks is off',
        value: worstStretch(picks, 11 / 14),
        digits: 2,
        published: '1.93 (AAAAAAAAABABAB), 0.93 (AAABAAAABAAABA)',
        bar: atMost(1),
      },
    ];
  },
};

/** How far the count in any stretch is from the share that it should have. */
function worstStretch(picks: readonly boolean[], share: number): number {
  let worst = 0;
  for (let from = 0; from < picks.length; from++) {
    let count = 0;
    for (let to = from; to < picks.length; to++) {
      if (picks[to]!) count++;
      worst = Math.max(worst, Math.abs(count - share * (to - from + 1)));
    }
  }
  return worst;
}
