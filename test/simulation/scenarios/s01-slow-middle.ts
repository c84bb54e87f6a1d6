import { hedging } from '@evenkeel/core';
import { constantArrivals } from '../arrivals.ts';
import type { Experiment } from '../experiment.ts';
import { run } from '../experiment.ts';
import { during, fixedServer, latencyServer } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { SuiteScenario, Trial } from '../suite.ts';
import { atLeast, atMost } from '../suite.ts';

const PUBLISHED: Readonly<Record<string, string>> = { roundRobin: '95 %', leastRequest: '99 %', peakEwma: '99.9 %' };

function experiment({ seed, strategy }: Trial): Experiment {
  return {
    seed,
    strategy,
    servers: (random) =>
      many(11, (index) => {
        const well = latencyServer(167, 5, random);
        return index === 5 ? during(15_000, 45_000, fixedServer(2_000), well) : well;
      }),
    load: () => ({ arrivals: constantArrivals(1_000) }),
    durationMs: 60_000,
  };
}

/** One of eleven servers takes 2 s for everything, for half of a minute. */
export const slowMiddle: SuiteScenario = {
  id: 'S1',
  title: 'One of eleven servers is slow for a while',
  source: 'Linkerd, "Beyond Round Robin" (2016)',
  strategies: ['roundRobin', 'random', 'leastRequest', 'peakEwma', 'prequal'],
  held: ['peakEwma'],
  measure(trial) {
    const plain = run(experiment(trial));
    trial.plot(plain.latencies);
    const published = PUBLISHED[trial.name];
    const isDefault = trial.name === 'peakEwma';
    const bar = isDefault ? atLeast(99.95, ' %') : undefined;
    const findings = [
      {
        measure: 'answered within 1 s',
        value: plain.latencies.percentWithin(1_000),
        unit: ' %',
        digits: 3,
        published,
        bar,
      },
      { measure: 'p99', value: plain.latencies.percentile(99), unit: ' ms' },
    ];
    if (!isDefault) return findings;
    // Adds 2 % at most. Its delay is one that ordinary answers never reach, so all of that is left for when it is needed.
    const hedged = run({ ...experiment(trial), hedge: () => hedging() });
    trial.plot(hedged.latencies, `${trial.name}, hedged`);
    return [
      ...findings,
      {
        measure: 'within 1 s, hedging()',
        value: hedged.latencies.percentWithin(1_000),
        unit: ' %',
        digits: 3,
        bar: atLeast(99.99, ' %'),
      },
      {
        measure: 'hedges, hedging()',
        value: (100 * hedged.hedges) / hedged.latencies.count,
        unit: ' %',
        digits: 2,
        bar: atMost(2, ' %'),
      },
    ];
  },
};
