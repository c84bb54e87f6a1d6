/**
 * What `leastRequest()` and `peakEwma()` do where weights differ: the endpoint whose turn it is gets the request, unless one of a few
 * others is less loaded.
 *
 * Load is `slowness * inflight / weight`, and the weight makes it awkward: is a request to be counted before it is placed, or as
 * placed? Before, any idle endpoint beats any busy one, and a canary of weight 1 beside 99 gets a third of the traffic. As placed,
 * `(inflight + 1) / weight`, it gets nothing until the big one has 98 in flight. Here an endpoint is given up for another only if
 * that one is better both ways: with this request on it, and with a batch of requests shared out by weight.
 *
 * Draws in proportion to the weights are no longer in proportion once they are compared: an endpoint of half the weight got up to 15 %
 * less than its part here, and twice as much elsewhere. Turns by virtual deadlines make up for that. Whoever gets the request in the
 * end has had a turn, and who was passed over keeps its own for as long as a turn of its own takes. So what comparisons take away for a
 * moment comes back, and what an endpoint loses by being slow or stuck is lost.
 *
 * - The one whose turn it is counts as one more candidate, beside the draws: often it was passed over a moment ago, and then the draws
 *   alone have to be as good a choice as they are among equal weights.
 * - It is given up, while idle, only for one that is faster by two steps of latency or more. A latency that wavers between two steps
 *   is no reason to leave a weight aside: the light endpoint would lose each time, the heavy one only to others as heavy.
 *
 * When: chosen by the builder below, and only where weights differ. Equal weights need no turns: their draws have no bias to make up for.
 * @see Finagle's load balancing documentation, for the drift of weighted draws of two; gRFC A58, for turns by deadlines
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { ChoiceOptions, Metric } from './choices.ts';
import { ChoicePicker } from './choices.ts';
import { Draws } from './draws.ts';
import type { Picker, PickerExplanation } from './strategy.ts';
import { isTried } from './tried.ts';
import { TurnPicker } from './turn-picker.ts';

/** From one step of `latencyBucketUs` to the next is at most from 1 to 1.25, to the one after that at least from 1 to 1.33. */
const TWO_STEPS_FASTER = 1 / 1.29;

/** A picker for these weights. It learns on where `previous` was, as far as that knows the same. */
export function choicePicker<E extends Endpoint>(
  endpoints: readonly E[],
  random: Random,
  options: Required<ChoiceOptions>,
  metric: Metric,
  previous: Picker<E> | undefined,
): Picker<E> {
  const isEven = endpoints.every(({ weight }) => weight === endpoints[0]!.weight);
  if (isEven || options.choices === 1) return new ChoicePicker(endpoints, random, options, metric);
  const before = previous instanceof WeightedChoicePicker ? (previous as WeightedChoicePicker<E>) : undefined;
  return new WeightedChoicePicker(endpoints, random, options, metric, before);
}

/** What the picker goes by, if it is one of these two. */
export function metricOf(picker: Picker | undefined): Metric | undefined {
  const isOurs = picker instanceof ChoicePicker || picker instanceof WeightedChoicePicker;
  return isOurs ? (picker as { readonly metric: Metric }).metric : undefined;
}

class WeightedChoicePicker<E extends Endpoint> implements Picker<E> {
  readonly metric: Metric;
  readonly #endpoints: readonly E[];
  readonly #turns: TurnPicker<E>;
  /** The part of an endpoint that one request takes up. */
  readonly #part: Float64Array;
  /** The part that an endpoint's share of a batch takes up; the same for all. */
  readonly #fairPart: number;
  readonly #isFullScan: boolean;
  /** How many are compared with the one whose turn it is. */
  readonly #others: number;
  /** The one whose turn it is, then those that are drawn. */
  readonly #draws: Draws;

  constructor(
    endpoints: readonly E[],
    random: Random,
    { choices, fullScanUpTo }: Required<ChoiceOptions>,
    metric: Metric,
    previous: WeightedChoicePicker<E> | undefined,
  ) {
    const n = endpoints.length;
    const weights = Float64Array.from(endpoints, ({ weight }) => weight);
    this.metric = metric;
    this.#endpoints = endpoints;
    this.#turns = new TurnPicker(endpoints, weights, random, previous === undefined ? undefined : previous.#turns);
    this.#part = weights.map((weight) => 1 / weight);
    this.#fairPart = n / weights.reduce((sum, weight) => sum + weight, 0);
    this.#isFullScan = n <= Math.max(fullScanUpTo, choices);
    this.#others = this.#isFullScan ? n : choices;
    this.#draws = new Draws(endpoints, random, choices + 1);
  }

  pick(context: PickContext): E {
    const first = this.#turns.firstIndex(context.tried);
    const areAllTried = context.tried !== undefined && isTried(this.#endpoints[first]!, context.tried);
    const index = this.#best(first, context, areAllTried ? undefined : context.tried);
    this.#turns.take(index);
    return this.#endpoints[index]!;
  }

  /** The endpoint is used out of turn, as if it had been picked. O(1) amortised. */
  charge(endpoint: E): void {
    const index = this.#turns.indexOf(endpoint.id);
    if (index !== undefined) this.#turns.take(index);
  }

  explain(context: PickContext): PickerExplanation {
    const { metric } = this;
    const candidates = this.#endpoints.map((endpoint, i) => {
      const score = (endpoint.inflight + 1) * this.#part[i]! * metric.slownessOf(endpoint, context);
      return { endpoint, score };
    });
    return { regime: this.#isFullScan ? 'turn-and-full-scan' : `turn-and-best-of-${this.#others}`, candidates };
  }

  /** One loop with everything in local variables: this is what every request waits for. @param first the one whose turn it is */
  #best(first: number, context: PickContext, tried: readonly Endpoint[] | undefined): number {
    const { metric } = this;
    const endpoints = this.#endpoints;
    const part = this.#part;
    const fairPart = this.#fairPart;
    const others = this.#others;
    const isFullScan = this.#isFullScan;
    const { inflight } = endpoints[first]!;
    let best = first;
    let bestSlowness = metric.slownessOf(endpoints[first]!, context);
    let bestPlaced = (inflight + 1) * part[first]! * bestSlowness;
    let bestShared = (inflight * part[first]! + fairPart) * bestSlowness;
    if (inflight === 0) bestShared *= TWO_STEPS_FASTER;
    this.#draws.put(0, first);
    for (let count = 1; count <= others; count++) {
      const i = isFullScan ? count - 1 : this.#draws.draw(count, tried);
      if (i < 0) break;
      const endpoint = endpoints[i]!;
      if (i === first || (isFullScan && tried !== undefined && isTried(endpoint, tried))) continue;
      const slowness = metric.slownessOf(endpoint, context);
      const used = endpoint.inflight * part[i]!;
      const placed = (used + part[i]!) * slowness;
      const shared = (used + fairPart) * slowness;
      if (placed < bestPlaced && shared < bestShared) {
        best = i;
        bestSlowness = slowness;
        bestPlaced = placed;
        bestShared = shared;
      } else if (best !== first && !(placed > bestPlaced && shared > bestShared) && this.#turns.isBefore(i, best)) {
        // As good as the best one, and due sooner.
        best = i;
      }
    }
    metric.chose(bestSlowness);
    return best;
  }
}
