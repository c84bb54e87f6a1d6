import { rampArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';
import { fourteenFastTwoSlow } from './fleets.ts';

const DURATION_MS = 370_000;
const PUBLISHED: Readonly<Record<string, readonly [p99: string, p999: string]>> = {
  prequal: ['123 ms', '824 ms'],
  roundRobin: ['832 ms', '1250 ms'],
  leastRequest: ['868 ms', '1597 ms'],
};

/** The servers of S4 under ever more requests. */
export const rateRamp: SuiteScenario = {
  id: 'S5',
  title: 'The same servers, 100 to 1500 requests per second',
  source: 'sathwick-p/prequal, benchmark C3',
  strategies: ['roundRobin', 'random', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['peakEwma', 'prequal'],
  measure(trial) {
    const { name, strategy, seed } = trial;
    const { latencies } = run({
      seed,
      strategy,
      servers: fourteenFastTwoSlow,
      load: (random) => ({ arrivals: rampArrivals(100, 1_500, DURATION_MS, random) }),
      durationMs: DURATION_MS,
    });
    trial.plot(latencies);
    const isBarred = name === 'prequal' || name === 'peakEwma';
    const [p99, p999] = PUBLISHED[name] ?? [];
    return [
      {
        measure: 'p99',
        value: latencies.percentile(99),
        unit: ' ms',
        published: p99,
        bar: isBarred ? atMost(123, ' ms') : undefined,
      },
      {
        measure: 'p99.9',
        value: latencies.percentile(99.9),
        unit: ' ms',
        published: p999,
        bar: isBarred ? atMost(824, ' ms') : undefined,
      },
    ];
  },
};
