/**
 * Our strategies, each in a whole cluster: passive health, limits, latencies and the count of requests in flight are on, as always.
 */
import {
  createCluster,
  leastRequest,
  loadReported,
  maglev,
  peakEwma,
  prequal,
  random,
  rendezvousHash,
  ringHash,
  roundRobin,
  weightedRoundRobin,
} from '@evenkeel/core';
import type { Cluster, Endpoint, PickContext, Strategy } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { INFLIGHT, addressOf } from './work.ts';
import type { Work } from './work.ts';

/** Strategies that go by what endpoints report. */
const REPORTED = new Set(['prequal', 'loadReported']);

/** Strategies that go by the key of a request; others are not told one. */
const KEYED = new Set(['rendezvousHash', 'ringHash', 'maglev']);

/** Between two requests, by the clock that the cluster is told: a fraction, as the machine's clock has them. */
const STEP_MS = 0.02;
/** Reports come between the stretches that are measured, so they have to count for longer than one. */
const REPORT_MS = 600_000;

/** By the names that they are exported with. */
export const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  peakEwma,
  random,
  roundRobin,
  weightedRoundRobin,
  leastRequest,
  prequal: () => prequal({ maxAgeMs: REPORT_MS }),
  loadReported: () => loadReported({ blackoutMs: 0, expirationMs: REPORT_MS }),
  rendezvousHash,
  ringHash,
  maglev,
};

/**
 * A class, as the cluster's own are: V8 takes literals that begin alike for one kind of object, and with a clock, whose `now` is a function, every
 * fraction in it would be boxed. A field without a value at first would be, too.
 */
class Context implements PickContext {
  now = 0.5;
  key = 0;
  readonly attempt = 0;
  readonly preferred: string | undefined = undefined;
  readonly tried: readonly Endpoint[] | undefined = undefined;
}

/** As it comes, but for its strategy. */
export function clusterOf(name: string, endpoints: readonly string[]): Cluster {
  return createCluster({ endpoints, strategy: STRATEGIES[name]!(), clock: manualClock(), random: seeded(1) });
}

/** What a cluster is given: texts of their own, as if they had been read from somewhere. */
export function urlsOf(size: number): string[] {
  return Array.from({ length: size }, (_, i) => `http://${addressOf(i)}:80`);
}

/** Requests that begin and end in order, each 1.28 ms long by the clock that the cluster is told. */
class Requests implements Work {
  readonly #cluster: Cluster;
  readonly #context: Context = new Context();
  readonly #inflight: Endpoint[] = [];
  readonly #startedAt = new Float64Array(INFLIGHT);
  readonly #isKeyed: boolean;
  readonly #isReported: boolean;
  #at = 0;

  constructor(cluster: Cluster, strategy: string) {
    this.#cluster = cluster;
    this.#isKeyed = KEYED.has(strategy);
    this.#isReported = REPORTED.has(strategy);
    this.between();
    for (let i = 0; i < INFLIGHT; i++) this.#inflight.push(this.#begin(i));
  }

  run(operations: number): void {
    for (let i = 0; i < operations; i++) {
      const at = (this.#at = (this.#at + 1) % INFLIGHT);
      this.#context.now += STEP_MS;
      this.#end(at);
      this.#inflight[at] = this.#begin(at);
    }
  }

  /** Every endpoint reports anew, each something else. */
  between(): void {
    if (!this.#isReported) return;
    this.#cluster.endpoints.forEach((endpoint, i) => {
      const load = `rps_fractional=${100 + (i % 50)},application_utilization=0.${5 + (i % 5)}`;
      const report = `TEXT ${load},named_metrics.rif=${i % 7},named_metrics.latency_ms=${2 + (i % 11)}`;
      this.#cluster.reportLoad(endpoint, report, this.#context.now);
    });
  }

  #begin(at: number): Endpoint {
    const context = this.#context;
    // As many keys as there are requests, spread over all 32 bits.
    if (this.#isKeyed) context.key = (Math.imul(context.key, 1_664_525) + 1_013_904_223) >>> 0;
    const endpoint = this.#cluster.pick(context)!;
    this.#cluster.begin(endpoint, context.now);
    this.#startedAt[at] = context.now;
    return endpoint;
  }

  #end(at: number): void {
    const endpoint = this.#inflight[at]!;
    this.#cluster.report(endpoint, 'success', this.#startedAt[at]!, this.#context.now);
    this.#cluster.end(endpoint);
  }
}

/** Pick + begin + report + end. */
export function requests(name: string): (size: number) => Work {
  return (size) => new Requests(clusterOf(name, urlsOf(size)), name);
}

/** Pick alone, beside which the selection of peers that know nothing of load or health can be put. */
export function picks(name: string): (size: number) => Work {
  return (size) => {
    const cluster = clusterOf(name, urlsOf(size));
    new Requests(cluster, name).run(10 * size);
    return new Picks(cluster);
  };
}

/** Picks of a cluster that knows the latencies of its endpoints and has some requests in flight. */
class Picks implements Work {
  readonly #cluster: Cluster;
  readonly #context: Context = new Context();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#context.now = 10_000.5;
  }

  run(operations: number): void {
    for (let i = 0; i < operations; i++) {
      this.#context.now += STEP_MS;
      if (this.#cluster.pick(this.#context) === undefined) throw new Error('nothing was picked');
    }
  }
}
