import type { Cluster, Endpoint, HedgePolicy, Outcome, PickContext } from '@evenkeel/core';
import type { Host, Job } from './host.ts';

/** What the simulator needs of a cluster. */
export type SimulatedCluster = Pick<
  Cluster,
  'pick' | 'begin' | 'report' | 'reportLate' | 'reportLoad' | 'end' | 'endpoints'
>;

/** One client process. */
export interface Client {
  readonly cluster: SimulatedCluster;
  /** @default no hedging */
  readonly hedge?: HedgePolicy | undefined;
}

/** A request that is over. */
export interface Done {
  readonly startedAt: number;
  readonly endedAt: number;
  /** How its last attempt ended; undefined if no endpoint could be picked. */
  readonly outcome: Outcome | undefined;
  /** Hedges included. */
  readonly attempts: number;
  readonly hedges: number;
  /** The endpoint of its last attempt, or of the one that won. */
  readonly endpoint: Endpoint | undefined;
  readonly key: number;
}

/** One request: what the picker is told, and its attempts under way. */
export class SimulatedRequest implements PickContext, Done {
  readonly client: Client;
  readonly startedAt: number;
  /** Who sent it, if it is one of a number of users. */
  readonly user: number | undefined;
  readonly preferred = undefined;
  readonly live: SimulatedAttempt[] = [];
  key = 0;
  work = 0;
  now: number;
  attempt = 0;
  hedges = 0;
  tried: Endpoint[] | undefined = undefined;
  isOver = false;
  endpoint: Endpoint | undefined = undefined;
  outcome: Outcome | undefined = undefined;
  endedAt = 0;

  constructor(client: Client, now: number, user: number | undefined) {
    this.client = client;
    this.user = user;
    this.startedAt = this.now = now;
  }

  get attempts(): number {
    return this.attempt + 1;
  }

  /** The next attempt goes elsewhere. */
  tryNext(tried: Endpoint): void {
    this.attempt++;
    (this.tried ??= []).push(tried);
  }
}

/** Who is told of answers. */
export interface AttemptOwner {
  onAnswer(attempt: SimulatedAttempt, outcome: Outcome, now: number): void;
}

/** One attempt of a request, seen from the client and from the server. */
export class SimulatedAttempt implements Job {
  readonly request: SimulatedRequest;
  readonly endpoint: Endpoint;
  readonly host: Host;
  readonly startedAt: number;
  /** What the server had in flight when it arrived. */
  readonly rif: number;
  isDropped = false;
  /** The cluster was told how it went. */
  isSettled = false;
  planned: Outcome = 'success';
  readonly #owner: AttemptOwner;

  constructor(request: SimulatedRequest, endpoint: Endpoint, host: Host, now: number, owner: AttemptOwner) {
    this.request = request;
    this.endpoint = endpoint;
    this.host = host;
    this.startedAt = now;
    this.rif = host.rif;
    this.#owner = owner;
  }

  get work(): number {
    return this.request.work;
  }

  fire(now: number): void {
    if (!this.isDropped) this.finish(this.planned, now);
  }

  finish(outcome: Outcome, now: number): void {
    this.#owner.onAnswer(this, outcome, now);
  }
}
