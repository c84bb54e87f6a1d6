/**
 * The one place where core meets chance. Strategies ask for integers, which is both the seedable and the fast seam.
 */

/** A source of random numbers. Not for secrets. */
export interface Random {
  /** An integer, uniform in 0..n-1, for an integer `n` in 1..2^32. O(1), allocates nothing. */
  below(n: number): number;
  /** A number, uniform in [0, 1). For cold paths such as jitter. */
  unit(): number;
}

const TWO_POW_32 = 2 ** 32;

/**
 * A xorshift32 generator (Marsaglia 2003, "Xorshift RNGs", triple 13, 17, 5). Period 2^32 - 1; equal seeds give equal sequences.
 * Multiply-shift instead of modulo keeps `below` free of division; its bias is below n / 2^32.
 * @param seed any integer; 0 is replaced, because xorshift would stay there for ever.
 */
export function xorshift(seed: number): Random {
  let state = seed | 0 || 0x9e3779b9 | 0;
  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  }
  // Small seeds have few bits set; the first few outputs would resemble each other across neighbouring seeds.
  for (let i = 0; i < 8; i++) next();
  return {
    below: (n) => ((next() / TWO_POW_32) * n) >>> 0,
    unit: () => next() / TWO_POW_32,
  };
}

/** A generator with a seed that differs from process to process. */
export function systemRandom(): Random {
  return xorshift((Math.random() * TWO_POW_32) | 0);
}
