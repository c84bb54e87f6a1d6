/**
 * Random subsetting: of many endpoints, each client uses a few. Rendezvous hashing of the client's seed with the endpoint's id gives each
 * client its own order of all endpoints, and it takes the first `size`. Endpoints that come and go leave the order of the others as it is,
 * so with each of them at most one that takes new work joins the subset and at most one leaves it.
 *
 * When: hundreds of clients times hundreds of endpoints, where connections and probes cost more than the work they carry. When not: few
 * clients, since the load is even only in the mean: an endpoint has about `clients * size / endpoints` clients, give or take twice the
 * square root of that. And not where sessions stick to endpoints through several balancers, whose subsets differ.
 *
 * Weights have no say here: the strategy divides the load within the subset by weight, and to count it twice would square it.
 * @see gRFC A68 (random subsetting)
 */
import type { ResolvedEndpoint } from '../endpoint.ts';
import { hash32, mix32 } from '../lib/hash.ts';
import type { Random } from '../lib/random.ts';

/** How many endpoints to use, and whose choice it is. */
export interface SubsetOptions {
  /**
   * How many endpoints of every priority level, 1..65535; all if there are fewer. Those that are draining do not count, and sorry servers
   * are always there. With fewer than about 12 there is a risk that all of them fail at a time.
   */
  readonly size: number;
  /** An integer in 0..2^32-1, another one for each client: equal seeds choose the same endpoints. @default drawn by chance */
  readonly seed?: number | undefined;
}

/** Chooses from a set, in the order of the set. */
export type Choose = <E extends ResolvedEndpoint>(endpoints: readonly E[]) => readonly E[];

/** All of them without options. @param random draws the seed if none is given */
export function chooserOf(options: SubsetOptions | undefined, random: Random): Choose {
  if (options === undefined) return (endpoints) => endpoints;
  return subset({ size: options.size, seed: options.seed ?? random.below(2 ** 32) });
}

/** Pure: equal options and sets give equal subsets, whatever the order of the set. O(n log n) per set. */
export function subset({ size, seed }: { readonly size: number; readonly seed: number }): Choose {
  const rankOf = (endpoint: ResolvedEndpoint): number => mix32(seed ^ mix32(hash32(endpoint.id)));
  return (endpoints) => {
    const ranks = new Map(endpoints.map((endpoint) => [endpoint, rankOf(endpoint)]));
    const taken = new Map<number, number>();
    const chosen = new Set(endpoints.filter(({ isFallback }) => isFallback));
    const inOrder = endpoints.toSorted((a, b) => ranks.get(a)! - ranks.get(b)! || (a.id < b.id ? -1 : 1));
    for (const endpoint of inOrder) {
      const count = taken.get(endpoint.priority) ?? 0;
      if (endpoint.isFallback || count === size) continue;
      chosen.add(endpoint);
      // One that is about to go takes no new work. It keeps its place until it is gone, but nobody else's.
      if (!endpoint.isDraining) taken.set(endpoint.priority, count + 1);
    }
    return endpoints.filter((endpoint) => chosen.has(endpoint));
  };
}
