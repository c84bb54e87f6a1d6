import type { Random } from '@evenkeel/core';

/** A number from the exponential distribution. */
export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random.unit());
}

/** A number from the standard normal distribution, by Box and Muller's transform; its second value is not used. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

/** Work as costly as it is uneven, as in the Prequal paper: normal with its deviation as large as its mean, cut off at a 15th of it. */
export function unevenWork(mean: number, random: Random): number {
  return Math.max(mean / 15, mean + mean * normal(random));
}
