import assert from 'node:assert/strict';
import { leastRequest, peakEwma } from '@evenkeel/core';
import type { Strategy } from '@evenkeel/core';
import { poissonArrivals } from './arrivals.ts';
import { run } from './experiment.ts';
import { queueingServer } from './profiles.ts';
import { many } from './scenario.ts';

const REQUESTS = 80_000;

/** Half of the servers are three times as fast as the others, and have three times the weight. */
function meanMs(strategy: () => Strategy, n: number, load: number): number {
  const perSecond = 1_000 * load * (n / 2) * (1 / 10 + 1 / 30);
  const { latencies } = run({
    seed: 1,
    strategy,
    servers: (random) => many(n, (index) => queueingServer(index % 2 === 0 ? 30 : 10, random)),
    endpoint: (name) => ({ weight: Number(name.slice(1)) % 2 === 0 ? 1 : 3 }),
    load: (random) => ({ arrivals: poissonArrivals(perSecond, random) }),
    warmUpMs: (100 * REQUESTS) / perSecond,
    durationMs: (1_000 * REQUESTS) / perSecond,
  });
  return latencies.mean;
}

describe('weights of 3 and 1 for servers that are three times as fast as the others', () => {
  // What draws in proportion to the weights, compared without turns, came to.
  const OF_DRAWS = [
    ['leastRequest', leastRequest, { 4: 37.7, 10: 35.4, 40: 32.5 }],
    ['peakEwma', peakEwma, { 4: 39.5, 10: 38.3, 40: 35.8 }],
  ] as const;

  for (const [name, strategy, means] of OF_DRAWS) {
    it(`keep the queues of ${name}() at 85 % as short as draws alone do, and shorter with many servers`, () => {
      for (const [n, mean] of Object.entries(means)) {
        const ours = meanMs(strategy, Number(n), 0.85);
        assert.ok(ours < mean * (Number(n) > 8 ? 0.9 : 1.05), `${n} servers: ${ours.toFixed(2)} ms`);
      }
    });
  }
});
