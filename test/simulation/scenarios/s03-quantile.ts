import { prequal } from '@evenkeel/core';
import type { Strategy } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { SharingServer, upTo } from '../cpu-server.ts';
import { unevenWork } from '../draws.ts';
import type { Latencies } from '../latencies.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const SERVERS = 100;
const WORK_MS = 25;
const LOAD = 0.75;
/** The first half has a core each, the second half works at half the speed. */
const CAPACITY = 0.75 * SERVERS;
const QUANTILES = [0, 0.35, 0.6, 0.7, 2 ** -0.25, 0.9, 0.99];
const CLIENTS = [2, 10, 40];

function at(strategy: () => Strategy, clients: number, seed: number): Latencies {
  const half = (n: number): number => 0.5 * upTo(1)(n);
  return run({
    seed,
    strategy,
    clients,
    servers: () =>
      Object.fromEntries(
        Array.from({ length: SERVERS }, (_, i) => [`s${i}`, new SharingServer(i < SERVERS / 2 ? upTo(1) : half, 1)]),
      ),
    load: (random) => ({ arrivals: poissonArrivals((1000 * LOAD * CAPACITY) / WORK_MS, random) }),
    work: (random) => () => unevenWork(WORK_MS, random),
    warmUpMs: 5_000,
    durationMs: 25_000,
  }).latencies;
}

/** How much the one figure of Prequal matters that has to be chosen; and how often its clients hear of a server. */
export const quantile: SuiteScenario = {
  id: 'S3',
  title: '50 fast and 50 slow servers',
  source: 'Prequal (NSDI 2024), figures 8 and 9',
  strategies: ['leastRequest', 'peakEwma', 'prequal'],
  isSlow: true,
  measure({ name, strategy, seed, plot }) {
    const byClients = CLIENTS.map((clients) => {
      const latencies = at(strategy, clients, seed);
      if (clients === 10) plot(latencies);
      return { measure: `p99 with ${clients} clients`, value: latencies.percentile(99), unit: ' ms' };
    });
    if (name !== 'prequal') return byClients;
    const byQuantile = QUANTILES.map((given) => ({
      given,
      p99: at(() => prequal({ quantile: given }), 10, seed).percentile(99),
    }));
    const flat = byQuantile.filter(({ given }) => given >= 0.6 && given <= 0.9).map(({ p99 }) => p99);
    return [
      ...byClients,
      ...byQuantile.map(({ given, p99 }) => ({
        measure: `p99 with 10 clients at quantile ${given.toFixed(2)}`,
        value: p99,
        unit: ' ms',
      })),
      {
        measure: 'worst p99 from 0.6 to 0.9, over the best',
        value: 100 * (Math.max(...flat) / Math.min(...flat) - 1),
        unit: ' %',
        published: 'flat',
        bar: atMost(15, ' %'),
      },
    ];
  },
};
