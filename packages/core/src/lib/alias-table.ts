import type { Random } from './random.ts';

const TWO_POW_32 = 2 ** 32;

/**
 * Draws indices in proportion to weights in O(1), whatever the weights: n columns of equal area, each holding at most two indices.
 * Building takes O(n). Proportions are exact to 2^-32.
 * @see Walker 1977, "An efficient method for generating discrete random variables with general distributions"; Vose 1991
 */
export class AliasTable {
  readonly #random: Random;
  readonly #length: number;
  readonly #isUniform: boolean;
  /** Below it the column's own index, from it on the other one; in 2^-32. */
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights at least one, all above 0 */
  constructor(weights: ArrayLike<number>, random: Random) {
    const n = weights.length;
    this.#random = random;
    this.#length = n;
    let total = 0;
    for (let i = 0; i < n; i++) total += weights[i]!;
    // The part of each column that its own index still needs; 1 is a whole column.
    const share = Float64Array.from(weights, (weight) => (weight * n) / total);
    this.#isUniform = share.every((part) => part === 1);
    // Equal weights need no columns, and with many endpoints their absence can be noticed.
    this.#threshold = new Float64Array(this.#isUniform ? 0 : n).fill(TWO_POW_32);
    this.#alias = new Uint32Array(this.#isUniform ? 0 : n);
    if (!this.#isUniform) this.#fill(share);
  }

  /** An index, with a probability in proportion to its weight. Allocates nothing. */
  draw(): number {
    const column = this.#random.below(this.#length);
    if (this.#isUniform || this.#random.below(TWO_POW_32) < this.#threshold[column]!) return column;
    return this.#alias[column]!;
  }

  /** Tops every column that is too low up with what some column has too much. */
  #fill(share: Float64Array): void {
    const low: number[] = [];
    const high: number[] = [];
    share.forEach((part, i) => (part < 1 ? low : high).push(i));
    while (low.length > 0 && high.length > 0) {
      const taker = low.pop()!;
      const giver = high.at(-1)!;
      this.#threshold[taker] = share[taker]! * TWO_POW_32;
      this.#alias[taker] = giver;
      share[giver] = share[giver]! - (1 - share[taker]!);
      if (share[giver] < 1) low.push(high.pop()!);
    }
    // What is left is full but for rounding, and its threshold is full already.
  }
}
