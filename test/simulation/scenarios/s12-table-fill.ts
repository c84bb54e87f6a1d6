import { createCluster } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { MaglevTable } from '../../../packages/core/src/lib/maglev-table.ts';
import { membersOf } from '../../../packages/core/src/lib/members.ts';
import type { SuiteScenario, Trial } from '../suite.ts';
import { atMost } from '../suite.ts';

const ENDPOINTS = 1_000;
const SIZES = [65_537, 655_373] as const;
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  ringHash: ['29.7 %', '10.3 %'],
  rendezvousHash: ['49.5 %', '12.3 %'],
};
/** Slots are whole: no table can do better than the next whole number above a fair share. */
const LEAST = SIZES.map((size) => 100 * (Math.ceil(size / ENDPOINTS) / (size / ENDPOINTS) - 1));

const ids = Array.from({ length: ENDPOINTS }, (_, i) => `http://s${i}.test`);

/** How many of so many slots are each endpoint's: the table's own, or as many keys where there is no table. */
function shares(size: number, { name, strategy, seed }: Trial): readonly number[] {
  if (name === 'maglev')
    return [...new MaglevTable(membersOf(ids, 0), new Float64Array(ENDPOINTS).fill(1), size).shares()];
  const clock = { now: () => 0, schedule: () => () => undefined };
  const cluster = createCluster({ endpoints: ids, strategy: strategy(), random: seeded(seed), clock });
  const hits = new Map<string, number>();
  for (let key = 1; key <= size; key++) {
    const { id } = cluster.pick({ now: 0, key, attempt: 0, preferred: undefined, tried: undefined })!;
    hits.set(id, (hits.get(id) ?? 0) + 1);
  }
  return [...hits.values()];
}

/** How much more than its share the fullest endpoint has. */
export const tableFill: SuiteScenario = {
  id: 'S12',
  title: 'A thousand endpoints in a table of hashes',
  source: 'Maglev (NSDI 2016), section 5.3',
  strategies: ['maglev', 'ringHash', 'rendezvousHash'],
  isSlow: true,
  measure: (trial) =>
    SIZES.map((size, index) => ({
      measure: `most over its share, ${size} slots`,
      value: 100 * (Math.max(...shares(size, trial)) / (size / ENDPOINTS) - 1),
      unit: ' %',
      digits: 2,
      published: PUBLISHED[trial.name]?.[index] ?? 'near 0',
      bar: trial.name === 'maglev' ? atMost(Number(LEAST[index]!.toFixed(2)) + 0.01, ' %') : undefined,
    })),
};
