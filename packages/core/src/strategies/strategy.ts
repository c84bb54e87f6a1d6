/**
 * The two halves of balancing policy: a strategy is built anew whenever the set of pickable endpoints changes, and the picker
 * that it builds answers every pick until then. Neither knows about health.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';

/** How an endpoint looks to a picker at one moment. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** What it would be picked for: the least one wins. Only comparable within one explanation. Undefined where there is no order. */
  readonly score: number | undefined;
}

/** The momentary state of a strategy. */
export interface Picker<E extends Endpoint = Endpoint> {
  /**
   * The endpoint for one attempt, or undefined if the picker has none. Moves the cursor and changes nothing else; called once
   * per attempt, and again if the endpoint was tried before or is at its limit. Allocates nothing.
   */
  pick(context: PickContext): E | undefined;
  /** Told when stickiness, not this picker, chose `endpoint`, so that other traffic can make up for it. */
  charge?(endpoint: E): void;
  /** What `pick` would look at, without moving anything. For people; may allocate. */
  explain?(context: PickContext): PickerExplanation;
}

/** What a picker would decide on. */
export interface PickerExplanation {
  /** The rule at work, where the strategy has more than one: `full-scan`, `two-choices`, `cold`, `hot`, `random-fallback` ... */
  readonly regime: string;
  readonly candidates: readonly Candidate[];
}

/** How load is spread. The smallest one: `{ name: 'first', build: (endpoints) => ({ pick: () => endpoints[0] }) }`. */
export interface Strategy {
  readonly name: string;
  /**
   * @param endpoints those that may be picked; never empty, and constant for the life of the picker
   * @param previous the picker this one replaces; carry its cursor over so that a rebuild starts nothing afresh
   */
  build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined): Picker<E>;
}
