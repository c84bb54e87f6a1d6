/**
 * One picker over several tiers: chance, or the key of what hangs on one, says which tier; that tier's own picker says which endpoint.
 */
import type { PickContext } from '../endpoint.ts';
import { mix32 } from '../lib/hash.ts';
import type { Random } from '../lib/random.ts';
import type { Picker, PickerExplanation } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Tier } from './tiers.ts';

const TWO_POW_32 = 2 ** 32;

/** So that a key's tier and its endpoint within that are drawn independently. */
const TIER_SALT = 0x74696572;

export class TierPicker implements Picker<EndpointState> {
  readonly #pickers: readonly Picker<EndpointState>[];
  /** Where each tier's part of 0..2^32 ends. */
  readonly #ends: Float64Array;
  readonly #random: Random;

  constructor(tiers: readonly Tier[], pickers: readonly Picker<EndpointState>[], random: Random) {
    this.#pickers = pickers;
    this.#random = random;
    let end = 0;
    this.#ends = Float64Array.from(tiers, ({ share }) => (end += share * TWO_POW_32));
  }

  pick(context: PickContext): EndpointState | undefined {
    const point = context.key === 0 ? this.#random.below(TWO_POW_32) : mix32(context.key ^ TIER_SALT);
    const last = this.#pickers.length - 1;
    let tier = 0;
    while (tier < last && point >= this.#ends[tier]!) tier++;
    return this.#pickers[tier]!.pick(context);
  }

  charge(endpoint: EndpointState): void {
    this.#pickers[endpoint.tier]?.charge?.(endpoint);
  }

  explain(context: PickContext): PickerExplanation {
    const parts = this.#pickers.map((picker) => picker.explain?.(context));
    const regimes = new Set(parts.map((part) => part?.regime ?? 'unknown'));
    return { regime: [...regimes].join(', '), candidates: parts.flatMap((part) => part?.candidates ?? []) };
  }
}
