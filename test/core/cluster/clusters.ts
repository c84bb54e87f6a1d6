/** Small clusters that never open a connection, and what tests do to them. */
import { createCluster, roundRobin } from '@evenkeel/core';
import type { Cluster, ClusterOptions, EndpointOptions, PickContext } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';

export const names = (count: number): EndpointOptions[] =>
  Array.from({ length: count }, (_, i) => ({ id: `e${i}`, url: `http://10.0.0.${i}:80`, route: `r${i}` }));

export function make(count: number, options: Partial<ClusterOptions> = {}): Cluster {
  const clock = manualClock();
  return createCluster({ endpoints: names(count), strategy: roundRobin(), clock, random: seeded(7), ...options });
}

export function context(now: number, more: Partial<PickContext> = {}): PickContext {
  return { now, key: 0, attempt: 0, preferred: undefined, tried: undefined, ...more };
}

export function fail(cluster: Cluster, id: string, times: number, now = 0): void {
  const endpoint = cluster.endpoints.find((candidate) => candidate.id === id)!;
  for (let i = 0; i < times; i++) {
    cluster.begin(endpoint, now);
    cluster.report(endpoint, 'server-error', now, now);
    cluster.end(endpoint);
  }
}

/** One request that succeeds wherever it goes. */
export function succeed(cluster: Cluster, now: number): void {
  const endpoint = cluster.pick(context(now))!;
  cluster.begin(endpoint, now);
  cluster.report(endpoint, 'success', now, now);
  cluster.end(endpoint);
}

export function picked(cluster: Cluster, now: number, picks = 50): string[] {
  const ids = new Set<string>();
  for (let i = 0; i < picks; i++) ids.add(cluster.pick(context(now))?.id ?? 'none');
  return [...ids].toSorted();
}

/** An endpoint on its own, and answers of which only the time matters. */
export function stateOf(latencyWindowMs: number): {
  answer(latencyMs: number, now: number): void;
  latencyAt(now: number): number;
} {
  const cluster = make(1, { latencyWindowMs });
  const endpoint = cluster.endpoints[0]!;
  return {
    latencyAt: (now) => endpoint.latencyAt(now),
    answer(latencyMs, now) {
      cluster.begin(endpoint, now - latencyMs);
      cluster.report(endpoint, 'success', now - latencyMs, now);
      cluster.end(endpoint);
    },
  };
}
