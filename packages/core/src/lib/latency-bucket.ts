/**
 * Rounds a latency down to the next of 1, 1.25, 1.5 or 1.75 times a power of two, that is by at most 20 %: endpoints that are nearly
 * equal become equal, on any scale. In whole microseconds, so that the result is a small integer, which costs no memory and compares
 * in one step: what is left are the three highest bits. Up to 2^30 us (18 minutes); more counts as that. O(1), allocates nothing.
 * @param ms 0 or more; Infinity counts as the most
 */
export function latencyBucketUs(ms: number): number {
  const us = ms < MAX_MS ? Math.ceil(ms * 1_000) : MAX_US;
  const shift = Math.max(0, 29 - Math.clz32(us));
  return (us >> shift) << shift;
}

const MAX_US = 2 ** 30;
const MAX_MS = MAX_US / 1_000;
