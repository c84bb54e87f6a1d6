/**
 * Ring hash (ketama): every endpoint has many points on a ring; a key belongs to the next one.
 *
 * - An endpoint that goes leaves its keys to its neighbours on the ring, which are all others, and moves no other key.
 * - The points of an endpoint follow from its identity and its weight alone. Where their number also depends on how many endpoints there
 *   are, as with a ring of a given size, every change moves keys that had nothing to do with it (envoyproxy/envoy#22558). For that
 *   reason there is no least size of the ring either.
 * - Shares are as even as gaps between points: with 160 points per unit of weight, one endpoint in three has more or less than its
 *   share by 8 % or more.
 *
 * When: where other parties place the same keys by a ring, or want the neighbour of a key. When not: otherwise; `rendezvousHash()` is
 * evener and moves no more, and `maglev()` is evener and faster.
 * @see ketama, nginx `hash ... consistent`, pingora-ketama: 160 points per unit of weight
 */
import type { Endpoint } from '../endpoint.ts';
import { HashRing } from '../lib/hash-ring.ts';
import type { Random } from '../lib/random.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import { hashEntries, HashPicker } from './hashing.ts';
import type { HashOptions } from './hashing.ts';
import type { Picker, Strategy } from './strategy.ts';

/** Options of `ringHash()`. */
export interface RingHashOptions extends HashOptions {
  /** Points per unit of weight, 1..65_536; each takes 7 to 8 bytes. Fewer if weights are large numbers. @default 160 */
  readonly pointsPerWeight?: number;
  /**
   * Points on the whole ring, 1_024..8_388_608. Beyond, every endpoint has half as many, or a quarter and so on, which moves keys between
   * endpoints that did not change. A million points take about 50 ms to build. @default 2_097_152, room for 13_107 endpoints of weight 1
   */
  readonly maxRingSize?: number;
}

const schema = v.strictObject({
  ...hashEntries,
  pointsPerWeight: v.optional(integerIn(1, 65_536), 160),
  maxRingSize: v.optional(integerIn(1_024, 8_388_608), 2_097_152),
});

/** The endpoint whose point comes next after the key's. A pick is O(1). @throws INVALID_OPTIONS */
export function ringHash(options: RingHashOptions = {}): Strategy {
  const resolved = resolveOptions('ringHash', schema, options);
  const { pointsPerWeight, maxRingSize } = resolved;
  return {
    name: 'ring-hash',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new HashPicker(
        endpoints,
        random,
        resolved,
        (members, weights) => new HashRing(members, countsOf(weights, pointsPerWeight, maxRingSize)),
        previous,
      ),
  };
}

/** Points of each endpoint. By halves, so that the set of endpoints matters as rarely as possible. */
function countsOf(weights: Float64Array, pointsPerWeight: number, maxRingSize: number): Uint32Array {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  let scale = pointsPerWeight;
  while (total * scale > maxRingSize) scale /= 2;
  return Uint32Array.from(weights, (weight) => Math.max(1, Math.round(weight * scale)));
}
