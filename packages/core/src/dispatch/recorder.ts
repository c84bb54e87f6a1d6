/**
 * Writes down what a cluster does, so that the same hour can be played again under another strategy before it is switched to.
 *
 * It listens to the cluster's events and to the diagnostics channels, and writes one line of JSON per fact. What it writes is times,
 * endpoints and outcomes: no path, no header field, no session key, no credentials (an endpoint cannot have any). A cluster that
 * nobody records pays nothing for it.
 *
 * The channels tell clusters apart by their names, so give a cluster that is to be recorded a name of its own.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage } from '../channels.ts';
import type { Endpoint } from '../endpoint.ts';
import type { HealthReason } from '../health/reasons.ts';
import { systemClock } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { Outcome } from '../outcome.ts';
import type { Cluster } from './cluster.ts';

/** An endpoint as a trace names it. */
export interface TraceEndpoint {
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone?: string;
}

/** One fact of a trace. `at` is in ms since the recording began. */
export type TraceLine =
  /** The first line. */
  | { readonly kind: 'header'; readonly version: 1; readonly cluster: string; readonly strategy: string }
  /** All endpoints from now on. */
  | { readonly kind: 'members'; readonly at: number; readonly endpoints: readonly TraceEndpoint[] }
  /** A request came. */
  | { readonly kind: 'arrival'; readonly at: number }
  /** An attempt that began at `at` ended: with its response head, or without one. */
  | {
      readonly kind: 'attempt';
      readonly at: number;
      readonly endpoint: string;
      readonly ms: number;
      readonly outcome: Outcome;
      /** 0 for the first try. */
      readonly attempt: number;
      readonly isHedge: boolean;
      /** What else the endpoint had in flight, of this cluster, when it began. */
      readonly inflight: number;
    }
  /** A request is over, `ms` after it came, its body too; `code` is the error it failed with. */
  | {
      readonly kind: 'exchange';
      readonly at: number;
      readonly ms: number;
      readonly attempts: number;
      readonly code?: string;
    }
  /** An endpoint may no longer be picked, or may be again. */
  | { readonly kind: 'health'; readonly at: number; readonly endpoint: string; readonly reason?: HealthReason }
  /** Health is ignored from now on, or counts again. */
  | { readonly kind: 'panic'; readonly at: number; readonly isPanicking: boolean };

/** How to record. */
export interface RecordOptions {
  /** Where the times are from; best the cluster's own. @default the machine's monotonic clock */
  readonly clock?: Clock;
}

const ATTEMPT_START = 'evenkeel:attempt:start';
const ATTEMPT_END = 'evenkeel:attempt:end';
const EXCHANGE_END = 'evenkeel:exchange:end';

/**
 * Records what the cluster does from now on. Attempts that were under way before are left out.
 * @param write takes one line of JSON without its line break; called synchronously, so keep it short and let it not throw
 * @returns stops the recording
 */
export function recordTrace(cluster: Cluster, write: (line: string) => void, options: RecordOptions = {}): () => void {
  const recorder = new Recorder(cluster, write, options.clock ?? systemClock);
  recorder.start();
  return () => recorder.stop();
}

/** An attempt that has begun. */
interface Begun {
  readonly at: number;
  readonly attempt: number;
  readonly isHedge: boolean;
  readonly inflight: number;
}

class Recorder {
  private readonly cluster: Cluster;
  private readonly write: (line: string) => void;
  private readonly clock: Clock;
  private readonly startedAt: number;
  /** By endpoint, oldest first. */
  private readonly begun = new Map<string, Begun[]>();
  private areMembersPending = false;
  private isStopped = false;

  constructor(cluster: Cluster, write: (line: string) => void, clock: Clock) {
    this.cluster = cluster;
    this.write = write;
    this.clock = clock;
    this.startedAt = clock.now();
  }

  start(): void {
    const { cluster } = this;
    const { strategy } = cluster.explain({
      now: this.startedAt,
      key: 0,
      attempt: 0,
      preferred: undefined,
      tried: undefined,
    });
    this.put({ kind: 'header', version: 1, cluster: cluster.name, strategy });
    this.putMembers();
    cluster.on('added', this.onMember).on('removed', this.onMember);
    cluster.on('pickable', this.onPickable).on('unpickable', this.onUnpickable).on('panic', this.onPanic);
    subscribe(ATTEMPT_START, this.onAttemptStart);
    subscribe(ATTEMPT_END, this.onAttemptEnd);
    subscribe(EXCHANGE_END, this.onExchangeEnd);
  }

