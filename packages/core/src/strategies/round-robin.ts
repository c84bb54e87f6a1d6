/**
 * Weighted round robin: every endpoint in turn, as often as its weight says.
 *
 * Each endpoint has a deadline in virtual time; the earliest one is picked and moves back by `1 / weight` (earliest deadline first,
 * as in Envoy). Picks are spread as evenly as the weights allow, and any stretch of them holds each endpoint's share to within
 * about one pick. First deadlines are random within one turn, so that neither the processes of a fleet nor a cluster after each
 * update start with the same endpoints; those of endpoints that stay are carried over a rebuild.
 *
 * A pick takes O(log n) whatever the weights. (The stride scheduler of gRPC needs n steps for one pick if one endpoint of n has
 * nearly all the weight, and nginx's smooth round robin always does; neither can be told that an endpoint was used out of turn as
 * cheaply as a deadline can be moved.)
 *
 * When: requests of like cost to endpoints of known capacity, or where an even spread is the aim. When not: costs or capacities
 * differ in ways the weights do not say; a slow endpoint gets as much as a fast one. Take `peakEwma()` then. With hundreds of
 * endpoints and more, `weightedRoundRobin()` keeps the same shares in constant time, with an order that is exact to one pick or so.
 * @see gRFC A58 (https://github.com/grpc/proposal/blob/master/A58-client-side-weighted-round-robin-lb-policy.md), for the random
 *   first deadline; envoyproxy/envoy#10064 for what happens without it
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { DeadlineHeap } from '../lib/deadline-heap.ts';
import type { Random } from '../lib/random.ts';
import { candidatesOf } from './candidates.ts';
import type { Picker, PickerExplanation, Strategy } from './strategy.ts';
import { isTried } from './tried.ts';

const TWO_POW_32 = 2 ** 32;

/** Every endpoint in turn, in proportion to the weights. */
export function roundRobin(): Strategy {
  return {
    name: 'round-robin',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new DeadlinePicker(endpoints, random, previous instanceof DeadlinePicker ? previous : undefined),
  };
}

class DeadlinePicker<E extends Endpoint> implements Picker<E> {
  readonly #endpoints: readonly E[];
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Virtual time from one turn of an endpoint to its next. */
  readonly #turn: Float64Array;
  readonly #heap: DeadlineHeap;
  /** Virtual time that one pick takes up. */
  readonly #tick: number;
  /** Virtual time in which as many picks happen as there are endpoints. */
  readonly #round: number;
  /** Where virtual time would be if all picks, stuck ones included, had been in turn. */
  #now = 0;

  constructor(endpoints: readonly E[], random: Random, previous: DeadlinePicker<E> | undefined) {
    this.#endpoints = endpoints;
    this.#indexOf = new Map(endpoints.map(({ id }, index) => [id, index]));
    this.#turn = Float64Array.from(endpoints, ({ weight }) => 1 / weight);
    this.#tick = 1 / endpoints.reduce((sum, { weight }) => sum + weight, 0);
    this.#round = this.#tick * endpoints.length;
    this.#heap = new DeadlineHeap(
      Float64Array.from(endpoints, ({ id }, index) => {
        const turns = previous?.turnsUntil(id) ?? (random.below(TWO_POW_32) + 1) / TWO_POW_32;
        // Debts are bounded; what were many short turns must not become as many long ones.
        return Math.min(turns * this.#turn[index]!, this.#turn[index]! + this.#round);
      }),
    );
  }

  pick(context: PickContext): E | undefined {
    const index = context.tried === undefined ? this.#heap.first : this.#firstUntried(context.tried);
    this.#heap.postpone(index, this.#turn[index]!);
    this.#now += this.#tick;
    return this.#endpoints[index];
  }

  /**
   * A stuck request takes up a turn too, its endpoint's next one. Both debts are bounded to a round or so, as nginx bounds them:
   * after a time of stuck requests alone, what follows must not all go to the endpoint that had fewest of them.
   */
  charge(endpoint: E): void {
    const index = this.#indexOf.get(endpoint.id);
    if (index === undefined) return;
    const earliest = this.#heap.deadlineOf(this.#heap.first);
    const latest = earliest + this.#round;
    this.#now = Math.min(Math.max(this.#now + this.#tick, earliest - this.#round), latest);
    const turn = this.#turn[index]!;
    if (this.#heap.deadlineOf(index) <= this.#now + turn + this.#round) this.#heap.postpone(index, turn);
  }

  /** Scores are picks to come before it is an endpoint's turn, more or less; the order is exact. */
  explain(context: PickContext): PickerExplanation {
    const earliest = this.#heap.deadlineOf(this.#heap.first);
    return {
      regime: 'in-turn',
      candidates: candidatesOf(
        this.#endpoints,
        context,
        (index) => (this.#heap.deadlineOf(index) - earliest) / this.#tick,
      ),
    };
  }

  /** How many of its own turns the endpoint is from its next pick; undefined if it is not here. */
  turnsUntil(id: string): number | undefined {
    const index = this.#indexOf.get(id);
    if (index === undefined) return undefined;
    const earliest = this.#heap.deadlineOf(this.#heap.first);
    return (this.#heap.deadlineOf(index) - earliest) / this.#turn[index]!;
  }

  /** Retries are rare, and none of their picks may cost a tried endpoint its turn: so a search instead of picking again. O(n). */
  #firstUntried(tried: readonly Endpoint[]): number {
    let best = -1;
    for (let i = 0; i < this.#endpoints.length; i++) {
      if (isTried(this.#endpoints[i]!, tried)) continue;
      if (best < 0 || this.#heap.deadlineOf(i) < this.#heap.deadlineOf(best)) best = i;
    }
    return best < 0 ? this.#heap.first : best;
  }
}
