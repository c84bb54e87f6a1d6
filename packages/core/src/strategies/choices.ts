/**
 * The distribution that `leastRequest()` and `peakEwma()` share: compare a few endpoints, drawn in proportion to their weights, and
 * take the least loaded; with few endpoints, compare them all. What "loaded" means is the metric's.
 *
 * Load is `slowness * inflight / weight`, and the weight makes it awkward: is a request to be counted before it is placed, or as
 * placed? Before, any idle endpoint beats any busy one, and a canary of weight 1 beside 99 gets a third of the traffic. As placed,
 * `(inflight + 1) / weight`, it gets nothing until the big one has 98 in flight. Here an endpoint is given up for another only if
 * that one is better both ways: with this request on it, and with a batch of requests shared out by weight. Otherwise the draw
 * stands, and the draw is in proportion. So the weights hold from idle to full load, and where all weights are equal the two ways
 * are one, the plain `inflight + 1`.
 * @see Mitzenmacher 2001, "The power of two choices in randomized load balancing"
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { AliasTable } from '../lib/alias-table.ts';
import type { Random } from '../lib/random.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import type { Picker } from './strategy.ts';
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
  /** The answer of the last `look`, relative to other endpoints: 0 to be taken before all of them, Infinity after all. */
  readonly slowness: number;
  /** Leaves its answer in a field, since a fraction that a call returns is a number on the heap unless the call is inlined. */
  look(endpoint: Endpoint, context: PickContext): void;
}

const schema = v.strictObject({
  choices: v.optional(integerIn(1, 16), 2),
  fullScanUpTo: v.optional(integerIn(0, 64), 8),
});

/** Fills in the defaults. @throws INVALID_OPTIONS */
export function resolveChoices(where: string, options: ChoiceOptions): Required<ChoiceOptions> {
  return resolveOptions(where, schema, options);
}

/** Draws need a few tries to be distinct, more so if one endpoint has most of the weight. */
const TRIES_PER_DRAW = 4;

export class ChoicePicker<E extends Endpoint, M extends Metric> implements Picker<E> {
  readonly metric: M;
  readonly #endpoints: readonly E[];
  readonly #random: Random;
  readonly #choices: number;
  readonly #table: AliasTable;
  /** The part of an endpoint that one request takes up. */
  readonly #part: Float64Array;
  /** The part that an endpoint's share of a batch takes up; the same for all. */
  readonly #fairPart: number;
  readonly #drawn: Uint32Array;
  // The best candidate so far, and the loads to beat.
  #best = -1;
  #placed = 0;
  #shared = 0;
  /** The weight of all candidates that are as good as the best one. */
  #tiedWeight = 0;

  constructor(endpoints: readonly E[], random: Random, options: Required<ChoiceOptions>, metric: M) {
    const n = endpoints.length;
    const weights = endpoints.map(({ weight }) => weight);
    this.metric = metric;
    this.#endpoints = endpoints;
    this.#random = random;
    this.#choices = n <= Math.max(options.fullScanUpTo, options.choices) && options.choices > 1 ? n : options.choices;
    this.#table = new AliasTable(weights, random);
    this.#part = Float64Array.from(weights, (weight) => 1 / weight);
    this.#fairPart = n / weights.reduce((sum, weight) => sum + weight, 0);
    this.#drawn = new Uint32Array(this.#choices);
  }

  pick(context: PickContext): E | undefined {
    this.#compare(context, context.tried);
    if (this.#best < 0) this.#compare(context, undefined);
    return this.#endpoints[this.#best];
  }

  #compare(context: PickContext, tried: readonly Endpoint[] | undefined): void {
    this.#best = -1;
    if (this.#choices === this.#endpoints.length) {
      for (let i = 0; i < this.#endpoints.length; i++) {
        if (isTried(this.#endpoints[i]!, tried) || this.#consider(i, context)) continue;
        // As good as the best one: each of the tied gets the place in proportion to its weight.
        const weight = this.#endpoints[i]!.weight;
        this.#tiedWeight += weight;
        if (this.#random.below(this.#tiedWeight) < weight) this.#best = i;
      }
    } else {
      for (let count = 0; count < this.#choices; count++) {
        const i = this.#draw(count, tried);
        if (i < 0) return;
        this.#drawn[count] = i;
        this.#consider(i, context);
      }
    }
  }

  /** Takes the candidate if it is the better one. False if neither is. */
  #consider(i: number, context: PickContext): boolean {
    const endpoint = this.#endpoints[i]!;
    this.metric.look(endpoint, context);
    const { slowness } = this.metric;
    const used = endpoint.inflight * this.#part[i]!;
    const placed = (used + this.#part[i]!) * slowness;
    const shared = (used + this.#fairPart) * slowness;
    if (this.#best < 0 || (placed < this.#placed && shared < this.#shared)) {
      this.#best = i;
      this.#placed = placed;
      this.#shared = shared;
      this.#tiedWeight = endpoint.weight;
      return true;
    }
    return this.#placed < placed && this.#shared < shared;
  }

  /** An endpoint that was neither drawn nor tried before; -1 if there is none. */
  #draw(count: number, tried: readonly Endpoint[] | undefined): number {
    for (let tries = 0; tries < TRIES_PER_DRAW; tries++) {
      const i = this.#table.draw();
      if (this.#isNew(i, count, tried)) return i;
    }
    const n = this.#endpoints.length;
    const start = this.#random.below(n);
    for (let step = 0; step < n; step++) {
      const i = (start + step) % n;
      if (this.#isNew(i, count, tried)) return i;
    }
    return -1;
  }

  #isNew(i: number, count: number, tried: readonly Endpoint[] | undefined): boolean {
    for (let k = 0; k < count; k++) if (this.#drawn[k] === i) return false;
    return !isTried(this.#endpoints[i]!, tried);
  }
}
