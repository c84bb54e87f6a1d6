/**
 * What strategies share in which endpoints have turns: endpoints on a wheel of turns, and a cursor that outlives rebuilds.
 * `weightedRoundRobin()` and `loadReported()` take them as they come; `leastRequest()` and `peakEwma()` only propose.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import { TurnWheel } from '../lib/turn-wheel.ts';
import { candidatesOf } from './candidates.ts';
import type { Candidate } from './strategy.ts';
import { isTried } from './tried.ts';

export class TurnPicker<E extends Endpoint> {
  readonly endpoints: readonly E[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #wheel: TurnWheel;

  /** @param weights one for each endpoint, all above 0 */
  constructor(endpoints: readonly E[], weights: Float64Array, random: Random, previous: TurnPicker<E> | undefined) {
    this.endpoints = endpoints;
    this.#indexOf = new Map(endpoints.map(({ id }, index) => [id, index]));
    const turns = new Float64Array(endpoints.length).fill(-1);
    const order = previous?.handOver(this.#indexOf, turns);
    this.#wheel = new TurnWheel(weights, turns, random, order);
  }

  /** O(1) amortised; O(n) if the endpoint whose turn it is was tried. */
  pick(context: PickContext): E {
    const first = this.#wheel.first;
    if (context.tried === undefined || !isTried(this.endpoints[first]!, context.tried)) {
      this.#wheel.take(first);
      return this.endpoints[first]!;
    }
    const index = this.#firstUntried(context.tried);
    if (index < 0) this.#wheel.take(first);
    else this.#wheel.takeEarly(index);
    return this.endpoints[index < 0 ? first : index]!;
  }

  /** Whose turn it is of those that were not tried, or of all if all were. Takes nobody's turn. O(1) amortised; O(n) as `pick`. */
  firstIndex(tried: readonly Endpoint[] | undefined): number {
    const first = this.#wheel.first;
    if (tried === undefined || !isTried(this.endpoints[first]!, tried)) return first;
    const untried = this.#firstUntried(tried);
    return untried < 0 ? first : untried;
  }

  /** The endpoint at `index` is used, whoever's turn it is; the one whose turn it is keeps it for a while. O(1) amortised. */
  take(index: number): void {
    this.#wheel.takeInstead(index);
  }

  /** True if `index` is due sooner than `other`. O(1) */
  isBefore(index: number, other: number): boolean {
    return this.#wheel.slotsUntil(index) < this.#wheel.slotsUntil(other);
  }

  /** The endpoint is used out of turn. O(1) amortised. */
  charge(endpoint: E): void {
    const index = this.#indexOf.get(endpoint.id);
    if (index !== undefined) this.#wheel.charge(index);
  }

  /** Scores are picks to come before it is an endpoint's turn, more or less; the order is exact. */
  explain(context: PickContext): readonly Candidate[] {
    const scores = new Float64Array(this.endpoints.length);
    // Where several are due in one slot, the order of their coming decides, not the part of the slot.
    this.#wheel.inOrder().forEach((index, place) => {
      scores[index] = Math.floor(this.#wheel.slotsUntil(index)) + place / scores.length;
    });
    return candidatesOf(this.endpoints, context, (index) => scores[index]);
  }

  /** New weights; everyone keeps the part of a turn that is left. O(n), creates no object. */
  reweigh(weights: Float64Array): void {
    this.#wheel.reweigh(weights);
  }

  /** The index of an endpoint; undefined if it is not here. */
  indexOf(id: string): number | undefined {
    return this.#indexOf.get(id);
  }

  /** Notes in `turns` how far from their next turns those are that stay, and gives all indices of the new picker in order. */
  handOver(newIndexOf: ReadonlyMap<string, number>, turns: Float64Array): Uint32Array {
    const order = new Uint32Array(turns.length);
    let count = 0;
    for (const old of this.#wheel.inOrder()) {
      const index = newIndexOf.get(this.endpoints[old]!.id);
      if (index === undefined) continue;
      turns[index] = this.#wheel.turnsUntil(old);
      order[count++] = index;
    }
    for (let index = 0; index < turns.length; index++) if (turns[index]! < 0) order[count++] = index;
    return order;
  }

  #firstUntried(tried: readonly Endpoint[]): number {
    let best = -1;
    for (let index = 0; index < this.endpoints.length; index++) {
      if (isTried(this.endpoints[index]!, tried)) continue;
      if (best < 0 || this.#wheel.slotsUntil(index) < this.#wheel.slotsUntil(best)) best = index;
    }
    return best;
  }
}
