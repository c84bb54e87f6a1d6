/**
 * Maglev hashing: a table of slots that the endpoints have filled in turn; the key says which slot.
 *
 * - A pick reads one number, however many endpoints there are.
 * - Slots are shared out to within one of what the weights say, so shares are right to about n / 65,537.
 * - A change moves some keys between endpoints that did not change: 1 in 1,000 of all keys with 4 endpoints, 6 in 1,000 with 100 or
 *   1,000 of them, where 10 and 1 in 1,000 have to move. Turns are spaced by each endpoint's own weight, so a changed weight does no more.
 *
 * When: many endpoints, or keys that are all different, and an even spread matters more than that no key moves. When not: a key that
 * moves is dear, as where a session is lost with it; take `rendezvousHash()` then.
 * @see Eisenbud et al. 2016, "Maglev: a fast and reliable software network load balancer"
 */
import type { Endpoint } from '../endpoint.ts';
import { isPrime, MaglevTable } from '../lib/maglev-table.ts';
import type { Random } from '../lib/random.ts';
import { resolveOptions, v } from '../options.ts';
import { hashEntries, HashPicker } from './hashing.ts';
import type { HashOptions } from './hashing.ts';
import type { Picker, Strategy } from './strategy.ts';

/** Options of `maglev()`. */
export interface MaglevOptions extends HashOptions {
  /**
   * Slots, a prime in 251..5_000_011; a larger one is taken if there are fewer than four per endpoint. A hundred per endpoint make shares
   * right to 1 %. Building takes 3 to 10 ms, and ten times the slots ten times that. @default 65_537
   */
  readonly tableSize?: number;
}

const MAX_SIZE = 5_000_011;
const SIZE = `a prime number from 251 to ${MAX_SIZE}`;

const schema = v.strictObject({
  ...hashEntries,
  tableSize: v.optional(
    v.pipe(
      v.number(SIZE),
      v.check((size) => size >= 251 && size <= MAX_SIZE && Number.isInteger(size) && isPrime(size), SIZE),
    ),
    65_537,
  ),
});

/** The endpoint whose slot the key hits. A pick is O(1). @throws INVALID_OPTIONS */
export function maglev(options: MaglevOptions = {}): Strategy {
  const resolved = resolveOptions('maglev', schema, options);
  const { tableSize } = resolved;
  return {
    name: 'maglev',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new HashPicker(
        endpoints,
        random,
        resolved,
        (members, weights) => new MaglevTable(members, weights, tableSize),
        previous,
      ),
  };
}
