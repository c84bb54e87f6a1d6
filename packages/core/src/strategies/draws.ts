import type { Endpoint } from '../endpoint.ts';
import { AliasTable } from '../lib/alias-table.ts';
import type { Random } from '../lib/random.ts';
import { isTried } from './tried.ts';

/** Draws need a few tries to be distinct, more so if one endpoint has most of the weight. */
const TRIES_PER_DRAW = 4;

/** The candidates of one pick after another: distinct, drawn in proportion to the weights, none that was tried before. */
export class Draws {
  readonly #endpoints: readonly Endpoint[];
  readonly #random: Random;
  readonly #table: AliasTable;
  readonly #drawn: Uint32Array;

  /** @param most candidates of one pick, at most */
  constructor(endpoints: readonly Endpoint[], random: Random, most: number) {
    this.#endpoints = endpoints;
    this.#random = random;
    this.#table = new AliasTable(
      Float64Array.from(endpoints, ({ weight }) => weight),
      random,
    );
    this.#drawn = new Uint32Array(most);
  }

  /** Makes the endpoint at `index` the candidate of that number, drawn or not. */
  put(number: number, index: number): void {
    this.#drawn[number] = index;
  }

  /** The index of the candidate of that number, those before it having been drawn or put; -1 if there is no other. */
  draw(number: number, tried: readonly Endpoint[] | undefined): number {
    for (let tries = 0; tries < TRIES_PER_DRAW; tries++) {
      const index = this.#table.draw();
      if (this.#isNew(index, number, tried)) return (this.#drawn[number] = index);
    }
    return this.#drawAny(number, tried);
  }

  #drawAny(number: number, tried: readonly Endpoint[] | undefined): number {
    const n = this.#endpoints.length;
    const start = this.#random.below(n);
    for (let step = 0; step < n; step++) {
      const index = (start + step) % n;
      if (this.#isNew(index, number, tried)) return (this.#drawn[number] = index);
    }
    return -1;
  }

  #isNew(index: number, number: number, tried: readonly Endpoint[] | undefined): boolean {
    for (let k = 0; k < number; k++) if (this.#drawn[k] === index) return false;
    return tried === undefined || !isTried(this.#endpoints[index]!, tried);
  }
}