  stop(): void {
    const { cluster } = this;
    this.isStopped = true;
    unsubscribe(ATTEMPT_START, this.onAttemptStart);
    unsubscribe(ATTEMPT_END, this.onAttemptEnd);
    unsubscribe(EXCHANGE_END, this.onExchangeEnd);
    cluster.off('added', this.onMember).off('removed', this.onMember);
    cluster.off('pickable', this.onPickable).off('unpickable', this.onUnpickable).off('panic', this.onPanic);
  }

  private readonly onAttemptStart = (given: unknown): void => {
    const message = given as AttemptStartMessage;
    if (message.cluster !== this.cluster.name) return;
    const { endpoint, attempt, isHedge, inflight } = message;
    const at = this.now();
    if (attempt === 0) this.put({ kind: 'arrival', at });
    const begun = this.begun.get(endpoint);
    if (begun === undefined) this.begun.set(endpoint, [{ at, attempt, isHedge, inflight }]);
    else begun.push({ at, attempt, isHedge, inflight });
  };

  private readonly onAttemptEnd = (given: unknown): void => {
    const message = given as AttemptEndMessage;
    if (message.cluster !== this.cluster.name) return;
    const begun = this.takeBegun(message);
    if (begun === undefined) return;
    const { endpoint, outcome, durationMs } = message;
    this.put({ kind: 'attempt', ...begun, endpoint, ms: round(durationMs), outcome });
  };

  private readonly onExchangeEnd = (given: unknown): void => {
    const { cluster, attempts, code, durationMs } = given as ExchangeEndMessage;
    if (cluster !== this.cluster.name) return;
    const at = round(this.now() - durationMs);
    if (at < 0) return;
    this.put({ kind: 'exchange', at, ms: round(durationMs), attempts, ...(code !== undefined && { code }) });
  };

  private readonly onPickable = ({ id }: Endpoint): void => {
    this.put({ kind: 'health', at: this.now(), endpoint: id });
  };

  private readonly onUnpickable = ({ id }: Endpoint, reason: HealthReason): void => {
    this.put({ kind: 'health', at: this.now(), endpoint: id, reason });
  };

  private readonly onPanic = (isPanicking: boolean): void => {
    this.put({ kind: 'panic', at: this.now(), isPanicking });
  };

  /** One update is many events, and one line. */
  private readonly onMember = (): void => {
    if (this.areMembersPending) return;
    this.areMembersPending = true;
    queueMicrotask(() => {
      this.areMembersPending = false;
      if (!this.isStopped) this.putMembers();
    });
  };

  private putMembers(): void {
    const endpoints = this.cluster.endpoints.map(({ id, weight, priority, zone }) => ({
      id,
      weight,
      priority,
      ...(zone !== undefined && { zone }),
    }));
    this.put({ kind: 'members', at: this.now(), endpoints });
  }

  /**
   * The beginning of an attempt that has ended. Messages carry no number of their exchange, so it is told by the endpoint, the number of
   * the try and the time that it took.
   */
  private takeBegun({ endpoint, attempt, isHedge, durationMs }: AttemptEndMessage): Begun | undefined {
    const begun = this.begun.get(endpoint);
    if (begun === undefined) return undefined;
    const at = this.now() - durationMs;
    // From before the recording.
    if (at < -1) return undefined;
    let best = -1;
    begun.forEach((candidate, index) => {
      if (candidate.attempt !== attempt || candidate.isHedge !== isHedge) return;
      if (best < 0 || Math.abs(candidate.at - at) < Math.abs(begun[best]!.at - at)) best = index;
    });
    const found = begun[best];
    if (found !== undefined) begun.splice(best, 1);
    if (begun.length === 0) this.begun.delete(endpoint);
    return found;
  }

  private now(): number {
    return round(this.clock.now() - this.startedAt);
  }

  private put(line: TraceLine): void {
    this.write(JSON.stringify(line));
  }
}

/** To a microsecond: more digits say nothing and fill disks. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
