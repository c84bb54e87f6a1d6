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

const TWO_POW_32 = 2 ** 32;

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
  readonly #isFullScan: boolean;
  readonly #drawn: Uint32Array;
  #bestSlowness = 0;

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
    this.#isFullScan = this.#choices === n;
    this.#drawn = new Uint32Array(this.#choices);
  }

  pick(context: PickContext): E | undefined {
    const best = this.#best(context, context.tried) ?? this.#best(context, undefined);
    this.metric.chose(this.#bestSlowness);
    return best;
  }

  explain(context: PickContext): PickerExplanation {
    const { metric } = this;
    const candidates = this.#endpoints.map((endpoint, i) => {
      const score = (endpoint.inflight + 1) * this.#part[i]! * metric.slownessOf(endpoint, context);
      return { endpoint, score };
    });
    return { regime: this.#isFullScan ? 'full-scan' : `best-of-${this.#choices}`, candidates };
  }

  /** One loop with everything in local variables: this is what every request waits for. Undefined if all were tried. */
  #best(context: PickContext, tried: readonly Endpoint[] | undefined): E | undefined {
    const { metric } = this;
    const endpoints = this.#endpoints;
    const part = this.#part;
    const fairPart = this.#fairPart;
    const choices = this.#choices;
    const isFullScan = this.#isFullScan;
    let best: E | undefined;
    let bestSlowness = 0;
    let bestPlaced = 0;
    let bestShared = 0;
    let tiedWeight = 0;
    for (let count = 0; count < choices; count++) {
      const i = isFullScan ? count : this.#draw(count, tried);
      if (i < 0) break;
      const endpoint = endpoints[i]!;
      if (isFullScan && tried !== undefined && isTried(endpoint, tried)) continue;
      const slowness = metric.slownessOf(endpoint, context);
      const used = endpoint.inflight * part[i]!;
      const placed = (used + part[i]!) * slowness;
      const shared = (used + fairPart) * slowness;
      if (best === undefined || (placed < bestPlaced && shared < bestShared)) {
        best = endpoint;
        bestSlowness = slowness;
        bestPlaced = placed;
        bestShared = shared;
        if (isFullScan) tiedWeight = endpoint.weight;
      } else if (isFullScan && !(placed > bestPlaced && shared > bestShared)) {
        // As good as the best one: each of the tied gets the place in proportion to its weight.
        tiedWeight += endpoint.weight;
        if (this.#random.below(TWO_POW_32) * tiedWeight < endpoint.weight * TWO_POW_32) best = endpoint;
      }
    }
    this.#bestSlowness = bestSlowness;
    return best;
  }

  /** An endpoint that was neither drawn nor tried before; -1 if there is none. */
  #draw(count: number, tried: readonly Endpoint[] | undefined): number {
    for (let tries = 0; tries < TRIES_PER_DRAW; tries++) {
      const i = this.#table.draw();
      if (this.#isNew(i, count, tried)) return (this.#drawn[count] = i);
    }
    return this.#drawAny(count, tried);
  }

  #drawAny(count: number, tried: readonly Endpoint[] | undefined): number {
    const n = this.#endpoints.length;
    const start = this.#random.below(n);
    for (let step = 0; step < n; step++) {
      const i = (start + step) % n;
      if (this.#isNew(i, count, tried)) return (this.#drawn[count] = i);
    }
    return -1;
  }

  #isNew(i: number, count: number, tried: readonly Endpoint[] | undefined): boolean {
    for (let k = 0; k < count; k++) if (this.#drawn[k] === i) return false;
    return tried === undefined || !isTried(this.#endpoints[i]!, tried);
  }
}
