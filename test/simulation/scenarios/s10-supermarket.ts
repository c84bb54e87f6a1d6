import { leastRequest } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import { queueingServer } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const LAMBDA = 0.9;
const QUEUES = 500;
/**
 * Time until the queues, empty at first, are as long as they stay, and the time after that. Queues that nobody chooses are long and
 * change slowly: the 3.6 million requests of d = 1 settle their mean to about 1 %.
 */
const TIMES = {
  1: { warmUp: 1_500, duration: 8_000 },
  2: { warmUp: 300, duration: 2_500 },
  3: { warmUp: 300, duration: 2_500 },
} as const;

/** The mean time in the system for infinitely many queues. */
function theory(choices: number): number {
  if (choices === 1) return 1 / (1 - LAMBDA);
  let sum = 0;
  for (let i = 1; i < 10; i++) sum += LAMBDA ** ((choices ** i - choices) / (choices - 1));
  return sum;
}

/**
 * The simulator and the draws against theory: n single-server queues with Poisson arrivals at the rate `lambda n` and exponential
 * service with mean 1, where each request joins the shortest of d queues. For large n the mean time in the system tends to
 * the sum over i >= 1 of `lambda^((d^i - d) / (d - 1))`; for d = 1 to `1 / (1 - lambda)`.
 */
export const supermarket: SuiteScenario = {
  id: 'S10',
  title: 'The supermarket model',
  source: 'Mitzenmacher (2001)',
  strategies: ['leastRequest'],
  measure: ({ seed }) =>
    ([1, 2, 3] as const).flatMap((choices) => {
      const { warmUp, duration } = TIMES[choices];
      const { latencies } = run({
        seed,
        strategy: () => leastRequest({ choices, fullScanUpTo: 0 }),
        servers: (random) => many(QUEUES, () => queueingServer(1, random)),
        load: (random) => ({ arrivals: poissonArrivals(1_000 * LAMBDA * QUEUES, random) }),
        warmUpMs: warmUp,
        durationMs: warmUp + duration,
        cluster: { maxInflight: 1_000_000 },
      });
      const expected = theory(choices);
      return [
        {
          measure: `mean time with ${choices} of 500`,
          value: latencies.mean,
          digits: 3,
          published: expected.toFixed(3),
        },
        {
          measure: `off theory with ${choices} of 500`,
          value: 100 * Math.abs(latencies.mean / expected - 1),
          unit: ' %',
          digits: 2,
          bar: atMost(2, ' %'),
        },
      ];
    }),
};
