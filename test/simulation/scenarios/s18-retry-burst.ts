import { retryBudget, retryPolicy } from '@evenkeel/core';
import { run } from '../experiment.ts';
import { during, fixedServer } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { SuiteScenario } from '../suite.ts';
import { atLeast } from '../suite.ts';

const REQUESTS = 6;

/** A client with little traffic loses all that it has under way. */
export const retryBurst: SuiteScenario = {
  id: 'S18',
  title: 'Six requests in flight fail together',
  source: 'envoyproxy/envoy-mobile#811',
  strategies: ['peakEwma'],
  measure({ strategy, seed }) {
    const { attempts, latencies, failed } = run({
      seed,
      strategy,
      servers: () => many(3, () => during(0, 40, fixedServer(50, 'reset'), fixedServer(50))),
      load: () => ({ arrivals: () => Infinity }),
      retry: { policy: retryPolicy(), budget: retryBudget() },
      durationMs: 1_000,
      script: (world) => {
        for (let i = 0; i < REQUESTS; i++) world.send();
      },
    });
    return [
      { measure: 'tried again', value: attempts - latencies.count, digits: 0, published: '3', bar: atLeast(REQUESTS) },
      { measure: 'answered', value: latencies.count - failed, digits: 0, bar: atLeast(REQUESTS) },
    ];
  },
};
