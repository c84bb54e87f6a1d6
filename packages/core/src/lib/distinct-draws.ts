import { AliasTable } from './alias-table.ts';
import type { Random } from './random.ts';

/** Draws need a few tries to be distinct, more so if one index has most of the weight. */
const TRIES_PER_DRAW = 4;

/** Draws without replacement in proportion to weights: what was drawn in a round is not drawn in it again. Allocates nothing. */
export class DistinctDraws {
  readonly #random: Random;
  readonly #table: AliasTable;
  /** The round in which each index was drawn last. */
  readonly #drawnIn: Int32Array;
  #round = 0;

  /** @param weights at least one, all above 0 */
  constructor(weights: ArrayLike<number>, random: Random) {
    this.#random = random;
    this.#table = new AliasTable(weights, random);
    this.#drawnIn = new Int32Array(weights.length);
  }

  /** Starts a round: all can be drawn. O(1). */
  start(): void {
    this.#round = (this.#round + 1) | 0;
  }

  /** An index that was not drawn in this round; -1 if there is none. O(1) while most are left, else O(n). */
  draw(): number {
    for (let tries = 0; tries < TRIES_PER_DRAW; tries++) {
      const index = this.#table.draw();
      if (this.#take(index)) return index;
    }
    const n = this.#drawnIn.length;
    const start = this.#random.below(n);
    for (let step = 0; step < n; step++) {
      const index = start + step < n ? start + step : start + step - n;
      if (this.#take(index)) return index;
    }
    return -1;
  }

  #take(index: number): boolean {
    if (this.#drawnIn[index] === this.#round) return false;
    this.#drawnIn[index] = this.#round;
    return true;
  }
}
