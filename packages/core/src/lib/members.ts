/**
 * What hashing knows a set of endpoints by: numbers made from their identities, in an order that every process agrees on, however its
 * own list is ordered.
 */
import { hash32, mix32 } from './hash.ts';

/** The members of one set. Position i of every array is about the same member. */
export interface Members {
  /** Where the member stands in the list that was given. */
  readonly order: Uint32Array;
  /**
   * Two hashes of the identity. One is not enough: two of ten thousand members share all 32 bits in one set of a hundred, and one of the two
   * would never be found.
   */
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** Room for a position below the hash, in a number that is exact up to 2^53. */
const MAX_MEMBERS = 2 ** 21;

/** What the seed of the second hash differs by. */
const SECOND = 0x5bd1e995;

/** Takes O(n log n) time. @param seed another one gives an arrangement that has nothing to do with the first */
export function membersOf(ids: readonly string[], seed: number): Members {
  const n = ids.length;
  // A seed of few bits would do what another first letter does.
  const [firstSeed, secondSeed] = [mix32(seed), mix32(seed ^ SECOND)];
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = hash32(ids[i]!, firstSeed) * MAX_MEMBERS + i;
  keys.sort();
  const order = new Uint32Array(n);
  const first = new Int32Array(n);
  const second = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const given = keys[i]! % MAX_MEMBERS;
    first[i] = (keys[i]! - given) / MAX_MEMBERS;
    // Of those with equal hashes, the lesser identity goes first; the list's own order means nothing.
    let at = i;
    for (; at > 0 && first[at - 1] === first[i] && ids[order[at - 1]!]! > ids[given]!; at--) order[at] = order[at - 1]!;
    order[at] = given;
  }
  for (let i = 0; i < n; i++) second[i] = hash32(ids[order[i]!]!, secondSeed);
  return { order, first, second };
}
