import type { Random } from '@evenkeel/core';
import { exponential } from './draws.ts';

/** ms until the next request. */
export type Arrivals = () => number;

/** One at a time, evenly. */
export function constantArrivals(perSecond: number): Arrivals {
  return () => 1000 / perSecond;
}

/** At random, as many independent clients make them. */
export function poissonArrivals(perSecond: number, random: Random): Arrivals {
  return () => exponential(1000 / perSecond, random);
}
