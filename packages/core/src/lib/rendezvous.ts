/**
 * Weighted rendezvous hashing (Thaler and Ravishankar 1998; the weighted form by Schindelhauer and Schomaker 2005): every
 * observer that knows the same members gives a key to the same one, and a member that goes moves only its own keys.
 */
import { mix32 } from './hash.ts';

/**
 * The score of one member for a key; the highest one wins. `-weight / ln(u)` for a `u` uniform in (0, 1) wins in proportion to the weights.
 * @param memberHash `hash32` of the member's identity
 */
export function rendezvousScore(key: number, memberHash: number, weight: number): number {
  const u = (mix32(key ^ mix32(memberHash)) + 0.5) / 2 ** 32;
  return -weight / Math.log(u);
}
