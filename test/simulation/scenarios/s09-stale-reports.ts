import type { Strategy } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { QueueingServer } from '../cpu-server.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

/** His second is 10 ms here, so that his delays are those of reports and not of minutes. */
const SECOND = 10;
const STALE = [2, 10, 30, 70, 150];

function at(staleSeconds: number, strategy: () => Strategy, seed: number): Result {
  return run({
    seed,
    strategy,
    clients: 10,
    servers: () => Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`s${i}`, new QueueingServer(1)])),
    load: (random) => ({ arrivals: poissonArrivals(1000 / SECOND, random) }),
    work: () => () => 8 * SECOND,
    reports: { broadcastMs: staleSeconds * SECOND },
    warmUpMs: 20_000,
    durationMs: 140_000,
  });
}

/** The servers tell how much they have to do, but only now and then. */
export const staleReports: SuiteScenario = {
  id: 'S9',
  title: 'Ten clients that hear of the load of ten servers every N seconds',
  source: 'Brooker, "The power of two random choices" (2012)',
  strategies: ['leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  measure({ strategy, other, seed, plot }) {
    return STALE.map((stale) => {
      const { latencies } = at(stale, strategy, seed);
      const random = at(stale, other('random'), seed).latencies.mean;
      if (stale === 30) plot(latencies);
      return {
        measure: `mean at N = ${stale}, of that of random`,
        value: (100 * latencies.mean) / random,
        unit: ' %',
        bar: atMost(100, ' %'),
      };
    });
  },
};
