import { poissonArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';
import { fourteenFastTwoSlow } from './fleets.ts';

const REPETITIONS = 5;
const PUBLISHED: Readonly<Record<string, readonly [p99: string, p999: string]>> = {
  prequal: ['94.2 ms', '272 ms'],
  roundRobin: ['807 ms', '888 ms'],
  leastRequest: ['803 ms', '1007 ms'],
};

/** Two of sixteen servers are 16 times as slow for good. */
export const twoSlow: SuiteScenario = {
  id: 'S4',
  title: '14 fast servers and 2 that are 16 times as slow, 500 requests per second',
  source: 'sathwick-p/prequal, benchmark C2',
  strategies: ['roundRobin', 'random', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['peakEwma', 'prequal'],
  measure(trial) {
    const { name, strategy, seed } = trial;
    const results = Array.from({ length: REPETITIONS }, (_, repetition) =>
      run({
        seed: seed * 100 + repetition,
        strategy,
        servers: fourteenFastTwoSlow,
        load: (random) => ({ arrivals: poissonArrivals(500, random) }),
        warmUpMs: 15_000,
        durationMs: 315_000,
      }),
    );
    trial.plot(results[0]!.latencies);
    const worst = (percent: number): number =>
      Math.max(...results.map(({ latencies }) => latencies.percentile(percent)));
    const isBarred = name === 'prequal' || name === 'peakEwma';
    const [p99, p999] = PUBLISHED[name] ?? [];
    return [
      { measure: 'p50', value: worst(50), unit: ' ms' },
      {
        measure: 'p99, worst of 5',
        value: worst(99),
        unit: ' ms',
        published: p99,
        bar: isBarred ? atMost(94, ' ms') : undefined,
      },
      { measure: 'p99.9, worst of 5', value: worst(99.9), unit: ' ms', published: p999 },
    ];
  },
};
