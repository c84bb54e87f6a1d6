/**
 * The cluster as a synchronous function of time: membership, health and picks, without a timer, a socket or a promise. A
 * simulator drives thousands of virtual seconds through it in one real one.
 */
import type { Endpoint, PickContext, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import type { HealthReason } from '../health/reasons.ts';
import { REASON_BIT } from '../health/reasons.ts';
import type { Random } from '../lib/random.ts';
import { rendezvousScore } from '../lib/rendezvous.ts';
import type { Outcome } from '../outcome.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { EndpointState } from './endpoint-state.ts';
import type { Snapshot } from './snapshot.ts';
import { EMPTY_SNAPSHOT, takeSnapshot } from './snapshot.ts';

/** How often a picker is asked again when it names an endpoint that is full or was tried; then the endpoints are scanned. */
const REPICKS = 4;

/** Endpoints that are all dead must not change places at every request. */
const SWAP_INTERVAL_MS = 1_000;

/** What the core is made of. */
export interface ClusterCoreOptions {
  readonly strategy: Strategy;
  readonly ejection: EjectionPolicy;
  readonly random: Random;
  readonly latencyWindowMs: number;
  readonly maxInflight: number;
  readonly maxEjectedPercent: number;
  readonly panicPercent: number;
}

/** Told of the rare changes. */
export interface ClusterCoreListener {
  added(endpoint: EndpointState): void;
  removed(endpoint: EndpointState): void;
  pickable(endpoint: EndpointState): void;
  unpickable(endpoint: EndpointState, reason: HealthReason): void;
  panic(isPanicking: boolean): void;
}

export class ClusterCore {
  endpoints: readonly EndpointState[] = [];
  private readonly options: ClusterCoreOptions;
  private readonly listener: ClusterCoreListener;
  private byRoute = new Map<string, EndpointState>();
  private snapshot: Snapshot = EMPTY_SNAPSHOT;
  private nextSwapAt = -Infinity;

  constructor(options: ClusterCoreOptions, listener: ClusterCoreListener) {
    this.options = options;
    this.listener = listener;
  }

  /** How many may be picked. Pure, so an ejection that has run out since the last pick still counts. */
  get pickable(): number {
    return this.snapshot.pickable.length;
  }

  update(wanted: readonly ResolvedEndpoint[], now: number): void {
    const { ejection, random, latencyWindowMs } = this.options;
    const known = new Map(this.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    const added: EndpointState[] = [];
    this.endpoints = wanted.map((options) => {
      const survivor = known.get(options.id);
      // The same name at another address is another endpoint: what was learned does not hold for it.
      if (survivor !== undefined && survivor.origin === options.origin) {
        survivor.adopt(options);
        known.delete(options.id);
        return survivor;
      }
      const endpoint = new EndpointState(options, ejection.track(random), latencyWindowMs);
      added.push(endpoint);
      return endpoint;
    });
    this.byRoute = new Map(this.endpoints.map((endpoint) => [endpoint.route, endpoint]));
    this.rebuild(now);
    for (const endpoint of known.values()) this.listener.removed(endpoint);
    for (const endpoint of added) this.listener.added(endpoint);
  }

  find(id: string): EndpointState | undefined {
    return this.endpoints.find((endpoint) => endpoint.id === id);
  }

  endpointOfRoute(route: string): EndpointState | undefined {
    return this.byRoute.get(route);
  }

  pick(context: PickContext): EndpointState | undefined {
    if (context.now >= this.snapshot.nextChangeAt) this.rebuild(context.now);
    const { picker } = this.snapshot;
    if (context.preferred !== undefined) return this.pickSticky(context, context.preferred);
    if (picker === undefined) return undefined;
    for (let i = 0; i < REPICKS; i++) {
      const endpoint = picker.pick(context);
      if (endpoint === undefined) return undefined;
      if (this.isFree(endpoint, context)) return endpoint;
    }
    return this.firstFree(context);
  }

  /** True if an endpoint that may be picked is at its limit: waiting may help. A pure question. */
  get isSaturated(): boolean {
    return this.snapshot.pickable.some((endpoint) => endpoint.inflight >= this.options.maxInflight);
  }

  /** True if there is an endpoint that may be picked, is not in `tried`, and has fewer than `below` in flight. A pure question. */
  hasUntried(tried: readonly Endpoint[], below: number = Infinity): boolean {
    return this.snapshot.pickable.some((endpoint) => !tried.includes(endpoint) && endpoint.inflight < below);
  }

  /** The same of one that has room now. */
  hasUntriedWithRoom(tried: readonly Endpoint[]): boolean {
    return this.hasUntried(tried, this.options.maxInflight);
  }

  /** True if the endpoint may serve requests that stick to it. A pure question. */
  servesSticky(endpoint: EndpointState): boolean {
    return endpoint.isPicked || (endpoint.reasons === REASON_BIT.draining && endpoint.keepsSessions);
  }

  begin(endpoint: EndpointState, now: number): void {
    endpoint.begin(now);
  }

  report(endpoint: EndpointState, outcome: Outcome, startedAt: number, now: number): void {
    const ejectMs = endpoint.report(outcome, startedAt, now);
    if (ejectMs > 0) this.eject(endpoint, ejectMs, now);
  }

  /** A body that was cut short after a good head: another failure of the same attempt. */
  reportCut(endpoint: EndpointState, now: number): void {
    const ejectMs = endpoint.judge('reset', now);
    if (ejectMs > 0) this.eject(endpoint, ejectMs, now);
  }

  end(endpoint: EndpointState): void {
    endpoint.end();
  }

  /** Adds or takes away a reason for not picking the endpoint. */
  setReason(endpoint: EndpointState, reason: HealthReason, stands: boolean, now: number): void {
    if (endpoint.has(reason) === stands) return;
    const before = endpoint.reasons;
    endpoint.reasons ^= REASON_BIT[reason];
    this.rebuild(now);
    if (before === 0) this.listener.unpickable(endpoint, reason);
    else if (endpoint.reasons === 0) this.listener.pickable(endpoint);
  }

  /**
   * At most `floor(n * maxEjectedPercent / 100)` endpoints are ejected at a time, but at least one may be if there are two,
   * and never the last one that is well. Where that forbids it, an endpoint that only fails is no better than one that
   * is ejected, so it changes places with the one that would return next: otherwise, after an outage of all, a dead endpoint would be
   * all there is for as long as those that are well again stay ejected.
   */
  private eject(endpoint: EndpointState, ejectMs: number, now: number): void {
    if (!this.endpoints.includes(endpoint)) return;
    const ejected = this.endpoints.filter((other) => other !== endpoint && other.has('ejected'));
    const limit = Math.max(1, Math.floor((this.endpoints.length * this.options.maxEjectedPercent) / 100));
    const isLastWell = !this.endpoints.some((other) => other !== endpoint && other.reasons === 0);
    if (ejected.length >= limit || isLastWell) {
      const next = now < this.nextSwapAt ? undefined : soonestBack(ejected);
      if (next === undefined) return endpoint.refuseEjection(now);
      this.nextSwapAt = now + SWAP_INTERVAL_MS;
      next.ejectedUntil = now;
    }
    endpoint.ejectedUntil = now + ejectMs;
    if (endpoint.has('ejected')) this.rebuild(now);
    else this.setReason(endpoint, 'ejected', true, now);
  }

  private rebuild(now: number): void {
    const { strategy, random, panicPercent } = this.options;
    const before = this.snapshot;
    const expiring = this.endpoints.filter((endpoint) => endpoint.has('ejected'));
    this.snapshot = takeSnapshot(this.endpoints, now, panicPercent, { strategy, random, previous: before.picker });
    for (const endpoint of expiring) if (endpoint.reasons === 0) this.listener.pickable(endpoint);
    if (before.isPanicking !== this.snapshot.isPanicking) this.listener.panic(this.snapshot.isPanicking);
  }

  /**
   * The endpoint of the route if it may serve; else the rendezvous choice for the key, so that all balancers and all concurrent
   * requests of a session agree on its successor.
   */
  private pickSticky(context: PickContext, route: string): EndpointState | undefined {
    const endpoint = this.byRoute.get(route);
    const isThere = endpoint !== undefined && this.servesSticky(endpoint) && this.isFree(endpoint, context);
    const chosen = isThere ? endpoint : context.isStrict === true ? undefined : this.successor(context);
    if (chosen === undefined) return undefined;
    chosen.hasSessions = true;
    if (chosen.isPicked) this.snapshot.picker?.charge?.(chosen);
    return chosen;
  }

  private successor(context: PickContext): EndpointState | undefined {
    let best: EndpointState | undefined;
    let bestScore = -1;
    for (const endpoint of this.snapshot.pickable) {
      const score = rendezvousScore(context.key, endpoint.idHash, endpoint.weight);
      if (score > bestScore && this.isFree(endpoint, context)) {
        best = endpoint;
        bestScore = score;
      }
    }
    return best;
  }

  private isFree(endpoint: EndpointState, context: PickContext): boolean {
    if (endpoint.inflight >= this.options.maxInflight) return false;
    return context.tried === undefined || !context.tried.includes(endpoint);
  }

  private firstFree(context: PickContext): EndpointState | undefined {
    const { pickable } = this.snapshot;
    const start = this.options.random.below(pickable.length);
    for (let i = 0; i < pickable.length; i++) {
      const endpoint = pickable[(start + i) % pickable.length]!;
      if (this.isFree(endpoint, context)) return endpoint;
    }
    return undefined;
  }
}

/** Of the endpoints that nothing but their ejection keeps out, the one that is back first. */
function soonestBack(ejected: readonly EndpointState[]): EndpointState | undefined {
  const candidates = ejected.filter((endpoint) => endpoint.reasons === REASON_BIT.ejected);
  return candidates.toSorted((a, b) => a.ejectedUntil - b.ejectedUntil)[0];
}
