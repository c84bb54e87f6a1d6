/**
 * What tests of hedging have in common: endpoints that answer when told to, picked in order, and a policy that counts.
 */
import { createCluster, retryBudget } from '@evenkeel/core';
import type { ClusterOptions, Endpoint, HedgePolicy, Outcome, RetryBudget, Strategy } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { heldUpstream } from './held-upstream.ts';
import type { HeldUpstream } from './held-upstream.ts';
import { closing } from '../../closing.ts';

/** The first endpoint that has not been tried. */
export const inOrder: Strategy = {
  name: 'in-order',
  build: (endpoints) => ({ pick: ({ tried }) => endpoints.find((one) => !tried?.includes(one)) ?? endpoints[0] }),
};

export interface Samples extends HedgePolicy {
  readonly latencies: number[];
  deposits: number;
  grants: number;
}

/** A policy that hedges after 10 ms, `grants` times. */
export function afterTen(given: Partial<Samples> = {}): Samples {
  return {
    latencies: [],
    deposits: 0,
    grants: Infinity,
    maxHedges: 1,
    delayMs: () => 10,
    observe(latencyMs) {
      this.latencies.push(latencyMs);
    },
    deposit() {
      this.deposits++;
    },
    tryWithdraw() {
      return this.grants-- > 0;
    },
    ...given,
  };
}

/** A budget that allows one retry in ten seconds. */
export function oneRetry(): RetryBudget {
  return retryBudget({ percent: 0, minPerSecond: 0.1 });
}

/** What the cluster's ejection policy was told, by outcome. */
export function outcomes(): { seen: Outcome[]; ejection: NonNullable<ClusterOptions['ejection']> } {
  const seen: Outcome[] = [];
  const track = () => ({ observe: (outcome: Outcome) => (seen.push(outcome), 0), restored: () => undefined });
  return { seen, ejection: { name: 'none', start: () => ({ track }) } };
}

export async function hedgeRig(count: number, options: Partial<ClusterOptions> = {}) {
  const servers: HeldUpstream[] = [];
  for (let i = 0; i < count; i++) servers.push(closing(await heldUpstream()));
  const clock = manualClock();
  const hedge = afterTen();
  const endpoints = servers.map(({ url }, i) => ({ url, id: `${i}` }));
  const cluster = closing(createCluster({ endpoints, strategy: inOrder, hedge, clock, ...options }));
  const isIdle = (): boolean => cluster.endpoints.every((endpoint: Endpoint) => endpoint.inflight === 0);
  return { cluster, servers, clock, hedge, isIdle };
}
