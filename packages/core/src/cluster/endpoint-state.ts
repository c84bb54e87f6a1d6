/**
 * What a cluster knows about one endpoint: the view that strategies see, and the learned state behind it.
 */
import type { Endpoint, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionTracker } from '../health/ejection.ts';
import type { HealthReason } from '../health/reasons.ts';
import { REASON_BIT } from '../health/reasons.ts';
import { hash32 } from '../lib/hash.ts';
import { PeakEwma } from '../lib/peak-ewma.ts';
import { isFailure } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/**
 * What an endpoint that only fails is taken to cost while it has never answered well, since its latency is not known.
 */
const FAILURE_PENALTY_MS = 5_000;

/**
 * How much slower an endpoint that only fails is taken to be: whoever meets a failure pays for a retry, or with everything. Without
 * it an endpoint that fails fast looks like the fastest of all and draws all traffic (kubernetes/ingress-nginx issue 5540). The
 * share of failures counts squared: one stray failure in sixteen costs 40 %, which decays, and does not park a good endpoint.
 */
const FAILURE_SLOWDOWN = 100;

/** Weight of the newest outcome in the failure ratio: half of the ratio is made by the last 11 outcomes. */
const FAILURE_RATIO_GAIN = 1 / 16;

export class EndpointState implements Endpoint {
  readonly id: string;
  readonly origin: string;
  readonly idHash: number;
  weight: number;
  priority: number;
  tags: Readonly<Record<string, string>>;
  route: string;
  isRouteNamed: boolean;

  inflight = 0;
  /** Bits of `REASON_BIT`. */
  reasons = 0;
  /** While draining: sticky requests are still served. */
  keepsSessions = false;
  /** Some request has stuck to it. */
  hasSessions = false;
  /** Member of the current picker. */
  isPicked = false;
  /** When the ejection ends; meaningful only while the reason `ejected` stands. */
  ejectedUntil = 0;
  /** Called, each once, when the last attempt is over. */
  idleListeners: (() => void)[] = [];
  /** Called, each once, when there is no point in keeping sessions any longer: enabled again, removed, or the cluster closed. */
  undrainListeners: (() => void)[] = [];

  private readonly latency: PeakEwma;
  private readonly tracker: EjectionTracker;
  private readonly windowMs: number;
  private failureRatio = 0;
  private failureRatioAt = 0;
  private waiting = 0;
  private waitingStarts = 0;

  constructor(options: ResolvedEndpoint, tracker: EjectionTracker, latencyWindowMs: number) {
    this.id = options.id;
    this.origin = options.origin;
    this.idHash = hash32(options.id);
    this.weight = options.weight;
    this.priority = options.priority;
    this.tags = options.tags;
    this.route = options.route;
    this.isRouteNamed = options.isRouteNamed;
    this.tracker = tracker;
    this.windowMs = latencyWindowMs;
    this.latency = new PeakEwma(latencyWindowMs);
  }

  /** Takes over what a user may change about an endpoint that stays. */
  adopt(options: ResolvedEndpoint): void {
    this.weight = options.weight;
    this.priority = options.priority;
    this.tags = options.tags;
    this.route = options.route;
    this.isRouteNamed = options.isRouteNamed;
  }

  latencyAt(now: number): number {
    const latency = this.latency.at(now);
    if (this.failureRatio === 0) return latency;
    const ratio = this.failureRatio * Math.exp((this.failureRatioAt - now) / this.windowMs);
    return latency === 0 ? ratio * FAILURE_PENALTY_MS : latency * (1 + FAILURE_SLOWDOWN * ratio * ratio);
  }

  waitingAgeAt(now: number): number {
    return this.waiting === 0 ? 0 : Math.max(0, now - this.waitingStarts / this.waiting);
  }

  begin(now: number): void {
    this.inflight++;
    this.waiting++;
    this.waitingStarts += now;
  }

  /** @returns for how many ms the endpoint should be ejected, 0 for not */
  report(outcome: Outcome, startedAt: number, now: number): number {
    this.waiting--;
    // Reset at zero, so that rounding errors of many additions never add up.
    this.waitingStarts = this.waiting === 0 ? 0 : this.waitingStarts - startedAt;
    if (outcome === 'cancelled') return 0;
    // A failure is no measure of latency, but a timeout is: it took at least that long.
    if (!isFailure(outcome) || outcome === 'timeout') this.latency.observe(now - startedAt, now);
    return this.judge(outcome, now);
  }

  judge(outcome: Outcome, now: number): number {
    const sample = isFailure(outcome) ? 1 : 0;
    if (sample !== 0 || this.failureRatio !== 0) {
      const projected = this.failureRatio * Math.exp((this.failureRatioAt - now) / this.windowMs);
      this.failureRatio = projected + (sample - projected) * FAILURE_RATIO_GAIN;
      this.failureRatioAt = now;
      if (this.failureRatio < 1e-6) this.failureRatio = 0;
    }
    return this.tracker.observe(outcome, now);
  }

  end(): void {
    this.inflight--;
    if (this.inflight > 0 || this.idleListeners.length === 0) return;
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }

  undrain(): void {
    for (const listener of this.undrainListeners.splice(0)) listener();
  }

  refuseEjection(now: number): void {
    this.tracker.refused?.(now);
  }

  restore(now: number): void {
    this.reasons &= ~REASON_BIT.ejected;
    this.tracker.restored(now);
  }

  has(reason: HealthReason): boolean {
    return (this.reasons & REASON_BIT[reason]) !== 0;
  }
}
