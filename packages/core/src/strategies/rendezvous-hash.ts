/**
 * Rendezvous hashing (highest random weight): all endpoints draw a lot for the key, and the best lot has it.
 *
 * - An endpoint that goes leaves its own keys to all others, and moves no other key; one that comes takes its part from all. The same
 *   is true of weights: a weight that grows draws keys to that endpoint and moves nothing else.
 * - Shares are those of the weights, as exactly as chance is: no table is rounded, no ring has a large gap.
 * - A retry goes to the endpoint that would have the key if the first one were gone.
 *
 * When: requests of one key find something warm at one endpoint, such as a cache or a session. When not: thousands of endpoints and
 * keys that never come again, since a pick looks at every endpoint (about 3 ns each); `maglev()` looks once.
 * @see Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates"
 */
import type { Endpoint } from '../endpoint.ts';
import { RendezvousTable } from '../lib/rendezvous.ts';
import type { Random } from '../lib/random.ts';
import { resolveOptions, v } from '../options.ts';
import { hashEntries, HashPicker } from './hashing.ts';
import type { HashOptions } from './hashing.ts';
import type { Picker, Strategy } from './strategy.ts';

const schema = v.strictObject(hashEntries);

/** The endpoint that drew the best lot for the key. A pick is O(n). @throws INVALID_OPTIONS */
export function rendezvousHash(options: HashOptions = {}): Strategy {
  const resolved = resolveOptions('rendezvousHash', schema, options);
  return {
    name: 'rendezvous-hash',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new HashPicker(
        endpoints,
        random,
        resolved,
        (members, weights) => new RendezvousTable(members, weights),
        previous,
      ),
  };
}
