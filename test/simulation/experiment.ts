/**
 * One run of one strategy: clients over servers, and what the requests saw. The draws of arrivals, of work, of the servers and of the
 * clients come from seeds of their own, so that two strategies under one seed get the same requests at the same moments.
 */
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions, Endpoint, EndpointOptions, HedgePolicy, Random, Strategy } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import type { AnyServer, ReportOptions } from './host.ts';
import { Latencies } from './latencies.ts';
import type { Done } from './request.ts';
import { nameOf, urlOf } from './scenario.ts';
import { simulate } from './simulator.ts';
import type { Load, SimulationOptions } from './simulator.ts';

export interface Experiment extends Pick<
  SimulationOptions,
  'deadlineMs' | 'timeoutMs' | 'retry' | 'isLoserKept' | 'script'
> {
  readonly seed: number;
  readonly strategy: () => Strategy;
  /** The servers by name. */
  readonly servers: (random: Random) => Readonly<Record<string, AnyServer>>;
  /** The servers that are endpoints from the start. @default all */
  readonly members?: readonly string[];
  /** More about the endpoint of a server, such as its weight. */
  readonly endpoint?: (name: string) => Omit<EndpointOptions, 'url'>;
  /** Processes that know nothing of one another. @default 1 */
  readonly clients?: number;
  readonly load: (random: Random) => Load;
  readonly durationMs: number;
  /** Requests that arrive before are not counted. @default 0 */
  readonly warmUpMs?: number;
  /** What each request hangs on. @default 0 */
  readonly key?: () => number;
  readonly work?: (random: Random) => (now: number) => number;
  readonly hedge?: () => HedgePolicy;
  /** How the servers tell of their load, to strategies that listen. @default afresh with every answer */
  readonly reports?: ReportOptions;
  /** Told of each request, those of the warm-up too. */
  readonly onDone?: (done: Done) => void;
  readonly cluster?: Omit<ClusterOptions, 'endpoints' | 'clock' | 'random' | 'strategy'>;
}

export interface Result {
  /** Of all requests after the warm-up; one that met its deadline counts with it, one that failed otherwise with the time it took. */
  readonly latencies: Latencies;
  readonly failed: number;
  /** Of the requests that succeeded, per second of virtual time. */
  readonly perSecond: number;
  readonly hedges: number;
  readonly attempts: number;
  /** Requests by the server that answered. */
  readonly hits: ReadonlyMap<string, number>;
}

/** Strategies that make use of load reports; the others need not pay for them. */
const LISTENERS: ReadonlySet<string> = new Set(['prequal', 'load-reported', 'weighted-round-robin']);

export function run(experiment: Experiment): Result {
  const { seed, durationMs, warmUpMs = 0, clients = 1 } = experiment;
  const servers = experiment.servers(seeded(seed * 7919 + 1));
  const latencies = new Latencies();
  const hits = new Map<string, number>();
  const counts = new Map<Endpoint, number>();
  const sums = { failed: 0, hedges: 0, attempts: 0, done: 0 };
  const { deadlineMs, timeoutMs, retry, isLoserKept = false, script, reports = {} } = experiment;
  const work = experiment.work?.(seeded(seed * 7919 + 3));
  simulate({
    clients: (clock) => {
      const endpoints = (experiment.members ?? Object.keys(servers)).map((name) => ({
        ...experiment.endpoint?.(name),
        url: urlOf(name),
      }));
      return Array.from({ length: clients }, (_, index) => {
        const cluster = createCluster({
          maxInflight: 100_000,
          ...experiment.cluster,
          endpoints,
          clock,
          strategy: experiment.strategy(),
          random: seeded(seed * 7919 + 1_000 + index),
        });
        return { cluster, hedge: experiment.hedge?.() };
      });
    },
    serverOf: (endpoint) => servers[nameOf(endpoint)]!,
    load: experiment.load(seeded(seed * 7919 + 2)),
    durationMs,
    ...(work !== undefined && { work }),
    ...(experiment.key !== undefined && { key: experiment.key }),
    deadlineMs,
    timeoutMs,
    retry,
    isLoserKept,
    reports: LISTENERS.has(experiment.strategy().name) ? reports : undefined,
    script,
    onDone(done) {
      const { startedAt, endedAt, outcome, endpoint, attempts, hedges } = done;
      experiment.onDone?.(done);
      if (startedAt < warmUpMs) return;
      latencies.push(endedAt - startedAt);
      if (outcome !== 'success') sums.failed++;
      else if (endedAt <= durationMs) sums.done++;
      sums.hedges += hedges;
      sums.attempts += attempts;
      if (endpoint !== undefined) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    },
  });
  for (const [endpoint, count] of counts) hits.set(nameOf(endpoint), (hits.get(nameOf(endpoint)) ?? 0) + count);
  const { failed, hedges, attempts, done } = sums;
  return { latencies, failed, hedges, attempts, hits, perSecond: (1000 * done) / (durationMs - warmUpMs) };
}
