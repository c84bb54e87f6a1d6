/**
 * A discrete-event simulator of one client process: requests come in an open loop (they do not wait for one another), a real cluster
 * picks the endpoint of each attempt, a simulated server says when it answers. Virtual time jumps from event to event, so that
 * hours take seconds; equal seeds give equal runs.
 */
import type { Clock, Cluster, Endpoint, Outcome, PickContext, RetryBudget, RetryPolicy } from '@evenkeel/core';
import type { Arrivals } from './arrivals.ts';
import { EventQueue } from './event-queue.ts';
import type { Server } from './profiles.ts';

/** A request that is over. */
export interface Done {
  readonly startedAt: number;
  readonly endedAt: number;
  /** How its last attempt ended; undefined if no endpoint could be picked. */
  readonly outcome: Outcome | undefined;
  readonly attempts: number;
  /** The endpoint of its last attempt. */
  readonly endpoint: Endpoint | undefined;
}

export interface SimulationOptions {
  /** Makes the cluster that is put to the test. */
  readonly cluster: (clock: Clock) => Pick<Cluster, 'pick' | 'begin' | 'report' | 'end'>;
  /** The server behind an endpoint. Asked once per attempt. */
  readonly serverOf: (endpoint: Endpoint, now: number) => Server;
  readonly arrivals: Arrivals;
  /** Requests arrive until then; the simulation goes on until the last one is over. */
  readonly durationMs: number;
  /** An attempt without an answer by then is given up. @default never */
  readonly timeoutMs?: number;
  /** @default no retries */
  readonly retry?: { readonly policy: RetryPolicy; readonly budget: RetryBudget };
  /** Told of each request when it is over. */
  readonly onDone: (done: Done) => void;
}

/** Runs a simulation. `script` may schedule what happens on the way, such as a deploy. */
export function simulate(options: SimulationOptions, script?: (clock: Clock) => void): void {
  new Simulator(options).run(script);
}

/** One request: what the picker is told, and the attempt under way. */
class SimulatedRequest implements PickContext, Done {
  readonly startedAt: number;
  readonly key = 0;
  readonly preferred = undefined;
  now: number;
  attempt = 0;
  tried: Endpoint[] | undefined = undefined;
  endpoint: Endpoint | undefined = undefined;
  outcome: Outcome | undefined = undefined;
  endedAt = 0;

  constructor(now: number) {
    this.startedAt = this.now = now;
  }

  get attempts(): number {
    return this.attempt + 1;
  }
}

class Simulator {
  readonly #options: SimulationOptions;
  readonly #cluster: ReturnType<SimulationOptions['cluster']>;
  readonly #queue = new EventQueue<SimulatedRequest | (() => void)>();
  #now = 0;
  readonly #clock: Clock = {
    now: () => this.#now,
    schedule: (delayMs, task) => {
      let isCancelled = false;
      this.#queue.push(this.#now + delayMs, () => isCancelled || task());
      return () => void (isCancelled = true);
    },
  };

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#cluster = options.cluster(this.#clock);
  }

  run(script?: (clock: Clock) => void): void {
    const { arrivals, durationMs } = this.#options;
    script?.(this.#clock);
    let nextArrival = arrivals();
    while (nextArrival < durationMs || this.#queue.size > 0) {
      if (nextArrival < durationMs && nextArrival <= this.#queue.nextAt) {
        this.#now = nextArrival;
        nextArrival += arrivals();
        this.#options.retry?.budget.deposit(this.#now);
        this.#send(new SimulatedRequest(this.#now));
        continue;
      }
      this.#now = this.#queue.nextAt;
      const event = this.#queue.pop();
      if (typeof event === 'function') event();
      else this.#finish(event);
    }
  }

  #send(request: SimulatedRequest): void {
    const now = this.#now;
    request.now = now;
    const endpoint = this.#cluster.pick(request);
    request.endpoint = endpoint;
    if (endpoint === undefined) return this.#done(request);
    this.#cluster.begin(endpoint, now);
    const server = this.#options.serverOf(endpoint, now);
    const answeredAt = server.finishAt(now);
    const givenUpAt = now + (this.#options.timeoutMs ?? Infinity);
    request.outcome = answeredAt > givenUpAt ? 'timeout' : server.outcomeAt(now);
    this.#queue.push(Math.min(answeredAt, givenUpAt), request);
  }

  #finish(request: SimulatedRequest): void {
    const endpoint = request.endpoint!;
    this.#cluster.report(endpoint, request.outcome!, request.now, this.#now);
    this.#cluster.end(endpoint);
    if (this.#isRetried(request)) this.#send(request);
    else this.#done(request);
  }

  /** Moves the request on to its next attempt if there is to be one. */
  #isRetried(request: SimulatedRequest): boolean {
    const { retry } = this.#options;
    if (retry === undefined || request.outcome === 'success' || request.attempts >= retry.policy.maxAttempts)
      return false;
    const failed = {
      outcome: request.outcome!,
      status: request.outcome === 'server-error' ? 503 : 0,
      isSent: request.outcome !== 'connect-error',
      isIdempotent: true,
      isReplayable: true,
    };
    if (!retry.policy.isRetryable(failed)) return false;
    if (retry.policy.isCharged(failed) && !retry.budget.tryWithdraw(this.#now)) return false;
    request.attempt++;
    (request.tried ??= []).push(request.endpoint!);
    return true;
  }

  #done(request: SimulatedRequest): void {
    request.endedAt = this.#now;
    if (request.endpoint === undefined) request.outcome = undefined;
    this.#options.onDone(request);
  }
}
