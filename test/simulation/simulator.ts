/**
 * A discrete-event simulator of client processes over servers: real clusters pick the endpoint of each attempt, simulated servers say
 * when they answer. Virtual time jumps from event to event, so that hours take seconds; equal seeds give equal runs.
 */
import type { Clock, Endpoint, Outcome, RetryBudget, RetryPolicy } from '@evenkeel/core';
import type { Arrivals } from './arrivals.ts';
import { EventQueue } from './event-queue.ts';
import type { Agenda, AnyServer, Event, ReportOptions } from './host.ts';
import { Host } from './host.ts';
import { SimulatedAttempt, SimulatedRequest } from './request.ts';
import type { AttemptOwner, Client, Done, SimulatedCluster } from './request.ts';

/** Requests that come whatever happens; or users who each wait for their answer, then for a while, then send the next request. */
export type Load =
  | { readonly arrivals: Arrivals }
  | {
      readonly users: number;
      /** ms from one request of a user to the next, unless its answer takes longer. @default 0 */
      readonly periodMs?: number;
    };

export interface SimulationOptions {
  /** Makes the clients; requests come to them in turn. */
  readonly clients: (clock: Clock) => readonly Client[];
  /** The server behind an endpoint; asked once per endpoint. */
  readonly serverOf: (endpoint: Endpoint) => AnyServer;
  readonly load: Load;
  /** Requests arrive until then; the simulation goes on until the last one is over. */
  readonly durationMs: number;
  /** What each request takes, in ms of one core. @default 0 */
  readonly work?: (now: number) => number;
  /** What each request hangs on. @default 0 */
  readonly key?: () => number;
  /** An attempt without an answer by then is given up, and may be tried again. @default never */
  readonly timeoutMs?: number | undefined;
  /** A request without an answer by then has failed. @default never */
  readonly deadlineMs?: number | undefined;
  /** @default no retries */
  readonly retry?: { readonly policy: RetryPolicy; readonly budget: RetryBudget } | undefined;
  /** The loser of a hedged request goes on to its end. @default false: it is cancelled */
  readonly isLoserKept?: boolean;
  /** Answers carry a load report. @default none */
  readonly reports?: ReportOptions | undefined;
  /** Told of each request when it is over. */
  readonly onDone: (done: Done) => void;
  /** Told of each attempt before it is sent. */
  readonly onAttempt?: ((endpoint: Endpoint, now: number) => void) | undefined;
  /** Schedules what happens on the way, such as a deploy. */
  readonly script?: ((world: World) => void) | undefined;
}

/** What a script can lay hands on. */
export interface World {
  readonly clock: Clock;
  readonly clients: readonly Client[];
  /** False once no more requests arrive: what repeats itself has to stop then. */
  readonly isRunning: boolean;
  hostOf(endpoint: Endpoint): Host;
  /** One request more, now. */
  send(): void;
}

/** Runs a simulation. */
export function simulate(options: SimulationOptions): void {
  new Simulator(options).run();
}

