/**
 * Failures that say nothing about an endpoint, such as a fault in one route of the application, are spread over all of them. They
 * must not push endpoints aside in turn, or the load gathers on the rest.
 */
import assert from 'node:assert/strict';
import { consecutiveFailures } from '@evenkeel/core';
import type { Random } from '@evenkeel/core';
import type { Server } from './profiles.ts';
import { queueingServer } from './profiles.ts';
import { many, play } from './scenario.ts';

function p99(failureRatio: number): number {
  function server(random: Random): Server {
    const { finishAt } = queueingServer(10, random);
    return { finishAt, outcomeAt: () => (random.unit() < failureRatio ? 'server-error' : 'success') };
  }
  const latencies = play({
    seed: 3,
    cluster: { ejection: consecutiveFailures({ threshold: 1_000 }) },
    servers: (random) => many(5, () => server(random)),
    perSecond: 350,
    durationMs: 120_000,
  })
    .map(({ latencyMs }) => latencyMs)
    .toSorted((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.99)]!;
}

describe('sporadic failures', () => {
  for (const percent of [0.05, 0.2, 1]) {
    it(`of ${percent} % leave the 99th percentile within a tenth of what it is without`, () => {
      const [without, withFailures] = [p99(0), p99(percent / 100)];
      assert.ok(withFailures < 1.1 * without, `${withFailures.toFixed(1)} ms, ${without.toFixed(1)} ms without`);
    });
  }
});
