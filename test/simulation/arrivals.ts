import type { Random } from '@evenkeel/core';
import { exponential } from './draws.ts';

/** ms until the next request, asked at the time of the one before it. */
export type Arrivals = (now: number) => number;

/** One at a time, evenly. */
export function constantArrivals(perSecond: number): Arrivals {
  return () => 1000 / perSecond;
}

/** At random, as many independent clients make them. */
export function poissonArrivals(perSecond: number, random: Random): Arrivals {
  return () => exponential(1000 / perSecond, random);
}

/** At random, at a rate that grows evenly from one to another. */
export function rampArrivals(fromPerSecond: number, toPerSecond: number, durationMs: number, random: Random): Arrivals {
  return (now) => {
    const done = Math.min(1, now / durationMs);
    return exponential(1000 / (fromPerSecond + (toPerSecond - fromPerSecond) * done), random);
  };
}
