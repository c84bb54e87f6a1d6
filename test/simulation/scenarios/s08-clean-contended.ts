import type { Random } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { QueueingServer } from '../cpu-server.ts';
import { exponential } from '../draws.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import type { Host, Job } from '../host.ts';
import type { World } from '../simulator.ts';
import type { Finding, SuiteScenario, Trial } from '../suite.ts';
import { atMost } from '../suite.ts';

const LOADS = [0.75, 0.83, 0.93, 1.03, 1.14, 1.27, 1.41, 1.57, 1.74];
const PER_SERVER = 25;
const SERVERS = 20;

/** Requests that others send to each contended server. */
const OTHERS_PER_SECOND = 22;

/** Every other server has 3 workers that need 55 ms, the rest 20 workers that need 8 ms; twice as many requests may wait. */
function at(load: number, { strategy, seed }: Trial): Result {
  const random = seeded(seed + 5);
  function server(isContended: boolean): QueueingServer {
    const workers = isContended ? 3 : 20;
    const workMs = isContended ? () => 45 + 20 * random.unit() : () => 5 + 6 * random.unit();
    return new QueueingServer(workers, { maxWaiting: 2 * workers, workMs });
  }
  const perSecond = load * SERVERS * PER_SERVER;
  return run({
    seed,
    strategy,
    servers: () => Object.fromEntries(Array.from({ length: SERVERS }, (_, i) => [`s${i}`, server(i % 2 === 1)])),
    load: () => ({ users: 30, periodMs: (1000 * 30) / perSecond }),
    warmUpMs: 5_000,
    durationMs: 65_000,
    script(world) {
      world.clients[0]!.cluster.endpoints.forEach((endpoint, i) => {
        if (i % 2 === 1) burden(world, world.hostOf(endpoint), random);
      });
    },
  });
}

/** What others ask of a server. */
function burden(world: World, host: Host, random: Random): void {
  if (!world.isRunning) return;
  const job: Job = {
    work: 0,
    isDropped: false,
    planned: 'success',
    fire: () => void host.rif--,
    finish: () => void host.rif--,
  };
  host.start(job, world.clock.now());
  world.clock.schedule(exponential(1000 / OTHERS_PER_SECOND, random), () => burden(world, host, random));
}

/** Clean and contended servers, one beside the other. */
export const cleanContended: SuiteScenario = {
  id: 'S8',
  title: 'Twenty servers, every other one contended, at 157 %',
  source: 'amiraliaskari2014/loadbalancer-prequal, experiment 1',
  strategies: ['roundRobin', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['prequal'],
  measure(trial) {
    const { name } = trial;
    let failed = 0;
    const findings: Finding[] = [];
    for (const load of LOADS) {
      const result = at(load, trial);
      failed += result.failed;
      if (load !== 1.57) continue;
      trial.plot(result.latencies);
      const published = { loadReported: '127.7 ms', prequal: '87.2 ms' }[name as string];
      const bar = name === 'prequal' ? atMost(87.2, ' ms') : undefined;
      findings.push(
        { measure: 'p50 at 157 %', value: result.latencies.percentile(50), unit: ' ms' },
        { measure: 'p99.9 at 157 %', value: result.latencies.percentile(99.9), unit: ' ms', published, bar },
      );
    }
    const published = { loadReported: '498', prequal: '12' }[name as string];
    const bar = name === 'prequal' ? atMost(12) : undefined;
    return [...findings, { measure: 'failed over the whole ramp', value: failed, digits: 0, published, bar }];
  },
};
