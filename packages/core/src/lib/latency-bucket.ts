const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);
/** Sign, exponent and the two highest bits of the mantissa of a float32. */
const COARSE = 0xffe00000;

/**
 * Rounds a latency down to the next of 1, 1.25, 1.5 or 1.75 times a power of two, that is by at most 20 %: endpoints that are
 * nearly equal become equal, on any scale. A float32 holds exactly that in its exponent and the two highest bits of its mantissa,
 * so cutting off the other 21 bits does it without a logarithm. 0 and Infinity stay as they are. O(1), allocates nothing.
 */
export function latencyBucket(ms: number): number {
  FLOAT[0] = ms;
  BITS[0] = BITS[0]! & COARSE;
  return FLOAT[0];
}
