/**
 * Stickiness per cluster, since a route means something only in the cluster that it is of.
 */
import type { Cluster } from '@evenkeel/core';
import type { Affinity, AffinityMode } from './affinity/affinity.ts';

/** Makes the affinity of a cluster when it is first asked for, and forgets it with the cluster. */
export function affinityBook(mode: AffinityMode | undefined): (cluster: Cluster) => Affinity | undefined {
  if (mode === undefined) return () => undefined;
  const known = new WeakMap<Cluster, Affinity>();
  return (cluster) => {
    let affinity = known.get(cluster);
    if (affinity === undefined) {
      affinity = mode(cluster);
      known.set(cluster, affinity);
    }
    return affinity;
  };
}
