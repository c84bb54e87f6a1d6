import { hedging } from '@evenkeel/core';
import type { HedgePolicy, Random } from '@evenkeel/core';
import { exponential } from '../draws.ts';
import type { Result } from '../experiment.ts';
import { run } from '../experiment.ts';
import { Latencies } from '../latencies.ts';
import type { Server } from '../profiles.ts';
import { many } from '../scenario.ts';
import type { World } from '../simulator.ts';
import type { SuiteScenario, Trial } from '../suite.ts';
import { atMost } from '../suite.ts';

const SERVERS = 100;
const KEYS = 1_000;
const BATCHES = 1_000;
const GAP_MS = 50;
/** A server stands still for 2 s, every half an hour or so. */
const STALL_MS = 2_000;
const STALL_EVERY_MS = 2_000_000;

function stallingServer(random: Random): Server {
  let from = exponential(STALL_EVERY_MS, random);
  return {
    finishAt(now) {
      while (now >= from + STALL_MS) from += STALL_MS + exponential(STALL_EVERY_MS, random);
      return (now >= from ? from + STALL_MS : now) + 3 + exponential(1.65, random);
    },
    outcomeAt: () => 'success',
  };
}

interface Batches extends Result {
  readonly batches: Latencies;
}

/** Batches come every so often, however long those before them take. */
function at({ strategy, seed }: Trial, hedge?: () => HedgePolicy): Batches {
  const batches = new Latencies();
  const left: number[] = [];
  function start(world: World): void {
    left.push(KEYS);
    for (let i = 0; i < KEYS; i++) world.send();
    if (left.length < BATCHES) world.clock.schedule(GAP_MS, () => start(world));
  }
  const result = run({
    seed,
    strategy,
    ...(hedge !== undefined && { hedge }),
    servers: (random) => many(SERVERS, () => stallingServer(random)),
    load: () => ({ arrivals: () => Infinity }),
    key: () => left.length - 1,
    durationMs: BATCHES * GAP_MS,
    script: start,
    onDone({ key, startedAt, endedAt }) {
      left[key]!--;
      if (left[key] === 0) batches.push(endedAt - startedAt);
    },
  });
  return { ...result, batches };
}

/** A thousand values from a hundred servers: as late as the last one. */
export const manyKeys: SuiteScenario = {
  id: 'S17',
  title: 'A thousand keys on a hundred servers',
  source: 'Dean and Barroso, "The Tail at Scale" (2013)',
  strategies: ['roundRobin', 'peakEwma'],
  isSlow: true,
  measure(trial) {
    const plain = at(trial);
    const hedged = at(trial, () => hedging());
    trial.plot(plain.batches, trial.name);
    trial.plot(hedged.batches, `${trial.name}, hedged`);
    return [
      {
        measure: 'p99.9 of a batch',
        value: plain.batches.percentile(99.9),
        unit: ' ms',
        digits: 0,
        published: '1800 ms',
      },
      {
        measure: 'the same, hedging()',
        value: hedged.batches.percentile(99.9),
        unit: ' ms',
        digits: 0,
        published: '74 ms',
        bar: atMost(74, ' ms'),
      },
      {
        measure: 'more requests for it',
        value: (100 * hedged.hedges) / hedged.latencies.count,
        unit: ' %',
        digits: 2,
        published: '2 %',
        bar: atMost(2, ' %'),
      },
    ];
  },
};
