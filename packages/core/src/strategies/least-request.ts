/**
 * Least request: of a few endpoints, the one with the fewest requests in flight for its weight.
 *
 * When: requests of unlike cost, such as reports beside lookups, or streams and WebSockets, whose time to the first byte says nothing
 * about the load they are. When not: an endpoint that fails at once is always idle (have it ejected), and one that is slow but not
 * stuck still gets its share of the requests in flight. `peakEwma()` sees latency too.
 * @see Mitzenmacher 2001 for the draws; HAProxy's `leastconn` and `random(2)`
 */
import type { Endpoint } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { ChoiceOptions, Metric } from './choices.ts';
import { resolveChoices } from './choices.ts';
import type { Picker, Strategy } from './strategy.ts';
import { choicePicker } from './weighted-choices.ts';

const ALIKE: Metric = { slownessOf: () => 1, chose() {} };

/** The fewest requests in flight for the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export function leastRequest(options: ChoiceOptions = {}): Strategy {
  const choices = resolveChoices('leastRequest', options);
  return {
    name: 'least-request',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      choicePicker(endpoints, random, choices, ALIKE, previous),
  };
}
