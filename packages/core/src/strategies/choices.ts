/**
 * The distribution that `leastRequest()` and `peakEwma()` share: compare a few endpoints, drawn at random, and take the least loaded;
 * with few endpoints, compare them all. Load is `slowness * (inflight + 1)`, and what slowness means is the metric's. For endpoints of
 * equal weight; `weighted-choices.ts` is the same for others.
 * @see Mitzenmacher 2001, "The power of two choices in randomized load balancing"
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import { Draws } from './draws.ts';
import type { Picker, PickerExplanation } from './strategy.ts';
import { isTried } from './tried.ts';

/** How many endpoints a pick looks at. */
export interface ChoiceOptions {
  /** Distinct endpoints that are compared, 1..16; 1 is a random choice in proportion to the weights. @default 2 */
  readonly choices?: number;
  /** Up to this many endpoints, 0..64, all are compared: two draws of three miss the best one too often. @default 8 */
  readonly fullScanUpTo?: number;
}

/** What one request on an endpoint costs. */
export interface Metric {
  /** Relative to other endpoints: 0 to be taken before all of them, Infinity after all. Small, so that calls of it are inlined. */
  slownessOf(endpoint: Endpoint, context: PickContext): number;
  /** What was picked, of all that were looked at, has this slowness. */
  chose(slowness: number): void;
}

const schema = v.strictObject({
  choices: v.optional(integerIn(1, 16), 2),
  fullScanUpTo: v.optional(integerIn(0, 64), 8),
});

/** Fills in the defaults. @throws INVALID_OPTIONS */
export function resolveChoices(where: string, options: ChoiceOptions): Required<ChoiceOptions> {
  return resolveOptions(where, schema, options);
}

export class ChoicePicker<E extends Endpoint, M extends Metric> implements Picker<E> {
  readonly metric: M;
  /** What was read ahead; for nobody, but V8 leaves out reads that lead nowhere. */
  touched = 0;
  readonly #endpoints: readonly E[];
  readonly #random: Random;
  readonly #choices: number;
  readonly #isFullScan: boolean;
  readonly #isPair: boolean;
  readonly #draws: Draws;
  #bestSlowness = 0;
  /** The two that the next pick compares. */
  #first = 0;
  #second = 0;

  constructor(endpoints: readonly E[], random: Random, options: Required<ChoiceOptions>, metric: M) {
    const n = endpoints.length;
    this.metric = metric;
    this.#endpoints = endpoints;
    this.#random = random;
    this.#choices = n <= Math.max(options.fullScanUpTo, options.choices) && options.choices > 1 ? n : options.choices;
    this.#isFullScan = this.#choices === n;
    this.#isPair = this.#choices === 2 && !this.#isFullScan;
    this.#draws = new Draws(endpoints, random, this.#choices);
    if (this.#isPair) this.#drawPair();
  }

  pick(context: PickContext): E | undefined {
    return this.#isPair && context.tried === undefined ? this.#betterOfTwo(context) : this.#bestUntried(context);
  }

  /** Where all were tried, the best of them. */
  #bestUntried(context: PickContext): E | undefined {
    const best = this.#best(context, context.tried) ?? this.#best(context, undefined);
    this.metric.chose(this.#bestSlowness);
    return best;
  }

  explain(context: PickContext): PickerExplanation {
    const candidates = this.#endpoints.map((endpoint) => {
      return { endpoint, score: (endpoint.inflight + 1) * this.metric.slownessOf(endpoint, context) };
    });
    return { regime: this.#isFullScan ? 'full-scan' : `best-of-${this.#choices}`, candidates };
  }

  /** What nearly every request waits for where there are many endpoints: two thirds of what the loop takes. */
  #betterOfTwo(context: PickContext): E {
    const { metric } = this;
    const first = this.#endpoints[this.#first]!;
    const second = this.#endpoints[this.#second]!;
    this.#drawPair();
    const firstSlowness = metric.slownessOf(first, context);
    const secondSlowness = metric.slownessOf(second, context);
    const isSecond = (second.inflight + 1) * secondSlowness < (first.inflight + 1) * firstSlowness;
    metric.chose(isSecond ? secondSlowness : firstSlowness);
    return isSecond ? second : first;
  }

  /** For the next pick: with thousands of endpoints two of them take a while to arrive from memory, and nobody waits for these yet. */
  #drawPair(): void {
    const endpoints = this.#endpoints;
    const last = endpoints.length - 1;
    const first = this.#random.below(last + 1);
    const second = this.#random.below(last);
    this.#first = first;
    // The last one stands in for the one that was drawn already, so that each pair is as likely and no draw is in vain.
    this.#second = second === first ? last : second;
    this.touched = endpoints[first]!.inflight + endpoints[this.#second]!.inflight;
  }

  /** One loop with everything in local variables. Undefined if all were tried. */
  #best(context: PickContext, tried: readonly Endpoint[] | undefined): E | undefined {
    const { metric } = this;
    const endpoints = this.#endpoints;
    const choices = this.#choices;
    const isFullScan = this.#isFullScan;
    let best: E | undefined;
    let bestSlowness = 0;
    let bestLoad = 0;
    let ties = 1;
    for (let number = 0; number < choices; number++) {
      const i = isFullScan ? number : this.#draws.draw(number, tried);
      if (i < 0) break;
      const endpoint = endpoints[i]!;
      if (isFullScan && tried !== undefined && isTried(endpoint, tried)) continue;
      const slowness = metric.slownessOf(endpoint, context);
      const load = (endpoint.inflight + 1) * slowness;
      if (best === undefined || load < bestLoad) {
        best = endpoint;
        bestSlowness = slowness;
        bestLoad = load;
        ties = 1;
      } else if (isFullScan && load === bestLoad) {
        // As good as the best one: each of the tied gets the place as often.
        ties++;
        if (this.#random.below(ties) === 0) best = endpoint;
      }
    }
    this.#bestSlowness = bestSlowness;
    return best;
  }
}
