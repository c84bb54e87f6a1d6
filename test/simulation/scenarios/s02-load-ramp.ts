import { seeded } from '@evenkeel/core/testing';
import { poissonArrivals } from '../arrivals.ts';
import { unevenWork } from '../draws.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import type { Finding, SuiteScenario, Trial } from '../suite.ts';
import { atMost } from '../suite.ts';
import { ContendedFleet } from './fleets.ts';

/** Offered load as a share of what the replicas are allotted; not of what their machines have. */
const LOADS = [0.75, 0.83, 0.93, 1.03, 1.14, 1.27, 1.41, 1.57, 1.74];
const WORK_MS = 25;
const WARM_UP_MS = 15_000;
const DEADLINE_MS = 5_000;

interface Fleet {
  readonly servers: number;
  readonly clients: number;
  readonly loads: readonly number[];
  readonly durationMs: number;
}

function at(load: number, { servers, clients, durationMs }: Fleet, { seed, strategy }: Trial): Result {
  const fleet = new ContendedFleet(servers, seeded(seed));
  return run({
    seed,
    strategy,
    clients,
    servers: () => fleet.servers,
    load: (random) => ({ arrivals: poissonArrivals((load * servers * 1000) / MEAN_WORK_MS, random) }),
    work: (random) => () => unevenWork(WORK_MS, random),
    warmUpMs: WARM_UP_MS,
    durationMs: WARM_UP_MS + durationMs,
    deadlineMs: DEADLINE_MS,
    script: (world) => fleet.start(world),
  });
}

/** The cut-off makes the mean of the work a little more than what it is drawn around. */
const MEAN_WORK_MS = ((): number => {
  const random = seeded(1);
  let sum = 0;
  for (let i = 0; i < 100_000; i++) sum += unevenWork(WORK_MS, random);
  return sum / 100_000;
})();

function ramp(trial: Trial, fleet: Fleet): Finding[] {
  const results = fleet.loads.map((load) => ({ load, ...at(load, fleet, trial) }));
  const [moderate, most] = [results.find(({ load }) => load === 1.41)!, results.at(-1)!];
  trial.plot(moderate.latencies);
  const isPrequal = trial.name === 'prequal';
  const upTo141 = results.filter(({ load }) => load <= 1.41).reduce((sum, { failed }) => sum + failed, 0);
  const first = results.find(({ failed }) => failed > 0)?.load;
  return [
    {
      measure: 'deadlines missed, up to 141 %',
      value: upTo141,
      digits: 0,
      published: isPrequal ? '0' : undefined,
      bar: isPrequal ? atMost(0) : undefined,
    },
    { measure: 'deadlines missed at 174 %', value: most.failed, digits: 0, published: isPrequal ? '0' : undefined },
    {
      measure: 'first load that misses one',
      value: first === undefined ? Infinity : 100 * first,
      unit: ' %',
      digits: 0,
      published: { loadReported: '103 %', prequal: 'none' }[trial.name as string],
    },
    { measure: 'p50 at 141 %', value: moderate.latencies.percentile(50), unit: ' ms', digits: 0 },
    { measure: 'p99.9 at 141 %', value: moderate.latencies.percentile(99.9), unit: ' ms', digits: 0 },
  ];
}

const SOURCE = 'Prequal (NSDI 2024), figure 6';

/** Work of uneven size for replicas whose machines have other tenants, up to 1.74 times what is theirs. */
export const loadRamp: SuiteScenario = {
  id: 'S2',
  title: 'Load beyond the allotted cores: 8 clients, 16 servers, at 141 %',
  source: SOURCE,
  strategies: ['roundRobin', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  isSlow: true,
  measure: (trial) => ramp(trial, { servers: 16, clients: 8, loads: LOADS, durationMs: 60_000 }),
};

/** The same at the size of the paper, where each client hears of each server about twice in five seconds. */
export const largeLoadRamp: SuiteScenario = {
  id: 'S2-100',
  title: 'The same with 100 clients and 100 servers, at 141 %',
  source: SOURCE,
  strategies: ['roundRobin', 'loadReported', 'peakEwma', 'prequal'],
  isSlow: true,
  measure: (trial) => ramp(trial, { servers: 100, clients: 100, loads: [1.03, 1.41, 1.74], durationMs: 30_000 }),
};
