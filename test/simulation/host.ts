/**
 * A simulated server as the load report of an adapter sees it: how many requests it has, how long they took, how busy it is. Behind
 * it is what decides when it answers.
 */
import type { Outcome } from '@evenkeel/core';
import type { Server } from './profiles.ts';

/** Something that happens at a moment. */
export interface Event {
  fire(now: number): void;
}

/** Where events are put down. */
export interface Agenda {
  at(time: number, event: Event): void;
}

/** One attempt as a server sees it. */
export interface Job extends Event {
  /** ms of one core that it takes. */
  readonly work: number;
  /** How the answer that `fire` gives counts. */
  planned: Outcome;
  /** No longer wanted: the client went away. */
  isDropped: boolean;
  finish(outcome: Outcome, now: number): void;
}

/** A server whose answers depend on what else it does meanwhile. */
export interface WorkingServer {
  /** Called once, before all else. */
  bind(agenda: Agenda): void;
  start(job: Job, now: number): void;
  /** The client went away. */
  stop(job: Job, now: number): void;
  /** Share of its own cores that was in use of late, 0 and up. */
  utilizationAt(now: number): number;
}

export type AnyServer = Server | WorkingServer;

/** How a host tells of its load. */
export interface ReportOptions {
  /** ms for which a report is repeated as it is. @default 0: always fresh */
  readonly refreshMs?: number;
  /** Answers carry nothing; instead, all clients hear of all servers every so many ms. @default answers carry the report */
  readonly broadcastMs?: number;
}

/** Samples per bucket of requests in flight. */
const SAMPLES = 16;
/** ms over which the rate of requests is averaged. */
const RATE_WINDOW_MS = 1_000;

export class Host {
  readonly name: string;
  readonly server: AnyServer;
  /** Requests in flight, of all clients. */
  rif = 0;
  readonly #agenda: Agenda;
  readonly #report: ReportOptions | undefined;
  /** Latencies by the power of two of the requests in flight at arrival. */
  readonly #samples: { readonly values: number[]; next: number; median: number }[] = [];
  #perSecond = 0;
  #perSecondAt = 0;
  #text = '';
  #freshUntil = -1;

  constructor(name: string, server: AnyServer, agenda: Agenda, report?: ReportOptions) {
    this.name = name;
    this.server = server;
    this.#agenda = agenda;
    this.#report = report;
    if ('bind' in server) server.bind(agenda);
  }

  start(job: Job, now: number): void {
    this.rif++;
    const { server } = this;
    if ('bind' in server) return server.start(job, now);
    const finishAt = server.finishAt(now);
    job.planned = server.outcomeAt(now);
    this.#agenda.at(finishAt, job);
  }

  /** The client went away. */
  drop(job: Job, now: number): void {
    job.isDropped = true;
    this.rif--;
    if ('bind' in this.server) this.server.stop(job, now);
  }

  /** An answer goes out. @param rif what was in flight when the request arrived, itself not included */
  answered(outcome: Outcome, latencyMs: number, rif: number, now: number): void {
    this.rif--;
    // What fails at once would look fast.
    if (this.#report === undefined || outcome !== 'success') return;
    const bucket = (this.#samples[bucketOf(rif)] ??= { values: [], next: 0, median: Number.NaN });
    bucket.values[bucket.next] = latencyMs;
    bucket.next = (bucket.next + 1) % SAMPLES;
    bucket.median = Number.NaN;
    this.#perSecond = this.#perSecondNow(now) + 1000 / RATE_WINDOW_MS;
    this.#perSecondAt = now;
  }

  /** The value of `endpoint-load-metrics` that goes with an answer. */
  reportAt(now: number): string {
    if (now < this.#freshUntil) return this.#text;
    const refreshMs = this.#report?.refreshMs ?? 0;
    this.#freshUntil = refreshMs === 0 ? now : (Math.floor(now / refreshMs) + 1) * refreshMs;
    const latency = this.#medianAt(this.rif);
    this.#text =
      `TEXT rps_fractional=${this.#perSecondNow(now).toFixed(2)},named_metrics.rif=${this.rif}` +
      (latency > 0 ? `,named_metrics.latency_ms=${latency.toFixed(3)}` : '') +
      ('bind' in this.server ? `,application_utilization=${this.server.utilizationAt(now).toFixed(4)}` : '');
    return this.#text;
  }

  #perSecondNow(now: number): number {
    return this.#perSecond * Math.exp((this.#perSecondAt - now) / RATE_WINDOW_MS);
  }

  /** The median of the latencies at about as many requests in flight, or else at the next number that has any. */
  #medianAt(rif: number): number {
    const at = bucketOf(rif);
    for (let away = 0; away < 32; away++) {
      const bucket = this.#samples[at - away] ?? this.#samples[at + away];
      if (bucket === undefined) continue;
      if (Number.isNaN(bucket.median)) bucket.median = medianOf(bucket.values);
      return bucket.median;
    }
    return Number.NaN;
  }
}

const sorted = new Float64Array(SAMPLES);

function medianOf(values: readonly number[]): number {
  for (let i = 0; i < values.length; i++) {
    let place = i;
    for (; place > 0 && sorted[place - 1]! > values[i]!; place--) sorted[place] = sorted[place - 1]!;
    sorted[place] = values[i]!;
  }
  return sorted[values.length >> 1]!;
}

/** 0, 1, 2-3, 4-7, 8-15 and so on. */
function bucketOf(rif: number): number {
  return 32 - Math.clz32(rif);
}
