/**
 * Weighted round robin in constant time: every endpoint in turn, as often as its weight says, however many there are.
 *
 * The same promise as `roundRobin()`, kept by a wheel of slots instead of a heap: exact shares, turns spread out evenly, random first
 * turns so that a fleet is not in phase, and everyone's place kept over a rebuild, also if a weight changes at every rebuild, as
 * it does during a slow start. What is different:
 *
 * - n picks take O(n) steps in all, not O(n log n), whatever the weights: also with one endpoint of 10,000 that has nearly all
 *   the weight, where the static stride of gRPC takes n steps for each pick. One pick alone may take O(n), where the turns of many
 *   endpoints coincide.
 * - Deadlines are exact to a slot, the time of one pick on average. Two endpoints that are due in the same slot come in the order
 *   of their last turns.
 *
 * When: requests of like cost, endpoints of known capacity, and many of them: hundreds or thousands. When not: with few endpoints
 * `roundRobin()` costs the same and its order is the exact one; if speeds differ in ways the weights do not say, `peakEwma()`; if
 * the endpoints report their load, `loadReported()`.
 * @see gRFC A58 (https://github.com/grpc/proposal/blob/master/A58-client-side-weighted-round-robin-lb-policy.md), for the random
 *   first deadline; envoyproxy/envoy#10064 for what happens without it
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { Picker, PickerExplanation, Strategy } from './strategy.ts';
import { TurnPicker } from './turn-picker.ts';

/** Every endpoint in turn, in proportion to the weights; for many endpoints. A pick is O(1) amortised, a build O(n). */
export function weightedRoundRobin(): Strategy {
  return {
    name: 'weighted-round-robin',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new WeightedPicker(endpoints, random, previous instanceof WeightedPicker ? previous.turns : undefined),
  };
}

class WeightedPicker<E extends Endpoint> implements Picker<E> {
  readonly turns: TurnPicker<E>;

  constructor(endpoints: readonly E[], random: Random, previous: TurnPicker<E> | undefined) {
    const weights = Float64Array.from(endpoints, ({ weight }) => weight);
    this.turns = new TurnPicker(endpoints, weights, random, previous);
  }

  pick(context: PickContext): E | undefined {
    return this.turns.pick(context);
  }

  /** A stuck request takes up its endpoint's next turn. What an endpoint can owe is bounded to about a round. */
  charge(endpoint: E): void {
    this.turns.charge(endpoint);
  }

  explain(context: PickContext): PickerExplanation {
    return { regime: 'in-turn', candidates: this.turns.explain(context) };
  }
}
