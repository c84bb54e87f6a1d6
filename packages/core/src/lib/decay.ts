/**
 * `e^-x` for `x >= 0`, which says what is left of something after `x` time constants. Nearly all askers come back within a small part of
 * one, where four terms of the series are exact to 1e-6 and cost a fifth of `Math.exp`. O(1), allocates nothing if inlined.
 */
export function decay(x: number): number {
  return x < 0.0625 ? 1 - x * (1 - x * (0.5 - x * (1 / 6))) : Math.exp(-x);
}
