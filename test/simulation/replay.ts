/**
 * A recorded trace, played again under another strategy: the same requests at the same moments, the same endpoints coming and going. What
 * an endpoint would have answered to a request that it did not get is drawn from what it did answer about then, with about as much in
 * flight.
 *
 * So the answer holds as long as load does not change latency much beyond what was recorded: a strategy that sends an endpoint three times
 * what it ever had is told what it took under a third of it.
 */
import { createCluster, retryBudget, retryPolicy } from '@evenkeel/core';
import type { Cluster, EndpointOptions, Outcome, Random, Strategy, TraceEndpoint } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { Latencies } from './latencies.ts';
import type { Server } from './profiles.ts';
import { simulate } from './simulator.ts';
import type { World } from './simulator.ts';
import { markdown } from './table.ts';
import { endpointsOf } from './trace-file.ts';
import type { Trace } from './trace-file.ts';

/** What became of the attempts. */
export interface Replay {
  readonly label: string;
  readonly latencies: Latencies;
  readonly failed: number;
  /** Attempts per endpoint. */
  readonly hits: ReadonlyMap<string, number>;
}

/** How many of the nearest answers in time are looked at, and how many of those with the nearest load are drawn from. */
const NEAR = 48;
const ALIKE = 8;

type Attempt = Trace['attempts'][number];

/** Cancelled attempts tell no latency. */
function answered(trace: Trace): readonly Attempt[] {
  return trace.attempts.filter(({ outcome }) => outcome !== 'cancelled');
}

/** What was recorded, in the same figures. */
export function asRecorded(trace: Trace): Replay {
  const tally = new Tally(`recorded (${trace.strategy})`);
  for (const { endpoint, ms, outcome } of answered(trace)) tally.add(endpoint, ms, outcome);
  return tally;
}

/** Plays the trace under a strategy. Equal seeds give equal answers. */
export function replay(trace: Trace, label: string, strategy: Strategy, seed = 1): Replay {
  const tally = new Tally(label);
  const random = seeded(seed);
  const all = answered(trace);
  const servers = new Map(
    endpointsOf(trace).map(({ id }, index) => {
      const own = all.filter(({ endpoint }) => endpoint === id);
      // Of one that never answered nothing is known but what the others did then.
      return [
        id,
        { server: new RecordedServer(id, own.length > 0 ? own : all, seeded(seed + 1 + index), tally), index },
      ];
    }),
  );
  const urlOf = (endpoint: TraceEndpoint): EndpointOptions => optionsOf(endpoint, servers.get(endpoint.id)!.index);
  let cluster: Cluster;
  let next = 0;
  simulate({
    clients(clock) {
      const endpoints = trace.members[0]!.endpoints.map(urlOf);
      cluster = createCluster({ endpoints, strategy, clock, random });
      return [{ cluster }];
    },
    serverOf: (endpoint) => servers.get(endpoint.id)!.server,
    load: { arrivals: (now) => (trace.arrivals[next++] ?? Infinity) - now },
    durationMs: Infinity,
    retry: { policy: retryPolicy(), budget: retryBudget() },
    onDone: () => undefined,
    onAttempt: (endpoint) => servers.get(endpoint.id)!.server.enter(endpoint.inflight),
    script: (world) => schedule(world, trace, cluster, urlOf),
  });
  return tally;
}

function optionsOf({ id, weight, priority, zone }: TraceEndpoint, index: number): EndpointOptions {
  return { url: `http://e${index}.test`, id, weight: Math.max(1, Math.round(weight)), priority, zone };
}

/** Endpoints come and go as they did, and so does what probes and operators said. Ejections are the replayed cluster's own. */
function schedule(
  world: World,
  trace: Trace,
  cluster: Cluster,
  urlOf: (endpoint: TraceEndpoint) => EndpointOptions,
): void {
  for (const { at, endpoints } of trace.members.slice(1)) {
    world.clock.schedule(at, () => cluster.update(endpoints.map(urlOf)));
  }
  for (const { at, endpoint, reason } of trace.health) {
    if (reason === 'ejected') continue;
    world.clock.schedule(at, () => {
      if (!cluster.endpoints.some(({ id }) => id === endpoint)) return;
      if (reason === undefined) cluster.enable(endpoint);
      else cluster.disable(endpoint);
    });
  }
}

class Tally implements Replay {
  readonly label: string;
  readonly latencies = new Latencies();
  readonly hits = new Map<string, number>();
  failed = 0;

  constructor(label: string) {
    this.label = label;
  }

  add(endpoint: string, ms: number, outcome: Outcome): void {
    this.latencies.push(ms);
    this.hits.set(endpoint, (this.hits.get(endpoint) ?? 0) + 1);
    if (outcome !== 'success' && outcome !== 'rate-limited') this.failed++;
  }
}

/** Answers as an endpoint did about then. */
class RecordedServer implements Server {
  readonly #id: string;
  readonly #attempts: readonly Attempt[];
  readonly #random: Random;
  readonly #tally: Tally;
  #inflight = 0;
  #outcome: Outcome = 'success';

  constructor(id: string, attempts: readonly Attempt[], random: Random, tally: Tally) {
    this.#id = id;
    this.#attempts = attempts;
    this.#random = random;
    this.#tally = tally;
  }

  /** The next request meets so many others. */
  enter(inflight: number): void {
    this.#inflight = inflight;
  }

  finishAt(now: number): number {
    const { ms, outcome } = this.#draw(now);
    this.#outcome = outcome;
    this.#tally.add(this.#id, ms, outcome);
    return now + ms;
  }

  outcomeAt(): Outcome {
    return this.#outcome;
  }

  #draw(now: number): Attempt {
    const attempts = this.#attempts;
    // The window of the nearest in time: it grows towards whichever side is nearer.
    let to = firstAfter(attempts, now);
    let from = to;
    while (to - from < Math.min(NEAR, attempts.length)) {
      const before = from > 0 ? now - attempts[from - 1]!.at : Infinity;
      const after = to < attempts.length ? attempts[to]!.at - now : Infinity;
      if (before <= after) from--;
      else to++;
    }
    const away = ({ inflight }: Attempt): number => Math.abs(inflight - this.#inflight);
    const ago = ({ at }: Attempt): number => Math.abs(at - now);
    const alike = attempts
      .slice(from, to)
      .toSorted((a, b) => away(a) - away(b) || ago(a) - ago(b))
      .slice(0, ALIKE);
    return alike[this.#random.below(alike.length)]!;
  }
}

/** The index of the first attempt that began after `now`. */
function firstAfter(attempts: readonly Attempt[], now: number): number {
  let [low, high] = [0, attempts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (attempts[middle]!.at <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}

const PERCENTILES = [50, 90, 99, 99.9];

/** The replays as a markdown table. */
export function replayTable(replays: readonly Replay[]): string {
  const columns = [
    'strategy',
    'attempts',
    ...PERCENTILES.map((percent) => `p${percent}`),
    'failed',
    'share per endpoint',
  ];
  const rows = replays.map(({ label, latencies, failed, hits }) => [
    label,
    String(latencies.count),
    ...PERCENTILES.map((percent) => `${latencies.percentile(percent).toFixed(1)} ms`),
    `${((100 * failed) / latencies.count).toFixed(2)} %`,
    [...hits]
      .toSorted(([, a], [, b]) => b - a)
      .map(([id, count]) => `${id} ${((100 * count) / latencies.count).toFixed(1)} %`)
      .join(', '),
  ]);
  return markdown(columns, rows);
}
