import type { Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { SharingServer, timeShared } from '../cpu-server.ts';
import { unevenWork } from '../draws.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import type { World } from '../simulator.ts';
import type { SuiteScenario } from '../suite.ts';
import { atMost } from '../suite.ts';

const SERVERS = 10;
const CORES = 8;
const BURNERS = 7;
const MOVE_MS = 5_000;
const WORK_MS = 100;
const LOADS = [1.03, 1.74];

function at(load: number, users: number, perSecond: number, strategy: () => Strategy, seed: number): Result {
  const servers = Array.from({ length: SERVERS }, () => new SharingServer(timeShared(CORES), CORES));
  const random = seeded(seed + 77);
  function move(world: World): void {
    const hot = 2 + random.below(2);
    const first = random.below(SERVERS);
    servers.forEach((server, index) => {
      const isHot = (index - first + SERVERS) % SERVERS < hot;
      server.change(timeShared(CORES, isHot ? BURNERS : 0), world.clock.now());
    });
    world.clock.schedule(MOVE_MS, () => world.isRunning && move(world));
  }
  return run({
    seed,
    strategy,
    clients: 2,
    servers: () => Object.fromEntries(servers.map((server, i) => [`s${i}`, server])),
    load: () => ({ users, periodMs: (1000 * users) / (load * perSecond) }),
    work: (draws) => () => unevenWork(WORK_MS, draws),
    warmUpMs: 15_000,
    durationMs: 75_000,
    script: move,
  });
}

/** A few servers at a time lose seven of their eight cores to somebody else. */
export const movingHotSet: SuiteScenario = {
  id: 'S7',
  title: 'Ten servers, two or three of them hot in turn, at 103 %',
  source: 'giacbusc/loadbalancer, dynamic antagonists',
  strategies: ['roundRobin', 'leastRequest', 'loadReported', 'peakEwma', 'prequal'],
  held: ['peakEwma', 'prequal'],
  measure({ name, strategy, other, seed, plot }) {
    // As they did: what round robin can do at most is 100 %.
    const most = at(1, 200, Infinity, other('roundRobin'), seed).perSecond;
    return LOADS.flatMap((load) => {
      const { latencies } = at(load, 300, most, strategy, seed);
      const even = at(load, 300, most, other('roundRobin'), seed).latencies;
      if (load === 1.03) plot(latencies);
      const isBarred = load === 1.03 && (name === 'prequal' || name === 'peakEwma');
      const percent = `${Math.round(load * 100)} %`;
      return [
        { measure: `p50 at ${percent}`, value: latencies.percentile(50), unit: ' ms', digits: 0 },
        {
          measure: `p99 at ${percent}`,
          value: latencies.percentile(99),
          unit: ' ms',
          digits: 0,
          published: load === 1.03 ? PUBLISHED[name] : undefined,
        },
        {
          measure: `p99 at ${percent}, of that of roundRobin`,
          value: (100 * latencies.percentile(99)) / even.percentile(99),
          unit: ' %',
          published: name === 'prequal' ? (load === 1.03 ? '64 %' : load > 1.03 ? '64 to 82 %' : undefined) : undefined,
          bar: isBarred ? atMost(64, ' %') : undefined,
        },
      ];
    });
  },
};

const PUBLISHED: Readonly<Record<string, string>> = { prequal: '1476 ms', roundRobin: '2315 ms' };
