import { poissonArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import { latencyServer } from '../profiles.ts';
import type { SuiteScenario } from '../suite.ts';
import { atLeast } from '../suite.ts';

/** One server takes 1 ms, the other 50 ms. */
export const fastAndSlow: SuiteScenario = {
  id: 'S16',
  title: '1 ms beside 50 ms, 500 requests per second',
  source: 'linkerd/linkerd2#5017',
  strategies: ['roundRobin', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['peakEwma'],
  measure({ name, strategy, seed, plot }) {
    const { hits, latencies } = run({
      seed,
      strategy,
      servers: (random) => ({ fast: latencyServer(1, 0.1, random), slow: latencyServer(50, 1, random) }),
      load: (random) => ({ arrivals: poissonArrivals(500, random) }),
      durationMs: 60_000,
    });
    plot(latencies);
    return [
      {
        measure: 'share of the fast one',
        value: (100 * hits.get('fast')!) / latencies.count,
        unit: ' %',
        digits: 2,
        published: name === 'peakEwma' ? '99.98 %' : undefined,
        bar: name === 'peakEwma' ? atLeast(99, ' %') : undefined,
      },
    ];
  },
};
