import type { Strategy } from '@evenkeel/core';
import { QueueingServer } from '../cpu-server.ts';
import { exponential } from '../draws.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import type { SuiteScenario } from '../suite.ts';
import { atLeast, atMost } from '../suite.ts';

const PUBLISHED: Readonly<Record<string, readonly [perSecond: string, p99: string]>> = {
  prequal: ['4162 per s', '29.9 ms'],
  roundRobin: ['5366 per s', '20.2 ms'],
  leastRequest: ['4965 per s', '23.5 ms'],
};

function at(strategy: () => Strategy, seed: number): Result {
  return run({
    seed,
    strategy,
    servers: () => Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`s${i}`, new QueueingServer(1)])),
    load: () => ({ users: 30 }),
    work: (random) => () => 0.5 + exponential(0.25, random),
    warmUpMs: 5_000,
    durationMs: 35_000,
  });
}

/** What Prequal is not made for: few servers, busy all the time, all alike. */
export const fewBusy: SuiteScenario = {
  id: 'S6',
  title: 'Four busy servers, 30 users',
  source: 'sathwick-p/prequal, benchmark C1',
  strategies: ['roundRobin', 'random', 'leastRequest', 'peakEwma', 'prequal'],
  held: ['peakEwma', 'prequal'],
  measure({ name, strategy, other, seed, plot }) {
    const { latencies, perSecond } = at(strategy, seed);
    plot(latencies);
    const even = at(other('roundRobin'), seed);
    const isBarred = name === 'prequal' || name === 'peakEwma';
    const [rate, p99] = PUBLISHED[name] ?? [];
    return [
      { measure: 'answers', value: perSecond, unit: ' per s', digits: 0, published: rate },
      {
        measure: 'answers, of those of roundRobin',
        value: (100 * perSecond) / even.perSecond,
        unit: ' %',
        bar: isBarred ? atLeast(99, ' %') : undefined,
      },
      { measure: 'p99', value: latencies.percentile(99), unit: ' ms', published: p99 },
      {
        measure: 'p99, of that of roundRobin',
        value: (100 * latencies.percentile(99)) / even.latencies.percentile(99),
        unit: ' %',
        bar: isBarred ? atMost(100, ' %') : undefined,
      },
    ];
  },
};
