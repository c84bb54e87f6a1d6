/**
 * Random: every pick is a draw in proportion to the weights, and has nothing to do with the picks before it.
 *
 * When: many clients that know nothing of each other, where the spread of one of them does not matter, or as the measure that every
 * other strategy has to beat. When not: with few requests the draws are uneven; of 100 requests to 10 equal endpoints one endpoint
 * gets 15 or more three times of five. `roundRobin()` spreads them exactly, and `leastRequest()` sees which endpoints are busy.
 * @see Walker 1977 and Vose 1991, for drawing in constant time
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { AliasTable } from '../lib/alias-table.ts';
import type { Random } from '../lib/random.ts';
import { candidatesOf } from './candidates.ts';
import type { Picker, PickerExplanation, Strategy } from './strategy.ts';
import { isTried } from './tried.ts';

const TWO_POW_32 = 2 ** 32;

/** So many draws may hit a tried endpoint before the others are added up instead. */
const DRAWS = 4;

/** A random endpoint, in proportion to the weights. A pick is O(1); O(n) for a retry if tried endpoints have most of the weight. */
export function random(): Strategy {
  return {
    name: 'random',
    build: <E extends Endpoint>(endpoints: readonly E[], source: Random) => new RandomPicker(endpoints, source),
  };
}

class RandomPicker<E extends Endpoint> implements Picker<E> {
  readonly #endpoints: readonly E[];
  readonly #random: Random;
  readonly #table: AliasTable;

  constructor(endpoints: readonly E[], source: Random) {
    this.#endpoints = endpoints;
    this.#random = source;
    this.#table = new AliasTable(
      endpoints.map(({ weight }) => weight),
      source,
    );
  }

  pick(context: PickContext): E | undefined {
    for (let draw = 0; draw < DRAWS; draw++) {
      const endpoint = this.#endpoints[this.#table.draw()]!;
      if (!isTried(endpoint, context.tried)) return endpoint;
    }
    return this.#drawUntried(context.tried!);
  }

  explain(context: PickContext): PickerExplanation {
    return { regime: 'draw', candidates: candidatesOf(this.#endpoints, context, () => undefined) };
  }

  /** A draw from those that were not tried; from all if there is no other. */
  #drawUntried(tried: readonly Endpoint[]): E {
    let total = 0;
    for (let i = 0; i < this.#endpoints.length; i++) {
      if (!isTried(this.#endpoints[i]!, tried)) total += this.#endpoints[i]!.weight;
    }
    if (total === 0) return this.#endpoints[this.#table.draw()]!;
    let rest = (this.#random.below(TWO_POW_32) / TWO_POW_32) * total;
    let drawn = -1;
    for (let i = 0; i < this.#endpoints.length && rest >= 0; i++) {
      if (isTried(this.#endpoints[i]!, tried)) continue;
      drawn = i;
      rest -= this.#endpoints[i]!.weight;
    }
    return this.#endpoints[drawn]!;
  }
}
