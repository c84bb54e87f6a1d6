/**
 * The cluster as a synchronous function of time: membership, health and picks, without a timer, a socket or a promise. A
 * simulator drives thousands of virtual seconds through it in one real one.
 */
import type { Endpoint, PickContext, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionJudges } from '../health/ejection.ts';
import { REASON_BIT, SESSION_KEEPING_REASONS } from '../health/reasons.ts';
import type { HealthReason, LeavingSource } from '../health/reasons.ts';
import { parseLoadReport } from '../load-report.ts';
import type { Outcome } from '../outcome.ts';
import { Announcer } from './announcer.ts';
import { EndpointState } from './endpoint-state.ts';
import type { EndpointShare } from './endpoint-state.ts';
import { ROUTE_OF_KEY, homeOrDetour, isFree, isSameAddress, ownerOf, pickFree, successor } from './candidates.ts';
import type { ClusterCoreListener, ClusterCoreOptions } from './core-options.ts';
import { isRefused, soonestBack } from './ejection-cap.ts';
import { isReportNews, noteLeaving } from './leaving.ts';
import { Ledger, NOW, STARTED_AT } from './ledger.ts';
import { EMPTY_SNAPSHOT, takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import { mayTry, putOnTrial, reopenTrial } from './trial.ts';

/** Endpoints that are all dead must not be put on trial at every request. */
const TRIAL_INTERVAL_MS = 1_000;

/** Agents' weights change at once, and then not for so long: a thousand of them must not each have the picker built anew. */
const REWEIGH_MS = 100;

const ON_TRIAL = REASON_BIT['on-trial'];

export class ClusterCore {
  endpoints: readonly EndpointState[] = [];
  readonly options: ClusterCoreOptions;
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  private readonly announcer: Announcer;
  private readonly judges: EjectionJudges;
  private readonly share: EndpointShare;
  private byRoute = new Map<string, EndpointState>();
  private byId = new Map<string, EndpointState>();
  private nextTrialAt = -Infinity;
  private reweighedAt = -Infinity;

  constructor(options: ClusterCoreOptions, listener: ClusterCoreListener) {
    const { latencyWindowMs, maxInflight } = options;
    this.options = options;
    this.announcer = new Announcer(listener);
    this.judges = options.ejection.start(options.random);
    this.share = { ledger: new Ledger(latencyWindowMs), maxInflight };
  }

  update(wanted: readonly ResolvedEndpoint[], now: number): void {
    const known = new Map(this.byId);
    const added: EndpointState[] = [];
    const isStart = this.endpoints.length === 0;
    this.endpoints = wanted.map((options) => {
      const survivor = known.get(options.id);
      // The same name at another address is another endpoint: what was learned does not hold for it.
      if (survivor !== undefined && isSameAddress(survivor, options)) {
        survivor.options = options;
        known.delete(options.id);
        return survivor;
      }
      const endpoint = new EndpointState(
        options,
        this.share,
        this.judges.track(),
        this.options.concurrencyLimit?.start(),
      );
      // When a process starts, all its endpoints are new to it, and none of them is cold.
      if (!isStart) endpoint.slowSince = Math.floor(now);
      added.push(endpoint);
      return endpoint;
    });
    this.byId = new Map(this.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    this.byRoute = new Map(this.endpoints.map((endpoint) => [endpoint.route, endpoint]));
    for (const endpoint of this.endpoints) noteLeaving(endpoint, 'discovery', endpoint.isDraining, now);
    this.rebuild(now);
    for (const endpoint of known.values()) {
      endpoint.retire();
      this.announcer.removed(endpoint);
    }
    for (const endpoint of added) this.announcer.added(endpoint);
    for (const endpoint of this.endpoints) this.announcer.judged(endpoint, 'leaving');
  }

  find(id: string): EndpointState | undefined {
    return this.byId.get(id);
  }

  endpointOfRoute(route: string, key: number = 0): EndpointState | undefined {
    return route === ROUTE_OF_KEY && key !== 0 ? ownerOf(this.endpoints, key) : this.byRoute.get(route);
  }

  pick(context: PickContext): EndpointState | undefined {
    const { snapshot } = this;
    if (context.preferred === undefined && context.now < snapshot.nextChangeAt && snapshot.isPlain) {
      const endpoint = snapshot.picker!.pick(context);
      if (endpoint !== undefined && isFree(endpoint, context)) return endpoint;
    }
    return this.pickWithCare(context);
  }

  /** True if waiting may help: an endpoint that may be picked is at its limit, or none was found yet. A pure question. */
  get isSaturated(): boolean {
    const { endpoints, snapshot } = this;
    return endpoints.length === 0 || snapshot.pickable.some((endpoint) => endpoint.inflight >= endpoint.limit);
  }

  /** True if there is an endpoint that may be picked and is not in `tried`. A pure question. */
  hasUntried(tried: readonly Endpoint[]): boolean {
    return this.snapshot.pickable.some((endpoint) => !tried.includes(endpoint));
  }

  /** The same of one that has room now. */
  hasUntriedWithRoom(tried: readonly Endpoint[]): boolean {
    return this.snapshot.pickable.some((endpoint) => endpoint.inflight < endpoint.limit && !tried.includes(endpoint));
  }

  /** True if the endpoint may serve requests that stick to it. A pure question. */
  servesSticky(endpoint: EndpointState): boolean {
    if (endpoint.isPicked) return true;
    const reasons = endpoint.reasons & ~SESSION_KEEPING_REASONS;
    return reasons === 0 || (reasons === REASON_BIT.draining && endpoint.keepsSessions);
  }

  begin(endpoint: EndpointState, now: number): void {
    endpoint.begin(now);
  }

  /**
   * @param stalledMs for how much of the time this process was too busy to notice an answer
   * @param retryAfterMs for how long the endpoint asked for no requests. It lengthens an ejection and never causes one: a single answer
   * of a single route, which any client may be able to draw, says little about the endpoint
   */
  report(
    endpoint: EndpointState,
    outcome: Outcome,
    startedAt: number,
    now: number,
    stalledMs: number = 0,
    retryAfterMs: number = 0,
  ): void {
    endpoint.note(startedAt, now);
    const ejectMs = endpoint.settle(outcome, stalledMs);
    if (ejectMs > 0 || endpoint.reasons !== 0) this.conclude(endpoint, outcome, ejectMs, retryAfterMs);
  }

  /** An attempt was given up because it was late: in place of `report`. It would have taken longer than that; more is not known of it. */
  reportLate(endpoint: EndpointState, startedAt: number, now: number, stalledMs: number = 0): void {
    endpoint.note(startedAt, now);
    endpoint.settleLate(stalledMs);
    if (endpoint.reasons !== 0) this.conclude(endpoint, 'cancelled', 0, 0);
  }

  /** A body that was cut short after a good head: another failure of the same attempt. */
  reportCut(endpoint: EndpointState, now: number): void {
    endpoint.note(now, now);
    const ejectMs = endpoint.settleCut();
    if (ejectMs > 0 && this.isMember(endpoint)) this.eject(endpoint, ejectMs, now);
  }

  end(endpoint: EndpointState): void {
    endpoint.end();
  }

  /** Adds or takes away a reason for not picking the endpoint. One that was unfit has to prove itself first. */
  setReason(endpoint: EndpointState, reason: HealthReason, stands: boolean, now: number): void {
    if (endpoint.has(reason) === stands || !this.isMember(endpoint)) return;
    const before = endpoint.reasons;
    endpoint.reasons ^= REASON_BIT[reason];
    if (reason === 'probe-failed' && !stands) {
      // A page that says "well" is no proof: it grants the trial, and it does so at once, since it said otherwise before.
      putOnTrial(endpoint, now);
    } else if (stands && (reason === 'ejected' || reason === 'probe-failed')) endpoint.reasons &= ~ON_TRIAL;
    if (before !== 0 && endpoint.reasons === 0) endpoint.slowSince = Math.floor(now);
    this.rebuild(now);
    this.announcer.judged(endpoint, reason);
  }

  /** Says on whose word the endpoint is about to go, or takes that word back. */
  setLeaving(endpoint: EndpointState, source: LeavingSource, stands: boolean, now: number): void {
    if (!this.isMember(endpoint) || !noteLeaving(endpoint, source, stands, now)) return;
    this.rebuild(now);
    this.announcer.judged(endpoint, 'leaving');
  }

  /** Takes an agent's word on the endpoint's weight; 0 means nothing new. @param ratio 0..10 */
  setWeightRatio(endpoint: EndpointState, ratio: number, now: number): void {
    const isNew = ratio > 0 && endpoint.weightRatio !== ratio;
    if (isNew) endpoint.weightRatio = ratio;
    this.setLeaving(endpoint, 'weight', ratio === 0, now);
    if (!isNew) return;
    const nextAt = Math.max(now, this.reweighedAt + REWEIGH_MS);
    if (nextAt > now) this.snapshot = { ...this.snapshot, nextChangeAt: Math.min(this.snapshot.nextChangeAt, nextAt) };
    else this.rebuild((this.reweighedAt = now));
  }

  /** Takes in what the endpoint says about itself: a value of `endpoint-load-metrics`. */
  reportLoad(endpoint: EndpointState, value: string, now: number): void {
    const report = parseLoadReport(value, now);
    if (report === undefined) return void endpoint.ignoredReports++;
    endpoint.report = report;
    if (isReportNews(endpoint, now)) this.setLeaving(endpoint, 'report', report.isDraining, now);
  }

  /**
   * At most `floor(n * maxEjectedPercent / 100)` endpoints are ejected or on trial at a time, but at least one may be if there are two,
   * and never the last one that is well. Where that forbids it, an endpoint that only fails is no better than one that
   * is ejected, so the one that would return next is put on trial at once: otherwise, after an outage of all, a dead endpoint would be
   * all there is for as long as those that are well again stay ejected.
   */
  private eject(endpoint: EndpointState, ejectMs: number, now: number): void {
    if (isRefused(endpoint, this.endpoints, this.options.maxEjectedPercent)) return this.spare(endpoint, now);
    endpoint.ejectedUntil = now + ejectMs;
    if (endpoint.has('ejected')) this.rebuild(now);
    else this.setReason(endpoint, 'ejected', true, now);
  }

  private spare(endpoint: EndpointState, now: number): void {
    endpoint.tracker.refused?.(now);
    this.announcer.spared(endpoint);
    const next = now < this.nextTrialAt ? undefined : soonestBack(this.endpoints, endpoint);
    if (next !== undefined) {
      this.nextTrialAt = now + TRIAL_INTERVAL_MS;
      next.ejectedUntil = now;
    }
    // If this was its trial, it waits for another one from now on.
    if (next !== undefined || endpoint.has('on-trial')) this.rebuild(now);
  }

  /** What an outcome means for an endpoint that is not simply well. */
  private conclude(endpoint: EndpointState, outcome: Outcome, ejectMs: number, retryAfterMs: number): void {
    if (!this.isMember(endpoint)) return;
    const { numbers } = this.share.ledger;
    const [startedAt, now] = [numbers[STARTED_AT]!, numbers[NOW]!];
    const isTrial = endpoint.has('on-trial') && startedAt >= endpoint.onTrialSince;
    if (isTrial) reopenTrial(endpoint, now);
    if (ejectMs > 0) this.eject(endpoint, Math.max(ejectMs, retryAfterMs), now);
    else if (isTrial && outcome === 'success') this.setReason(endpoint, 'on-trial', false, now);
    else if (isTrial) this.rebuild(now);
  }

  rebuild(now: number): void {
    this.snapshot = takeSnapshot(this.endpoints, now, this.options, this.snapshot);
    this.announcer.rebuilt(this);
  }

  /** False for one that was removed while it had something under way. */
  private isMember(endpoint: EndpointState): boolean {
    return this.byId.get(endpoint.id) === endpoint;
  }

  /** What few requests need, apart: V8 inlines some 900 bytes of bytecode into a caller, and `pick`, `begin`, `report` and `end` fit in. */
  private pickWithCare(context: PickContext): EndpointState | undefined {
    if (context.now >= this.snapshot.nextChangeAt) this.rebuild(context.now);
    const { picker, pickable, trials } = this.snapshot;
    if (context.preferred !== undefined) return this.pickSticky(context, context.preferred);
    if (trials.length > 0) {
      const trial = this.trialFor(context);
      if (trial !== undefined) {
        trial.trialTakenAt = Math.floor(context.now);
        return trial;
      }
    }
    if (picker === undefined) return undefined;
    return pickFree(picker, pickable, context, this.options.random);
  }

  /** An endpoint that has to prove itself, if this request may be the proof. */
  trialFor(context: PickContext): EndpointState | undefined {
    const { trials } = this.snapshot;
    for (let i = 0; i < trials.length; i++) if (mayTry(trials[i]!, context)) return trials[i];
    return undefined;
  }

  /**
   * The endpoint of the route if it may serve; else the rendezvous choice for the key, so that all balancers and all concurrent
   * requests of a session agree on its successor.
   */
  private pickSticky(context: PickContext, route: string): EndpointState | undefined {
    const { pickable } = this.snapshot;
    const endpoint = this.endpointOfRoute(route, context.key);
    const isTrial = endpoint !== undefined && mayTry(endpoint, context);
    const isThere = isTrial || (endpoint !== undefined && this.servesSticky(endpoint) && isFree(endpoint, context));
    const chosen = isThere ? homeOrDetour(endpoint, pickable, context) : successor(pickable, context);
    if (chosen === undefined) return undefined;
    chosen.hasSessions = true;
    if (isTrial) chosen.trialTakenAt = Math.floor(context.now);
    if (chosen.isPicked) this.snapshot.picker?.charge?.(chosen);
    return chosen;
  }
}
