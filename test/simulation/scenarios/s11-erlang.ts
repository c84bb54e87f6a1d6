import type { Strategy } from '@evenkeel/core';
import { poissonArrivals } from '../arrivals.ts';
import { QueueingServer } from '../cpu-server.ts';
import { exponential } from '../draws.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atLeast, atMost } from '../suite.ts';

const SERVERS = 10;
const LOAD = 0.9;
const MEAN_MS = 10;

/** The mean time in the system, in mean service times, where all servers share one queue: Erlang's C formula. */
function erlangC(servers: number, load: number): number {
  const offered = servers * load;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (offered * blocked) / (k + offered * blocked);
  const waiting = blocked / (1 - load * (1 - blocked));
  return 1 + waiting / (servers * (1 - load));
}

function meanTime(strategy: () => Strategy, servers: number, workers: number, seed: number): number {
  const { latencies } = run({
    seed,
    strategy,
    servers: () =>
      Object.fromEntries(Array.from({ length: servers }, (_, i) => [`s${i}`, new QueueingServer(workers)])),
    load: (random) => ({ arrivals: poissonArrivals((1000 * LOAD * servers * workers) / MEAN_MS, random) }),
    work: (random) => () => exponential(MEAN_MS, random),
    warmUpMs: 10_000,
    durationMs: 410_000,
  });
  return latencies.mean / MEAN_MS;
}

/** One queue for all servers is the best that any dispatcher could do; each of ours has ten. */
export const erlang: SuiteScenario = {
  id: 'S11',
  title: 'Ten servers at 90 %: how far from one common queue',
  source: 'Erlang C',
  strategies: ['random', 'roundRobin', 'leastRequest', 'peakEwma', 'prequal'],
  held: ['roundRobin', 'leastRequest'],
  measure({ name, strategy, seed }) {
    const bound = erlangC(SERVERS, LOAD);
    const published = `${bound.toFixed(3)} at best`;
    const mean = meanTime(strategy, SERVERS, 1, seed);
    const finding = {
      measure: 'mean time, in service times',
      value: mean,
      digits: 3,
      published,
      bar: atLeast(Number((0.97 * bound).toFixed(3))),
    };
    if (name !== 'roundRobin') return [finding];
    const common = meanTime(strategy, 1, SERVERS, seed);
    const off = 100 * Math.abs(common / bound - 1);
    return [
      finding,
      { measure: 'one queue in the simulator, off Erlang C', value: off, unit: ' %', digits: 2, bar: atMost(3, ' %') },
    ];
  },
};
