import type { Strategy } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { SharingServer, upTo } from '../cpu-server.ts';
import { unevenWork } from '../draws.ts';
import { run } from '../experiment.ts';
import { Latencies } from '../latencies.ts';
import type { World } from '../simulator.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const SERVERS = 16;
const SAMPLE_MS = 20;
const WORK_MS = 25;
const LOAD = 0.7;

/** p99 over mean of the requests that a server has in flight. */
function imbalance(strategy: () => Strategy, seed: number, plot?: (latencies: Latencies) => void): number {
  const counts = new Latencies();
  function sample(world: World): void {
    for (const endpoint of world.clients[0]!.cluster.endpoints) counts.push(world.hostOf(endpoint).rif);
    world.clock.schedule(SAMPLE_MS, () => world.isRunning && sample(world));
  }
  const { latencies } = run({
    seed,
    strategy,
    clients: 8,
    servers: () =>
      Object.fromEntries(Array.from({ length: SERVERS }, (_, i) => [`s${i}`, new SharingServer(upTo(1), 1)])),
    load: (random) => ({ arrivals: poissonArrivals((1000 * LOAD * SERVERS) / WORK_MS, random) }),
    work: (random) => () => unevenWork(WORK_MS, random),
    durationMs: 120_000,
    script: sample,
  });
  plot?.(latencies);
  return counts.percentile(99) / counts.mean;
}

/** Clients that know only of their own requests, and what the servers tell them. */
export const manyClients: SuiteScenario = {
  id: 'S19',
  title: 'Eight clients, sixteen equal servers at 70 %',
  source: 'own',
  strategies: ['random', 'roundRobin', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['prequal'],
  measure({ name, strategy, other, seed, plot }) {
    const value = imbalance(strategy, seed, plot);
    const best = Math.min(
      ...(['random', 'roundRobin', 'leastRequest'] as const).map((rule) => imbalance(other(rule), seed)),
    );
    const bar = name === 'prequal' ? atMost(Number(best.toFixed(2))) : undefined;
    return [{ measure: 'requests in flight of a server, p99 over mean', value, digits: 2, bar }];
  },
};
