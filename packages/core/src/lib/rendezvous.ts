/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998; the weighted form by Schindelhauer and Schomaker 2005): every
 * observer that knows the same members gives a key to the same one, and a member that goes moves only its own keys.
 */
import { mix32 } from './hash.ts';
import type { Members } from './members.ts';
import type { Except, Placement } from './placement.ts';

const TWO_POW_32 = 2 ** 32;

/**
 * The score of one member for a key; the highest one wins. `-weight / ln(u)` for a `u` uniform in (0, 1) wins in proportion to the weights.
 * @param memberHash `hash32` of the member's identity
 */
export function rendezvousScore(key: number, memberHash: number, weight: number): number {
  const u = (mix32(key ^ mix32(memberHash)) + 0.5) / TWO_POW_32;
  return -weight / Math.log(u);
}

/** From this many members on, answers are remembered: below, it is as fast to work them out. */
const MEMO_FROM = 64;
const MEMO_SIZE = 4_096;

/** Whatever weighs less counts as this much, so that no time is infinite. */
const LEAST_WEIGHT = 1e-300;

/** So much less is what is sure to be a lower bound, whatever was rounded on the way. */
const SAFELY_BELOW = 1 - 1e-12;

/**
 * A race: each member draws `-ln(1 - v) / weight` for a `v` that its identity and the key make, and the least one has the key.
 *
 * A search takes O(n) steps of a few nanoseconds. The logarithm, which is the dear part, is only worked out for members that may
 * still win: `v / weight` is less than it, and O(log n) members get below the best so far. With many members, keys of late are
 * remembered as they are, so that it stays exact: 32 KiB, one step per pick for keys that come again.
 */
export class RendezvousTable implements Placement {
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  readonly #inverse: Float64Array;
  /** The key that was asked for last, of all that share its place, and its owner plus one. */
  readonly #memoKey: Int32Array | undefined;
  readonly #memoOwner: Int32Array | undefined;

  constructor({ first, second }: Members, weights: Float64Array) {
    const n = first.length;
    this.#first = first;
    // Odd, so that multiplying by it loses nothing of the key.
    this.#second = second.map((hash) => hash | 1);
    this.#inverse = weights.map((weight) => 1 / Math.max(weight, LEAST_WEIGHT));
    this.#memoKey = n < MEMO_FROM ? undefined : new Int32Array(MEMO_SIZE);
    this.#memoOwner = n < MEMO_FROM ? undefined : new Int32Array(MEMO_SIZE);
  }

  owner(key: number): number {
    const keys = this.#memoKey;
    const owners = this.#memoOwner;
    if (keys === undefined || owners === undefined) return this.ownerExcept(key, NONE);
    const place = mix32(key) % MEMO_SIZE;
    if (keys[place] === (key | 0) && owners[place] !== 0) return owners[place]! - 1;
    const owner = this.ownerExcept(key, NONE);
    keys[place] = key;
    owners[place] = owner + 1;
    return owner;
  }

  /** The next in the key's order. It is as good as a random jump, since every key has an order of its own. */
  ownerExcept(key: number, except: Except): number {
    const first = this.#first;
    const second = this.#second;
    const inverse = this.#inverse;
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < first.length; i++) {
      const v = (mix32(Math.imul(key ^ first[i]!, second[i]!)) + 0.5) / TWO_POW_32;
      if (v * inverse[i]! * SAFELY_BELOW >= least) continue;
      const time = -Math.log1p(-v) * inverse[i]!;
      if (time >= least || except.isTried(i) || except.isFull(i)) continue;
      best = i;
      least = time;
    }
    return best;
  }
}

const NONE: Except = { isTried: () => false, isFull: () => false };