class Simulator implements World, Agenda, AttemptOwner {
  readonly options: SimulationOptions;
  readonly clients: readonly Client[];
  readonly #queue = new EventQueue<Event>();
  readonly #hosts = new Map<string, Host>();
  #now = 0;
  #next = 0;
  readonly clock: Clock = {
    now: () => this.#now,
    schedule: (delayMs, task) => {
      let isCancelled = false;
      this.at(this.#now + delayMs, { fire: () => isCancelled || task() });
      return () => void (isCancelled = true);
    },
  };

  constructor(options: SimulationOptions) {
    this.options = options;
    this.clients = options.clients(this.clock);
  }

  get isRunning(): boolean {
    return this.#now < this.options.durationMs;
  }

  at(time: number, event: Event): void {
    this.#queue.push(time, event);
  }

  hostOf(endpoint: Endpoint): Host {
    let host = this.#hosts.get(endpoint.id);
    if (host === undefined) {
      host = new Host(endpoint.id, this.options.serverOf(endpoint), this, this.options.reports);
      this.#hosts.set(endpoint.id, host);
    }
    return host;
  }

  run(): void {
    const { load, durationMs, reports } = this.options;
    this.options.script?.(this);
    if (reports?.broadcastMs !== undefined) this.#broadcast(reports.broadcastMs);
    if ('users' in load) {
      for (let user = 0; user < load.users; user++) this.#arriveAt(((load.periodMs ?? 0) * user) / load.users, user);
    }
    let nextArrival = 'arrivals' in load ? load.arrivals(0) : Infinity;
    while (nextArrival < durationMs || this.#queue.size > 0) {
      if (nextArrival < durationMs && nextArrival <= this.#queue.nextAt) {
        this.#now = nextArrival;
        if ('arrivals' in load) nextArrival += load.arrivals(nextArrival);
        this.send();
        continue;
      }
      this.#now = this.#queue.nextAt;
      this.#queue.pop().fire(this.#now);
    }
  }

  send(user?: number): void {
    const client = this.clients[(user ?? this.#next++) % this.clients.length]!;
    const now = this.#now;
    const request = new SimulatedRequest(client, now, user);
    request.key = this.options.key?.() ?? 0;
    request.work = this.options.work?.(now) ?? 0;
    this.options.retry?.budget.deposit(now);
    client.hedge?.deposit(now);
    const { deadlineMs } = this.options;
    if (deadlineMs !== undefined) this.at(now + deadlineMs, { fire: (then) => this.#expire(request, then) });
    this.#attempt(request, now);
  }

  /** One more attempt of the request. */
  #attempt(request: SimulatedRequest, now: number): void {
    request.now = now;
    const endpoint = request.client.cluster.pick(request);
    if (endpoint === undefined) {
      if (request.live.length === 0) this.#done(request, undefined, undefined, now);
      return;
    }
    this.options.onAttempt?.(endpoint, now);
    request.client.cluster.begin(endpoint, now);
    const host = this.hostOf(endpoint);
    const attempt = new SimulatedAttempt(request, endpoint, host, now, this);
    request.live.push(attempt);
    host.start(attempt, now);
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined) this.at(now + timeoutMs, { fire: (then) => this.#timeOut(attempt, then) });
    this.#planHedge(attempt, now);
  }

  #planHedge(attempt: SimulatedAttempt, now: number): void {
    const { request } = attempt;
    const { hedge } = request.client;
    if (hedge === undefined || request.hedges >= hedge.maxHedges) return;
    const delayMs = hedge.delayMs(now);
    if (delayMs === Infinity) return;
    this.at(now + delayMs, {
      fire: (then) => {
        if (attempt.isSettled || request.hedges >= hedge.maxHedges || !hedge.tryWithdraw(then)) return;
        request.hedges++;
        request.tryNext(attempt.endpoint);
        this.#attempt(request, then);
      },
    });
  }

  onAnswer(attempt: SimulatedAttempt, outcome: Outcome, now: number): void {
    const { request, endpoint, host } = attempt;
    const { cluster, hedge } = request.client;
    host.answered(outcome, now - attempt.startedAt, attempt.rif, now);
    if (outcome === 'success') hedge?.observe(now - attempt.startedAt, now);
    const { reports } = this.options;
    if (reports !== undefined && reports.broadcastMs === undefined) this.#report(cluster, endpoint, host, now);
    this.#settle(attempt, outcome, now);
  }

  #report(cluster: SimulatedCluster, endpoint: Endpoint, host: Host, now: number): void {
    cluster.reportLoad(endpoint, host.reportAt(now), now);
  }

  #broadcast(everyMs: number): void {
    for (const { cluster } of this.clients) {
      for (const endpoint of cluster.endpoints) this.#report(cluster, endpoint, this.hostOf(endpoint), this.#now);
    }
    if (this.isRunning) this.clock.schedule(everyMs, () => this.#broadcast(everyMs));
  }

  #timeOut(attempt: SimulatedAttempt, now: number): void {
    if (attempt.isSettled) return;
    attempt.host.drop(attempt, now);
    this.#settle(attempt, 'timeout', now);
  }

  /** Tells the cluster, and goes on with the request if this was its last attempt under way. */
  #settle(attempt: SimulatedAttempt, outcome: Outcome, now: number): void {
    const { request, endpoint } = attempt;
    attempt.isSettled = true;
    request.client.cluster.report(endpoint, outcome, attempt.startedAt, now);
    request.client.cluster.end(endpoint);
    if (request.isOver) return;
    request.live.splice(request.live.indexOf(attempt), 1);
    if (outcome === 'success') {
      if (this.options.isLoserKept !== true) this.#abandon(request, 'cancelled', now, attempt.startedAt);
      this.#done(request, endpoint, outcome, now);
    } else if (request.live.length > 0) return;
    else if (this.#isRetried(request, outcome, now)) {
      request.tryNext(endpoint);
      this.#attempt(request, now);
    } else this.#done(request, endpoint, outcome, now);
  }

  #expire(request: SimulatedRequest, now: number): void {
    if (request.isOver) return;
    const endpoint = request.live[0]?.endpoint;
    this.#abandon(request, 'timeout', now);
    this.#done(request, endpoint, 'timeout', now);
  }

  /** Ends all attempts of the request that are under way. @param wonBy when the attempt began that was faster than they */
  #abandon(request: SimulatedRequest, outcome: Outcome, now: number, wonBy = -Infinity): void {
    if (request.live.length === 0) return;
    const { cluster, hedge } = request.client;
    for (const attempt of request.live.splice(0)) {
      attempt.isSettled = true;
      attempt.host.drop(attempt, now);
      // What took longer than an attempt that began later would have taken longer still.
      const isLate = attempt.startedAt <= wonBy;
      if (isLate) hedge?.observe(now - attempt.startedAt, now);
      if (isLate) cluster.reportLate(attempt.endpoint, attempt.startedAt, now);
      else cluster.report(attempt.endpoint, outcome, attempt.startedAt, now);
      cluster.end(attempt.endpoint);
    }
  }

  #isRetried(request: SimulatedRequest, outcome: Outcome, now: number): boolean {
    const { retry } = this.options;
    if (retry === undefined || request.attempts >= retry.policy.maxAttempts) return false;
    const failed = {
      outcome,
      status: outcome === 'server-error' ? 503 : 0,
      isSent: outcome !== 'connect-error',
      isIdempotent: true,
      isReplayable: true,
    };
    return retry.policy.isRetryable(failed) && (!retry.policy.isCharged(failed) || retry.budget.tryWithdraw(now));
  }

  #done(request: SimulatedRequest, endpoint: Endpoint | undefined, outcome: Outcome | undefined, now: number): void {
    request.isOver = true;
    request.endpoint = endpoint;
    request.outcome = outcome;
    request.endedAt = now;
    const { load } = this.options;
    if ('users' in load && request.user !== undefined) {
      this.#arriveAt(Math.max(now, request.startedAt + (load.periodMs ?? 0)), request.user);
    }
    this.options.onDone(request);
  }

  #arriveAt(time: number, user: number): void {
    if (time < this.options.durationMs) this.at(time, { fire: () => this.send(user) });
  }
}
