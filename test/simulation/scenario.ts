/**
 * A cluster of simulated servers under load, and what became of the requests.
 */
import { createCluster } from '@evenkeel/core';
import type { Clock, Cluster, ClusterOptions, Endpoint, Random, RetryBudget, RetryPolicy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import type { Arrivals } from './arrivals.ts';
import { poissonArrivals } from './arrivals.ts';
import type { Server } from './profiles.ts';
import type { Done } from './request.ts';
import { simulate } from './simulator.ts';

export interface Scenario {
  /** @default 1 */
  readonly seed?: number;
  /** What else to create the cluster with. */
  readonly cluster?: Omit<ClusterOptions, 'endpoints' | 'clock' | 'random'>;
  /** The servers by name, those that come later included; made anew for each run. */
  readonly servers: (random: Random) => Readonly<Record<string, Server>>;
  /** The servers that are endpoints from the start. @default all */
  readonly members?: readonly string[];
  readonly perSecond: number;
  /** @default Poisson */
  readonly arrivals?: (perSecond: number, random: Random) => Arrivals;
  readonly durationMs: number;
  readonly timeoutMs?: number;
  /** @default no retries */
  readonly retry?: { readonly policy: RetryPolicy; readonly budget: RetryBudget };
  /** Schedules what happens on the way. */
  readonly script?: (clock: Clock, cluster: Cluster) => void;
  /** Called for each attempt with its server's name. */
  readonly onAttempt?: (name: string, now: number) => void;
}

/** One request, short. */
export interface Trace {
  readonly startedAt: number;
  readonly latencyMs: number;
  readonly isOk: boolean;
  readonly attempts: number;
  /** The server of the last attempt. */
  readonly name: string | undefined;
}

/** The URL of a server. */
export function urlOf(name: string): string {
  return `http://${name}.test`;
}

/** The server of an endpoint. */
export function nameOf(endpoint: Endpoint): string {
  return endpoint.id.slice('http://'.length, -'.test'.length);
}

/** Runs a scenario and gives its requests in the order in which they ended. */
export function play(scenario: Scenario): Trace[] {
  const { seed = 1, perSecond, durationMs, timeoutMs, retry, arrivals = poissonArrivals } = scenario;
  const random = seeded(seed);
  const servers = new Map(Object.entries(scenario.servers(random)));
  const traces: Trace[] = [];
  let cluster: Cluster;
  simulate({
    clients(clock) {
      const endpoints = [...(scenario.members ?? servers.keys())].map(urlOf);
      cluster = createCluster({ ...scenario.cluster, endpoints, clock, random });
      return [{ cluster }];
    },
    serverOf: (endpoint) => servers.get(nameOf(endpoint))!,
    load: { arrivals: arrivals(perSecond, random) },
    durationMs,
    timeoutMs,
    retry,
    onDone: (done) => traces.push(traceOf(done)),
    onAttempt: scenario.onAttempt && ((endpoint, now) => scenario.onAttempt!(nameOf(endpoint), now)),
    script: ({ clock }) => scenario.script?.(clock, cluster),
  });
  return traces;
}

function traceOf({ startedAt, endedAt, outcome, attempts, endpoint }: Done): Trace {
  const name = endpoint && nameOf(endpoint);
  return { startedAt, latencyMs: endedAt - startedAt, isOk: outcome === 'success', attempts, name };
}

/** The share of requests, in percent, that succeeded within `ms`. */
export function successPercent(traces: readonly Trace[], ms = Infinity): number {
  return (100 * traces.filter((trace) => trace.isOk && trace.latencyMs <= ms).length) / traces.length;
}

/** How many requests each server answered in a span of time. */
export function hitsBetween(
  traces: readonly Trace[],
  fromMs: number,
  untilMs: number,
): Map<string | undefined, number> {
  const hits = new Map<string | undefined, number>();
  for (const { name, startedAt } of traces) {
    if (startedAt >= fromMs && startedAt < untilMs) hits.set(name, (hits.get(name) ?? 0) + 1);
  }
  return hits;
}

/** Servers `s0`, `s1` and so on, all made by one function. */
export function many(n: number, make: (index: number) => Server): Record<string, Server> {
  return Object.fromEntries(Array.from({ length: n }, (_, index) => [`s${index}`, make(index)]));
}
