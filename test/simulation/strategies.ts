/**
 * The strategies by the names that `--strategy` takes, all with their defaults.
 */
import {
  leastRequest,
  loadReported,
  maglev,
  peakEwma,
  prequal,
  random,
  rendezvousHash,
  ringHash,
  roundRobin,
  weightedRoundRobin,
} from '@evenkeel/core';
import type { Strategy } from '@evenkeel/core';

const STRATEGIES = {
  roundRobin: () => roundRobin(),
  random: () => random(),
  leastRequest: () => leastRequest(),
  peakEwma: () => peakEwma(),
  weightedRoundRobin: () => weightedRoundRobin(),
  loadReported: () => loadReported(),
  prequal: () => prequal(),
  rendezvousHash: () => rendezvousHash(),
  ringHash: () => ringHash(),
  maglev: () => maglev(),
} satisfies Readonly<Record<string, () => Strategy>>;

export type StrategyName = keyof typeof STRATEGIES;

export const STRATEGY_NAMES: readonly string[] = Object.keys(STRATEGIES);

export function isStrategyName(name: string): name is StrategyName {
  return Object.hasOwn(STRATEGIES, name);
}

/** A maker of the strategy with its defaults. */
export function make(name: StrategyName): () => Strategy {
  return STRATEGIES[name];
}
