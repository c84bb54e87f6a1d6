import { retryBudget, retryPolicy } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { run } from '../experiment.ts';
import { during, fixedServer, latencyServer } from '../profiles.ts';
import { urlOf } from '../scenario.ts';
import type { World } from '../simulator.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const OLD = ['a', 'b', 'c', 'd', 'e', 'f'];
const STEP_MS = 10_000;
/** A server is told to stop, and stops this much later. */
const GRACE_MS = 5_000;

/** Each server in turn is drained, stopped and replaced; the last one but one breaks on the way and is ejected. */
export const rollingDeploy: SuiteScenario = {
  id: 'S20',
  title: 'A rolling deploy, while one server breaks',
  source: 'own',
  strategies: ['roundRobin', 'leastRequest', 'peakEwma', 'prequal'],
  measure({ strategy, seed, plot }) {
    function step(world: World, index: number): void {
      const name = OLD[index];
      if (name === undefined) return;
      const cluster = world.clients[0]!.cluster as Cluster;
      void cluster.drain(urlOf(name), { deadlineMs: GRACE_MS });
      world.clock.schedule(GRACE_MS, () => {
        const rest = cluster.endpoints.map(({ id }) => id).filter((id) => id !== urlOf(name));
        cluster.update([...rest, urlOf(`${name}2`)]);
      });
      world.clock.schedule(STEP_MS, () => step(world, index + 1));
    }
    const { failed, latencies } = run({
      seed,
      strategy,
      servers: (random) =>
        Object.fromEntries(
          OLD.flatMap((name, index) => {
            const stopsAt = index * STEP_MS + GRACE_MS;
            const stopping = during(stopsAt, Infinity, fixedServer(1, 'connect-error'), latencyServer(30, 6, random));
            const broken = index === 4 ? during(12_000, 30_000, fixedServer(1, 'server-error'), stopping) : stopping;
            return [[name, broken] as const, [`${name}2`, latencyServer(30, 6, random)] as const];
          }),
        ),
      members: OLD,
      load: (random) => ({ arrivals: poissonArrivals(500, random) }),
      durationMs: 70_000,
      retry: { policy: retryPolicy(), budget: retryBudget() },
      script: (world) => step(world, 0),
    });
    plot(latencies);
    return [
      { measure: 'failed requests', value: failed, digits: 0, bar: atMost(0) },
      { measure: 'p99', value: latencies.percentile(99), unit: ' ms' },
    ];
  },
};
