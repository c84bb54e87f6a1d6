/** What a cluster knows about one endpoint: the view that strategies see, and the learned state behind it. */
import type { ConcurrencyLimiter } from '../concurrency/concurrency-limit.ts';
import type { Endpoint, ResolvedEndpoint } from '../endpoint.ts';
import type { EjectionTracker } from '../health/ejection.ts';
import type { HealthReason } from '../health/reasons.ts';
import { REASON_BIT } from '../health/reasons.ts';
import { hash32 } from '../lib/hash.ts';
import { latencyBucketUs } from '../lib/latency-bucket.ts';
import { NEVER } from '../lib/never.ts';
import type { LoadReport } from '../load-report.ts';
import { isFailure } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import {
  FAILURES,
  FRESH_UNTIL,
  HOLDS_UNTIL,
  NOW,
  RESULT,
  SAMPLE,
  STARTED_AT,
  WAITING_STARTS,
  countOutcome,
  expectNow,
  latencyNow,
  observeLatency,
} from './ledger.ts';
import type { Ledger } from './ledger.ts';

/** What all endpoints of a cluster share. */
export interface EndpointShare {
  readonly ledger: Ledger;
  readonly maxInflight: number;
}

export class EndpointState implements Endpoint {
  // What every request reads comes first: with thousands of endpoints that is one line of cache to look at one, and another to pick it.
  inflight = 0;
  private expectedUs = 0;
  /** When to look again, in whole ms. */
  private expectedUntil = 0;
  /** Attempts that may be in flight. */
  limit = 0;
  private waiting = 0;
  private at: number;
  private ledger: Ledger;
  /** When to look again if nothing waits. */
  private freshUntil = 0;
  /** Bits of `REASON_BIT`. */
  reasons = 0;
  private idleListeners: (() => void)[] | undefined = undefined;
  /** A success says nothing but its latency: neither the tracker nor a limiter need hear of it. */
  isAtRest: boolean;
  private readonly limiter: ConcurrencyLimiter | undefined;
  /** Member of the current picker, with this share of load as of the last snapshot. */
  isPicked = false;
  weight: number;
  readonly tracker: EjectionTracker;

  readonly id: string;
  readonly idHash: number;
  report: LoadReport | undefined = undefined;
  tier = 0;
  /** Who says that it is about to go: bits of `LEAVING_BIT`. Its own report says so until `leavingUntil`. */
  leaving = 0;
  leavingUntil = 0;
  /** What an agent makes of its configured weight. */
  weightRatio = 1;
  /** Some request has stuck to it; while draining, such are still served; how often it was drained. */
  hasSessions = false;
  keepsSessions = false;
  drains = 0;
  /** When the ejection ends; meaningful only while the reason `ejected` stands. */
  ejectedUntil = 0;
  /** Since when it waits to prove itself; meaningful only while the reason `on-trial` stands. */
  onTrialSince = 0;
  /** When the one request was picked that it has to prove itself by; `NEVER` while there is none. In whole ms, as the next one. */
  trialTakenAt: number = NEVER;
  /** Since when its weight grows; `NEVER` if it has grown up. */
  slowSince: number = NEVER;
  ignoredReports = 0;
  private undrainListeners: (() => void)[] | undefined = undefined;
  /** Connections that have changed protocols. */
  tunnels: Set<{ cut(): void }> | undefined = undefined;

  /** Replaced when the endpoint stays and what was said of it changes. */
  options: ResolvedEndpoint;
  private readonly maxInflight: number;

  constructor(
    options: ResolvedEndpoint,
    share: EndpointShare,
    tracker: EjectionTracker,
    limiter: ConcurrencyLimiter | undefined,
  ) {
    this.ledger = share.ledger;
    this.at = share.ledger.open();
    this.tracker = tracker;
    this.limiter = limiter;
    this.isAtRest = limiter === undefined && tracker.isAtRest === true;
    this.id = options.id;
    this.idHash = hash32(options.id);
    this.weight = options.weight;
    this.options = options;
    this.maxInflight = share.maxInflight;
    this.limit = limiter === undefined ? share.maxInflight : Math.min(share.maxInflight, limiter.limit);
  }

  get origin(): string {
    return this.options.origin;
  }

  get socketPath(): string | undefined {
    return this.options.socketPath;
  }

  get priority(): number {
    return this.options.priority;
  }

  get zone(): string | undefined {
    return this.options.zone;
  }

  get isDraining(): boolean {
    return this.options.isDraining;
  }

  get isFallback(): boolean {
    return this.options.isFallback;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.options.tags;
  }

  get route(): string {
    return this.options.route;
  }

  get isRouteNamed(): boolean {
    return this.options.isRouteNamed;
  }

  get fullWeight(): number {
    return this.options.weight * this.weightRatio;
  }

  latencyAt(now: number): number {
    const { numbers } = this.ledger;
    numbers[NOW] = now;
    latencyNow(numbers, this.at);
    return numbers[RESULT]!;
  }

  expectedUsAt(now: number): number {
    if (now >= this.expectedUntil) {
      this.ledger.numbers[NOW] = now;
      this.expect();
    }
    return this.expectedUs;
  }

  waitingAgeAt(now: number): number {
    const { waiting } = this;
    return waiting === 0 ? 0 : Math.max(0, now - this.ledger.numbers[this.at + WAITING_STARTS]! / waiting);
  }

  begin(now: number): void {
    this.inflight++;
    this.ledger.numbers[this.at + WAITING_STARTS]! += now;
    if (this.waiting++ > 0) return;
    // Nothing waited, so what to expect was taken to hold; now something may turn out to wait for longer than that.
    const lateAt = now + this.expectedUs / 1_000;
    if (lateAt < this.expectedUntil) this.expectedUntil = Math.ceil(lateAt);
  }

  /** Lays down the times of an attempt for `settle`, which follows. */
  note(startedAt: number, now: number): void {
    const { numbers } = this.ledger;
    numbers[STARTED_AT] = startedAt;
    numbers[NOW] = now;
  }

  /** The attempt of `note` has a response head, or none will come. @returns for how many ms the endpoint should be ejected, 0 for not */
  settle(outcome: Outcome, stalledMs: number): number {
    const { numbers } = this.ledger;
    const { at } = this;
    const startedAt = numbers[STARTED_AT]!;
    this.waiting--;
    // Reset at zero, so that rounding errors of many additions never add up.
    numbers[at + WAITING_STARTS] = this.waiting === 0 ? 0 : numbers[at + WAITING_STARTS]! - startedAt;
    if (outcome === 'cancelled') return 0;
    numbers[SAMPLE] = Math.max(0, numbers[NOW]! - startedAt - stalledMs);
    if (outcome !== 'success' || !this.isAtRest || numbers[at + FAILURES] !== 0) return this.weigh(outcome);
    if (observeLatency(numbers, at)) this.expect();
    else if (this.waiting === 0) this.expectedUntil = this.freshUntil;
    return 0;
  }

  /** The attempt of `note` was given up. A sample never lowers what is expected at its time, so this one says "at least". */
  settleLate(stalledMs: number): void {
    this.settle('cancelled', stalledMs);
    const { numbers } = this.ledger;
    numbers[SAMPLE] = Math.max(0, numbers[NOW]! - numbers[STARTED_AT]! - stalledMs);
    observeLatency(numbers, this.at);
    this.expect();
  }

  /** A body was cut short at the time of `note`. */
  settleCut(): number {
    return this.judge('reset', -1, false);
  }

  end(): void {
    if (--this.inflight === 0 && this.idleListeners !== undefined) this.becomeIdle();
  }

  /** Calls `listener` once, when the last attempt is over. */
  onIdle(listener: () => void): void {
    (this.idleListeners ??= []).push(listener);
  }

  /** Calls `listener` once, when there is no point in keeping sessions any longer. */
  onUndrain(listener: () => void): void {
    (this.undrainListeners ??= []).push(listener);
  }

  undrain(): void {
    const listeners = this.undrainListeners;
    this.undrainListeners = undefined;
    listeners?.forEach((listener) => listener());
  }

  /** No longer a member. Its row goes to somebody else, and what it still has under way is kept in a copy. */
  retire(): void {
    this.tracker.removed?.();
    const { ledger, at } = this.ledger.copyOf(this.at);
    this.ledger.close(this.at);
    this.ledger = ledger;
    this.at = at;
  }

  /** Takes a reason away. Whoever has none left starts slowly. */
  clear(reason: HealthReason, now: number): void {
    this.reasons &= ~REASON_BIT[reason];
    if (this.reasons === 0) this.slowSince = Math.floor(now);
  }

  has(reason: HealthReason): boolean {
    return (this.reasons & REASON_BIT[reason]) !== 0;
  }

  /** The rest of `settle`, where more than the latency may have changed. */
  private weigh(outcome: Outcome): number {
    const { numbers } = this.ledger;
    const latencyMs = Math.floor(numbers[SAMPLE]!);
    // A failure is no measure of latency, but a timeout is: it took at least that long.
    const isPeak = (outcome === 'timeout' || !isFailure(outcome)) && observeLatency(numbers, this.at);
    if (this.limiter !== undefined) {
      this.limiter.observe(outcome, latencyMs, this.inflight, Math.floor(numbers[NOW]!));
      this.limit = Math.min(this.maxInflight, this.limiter.limit);
    }
    return this.judge(outcome, latencyMs, isPeak);
  }

  /**
   * Takes the outcome into the failure ratio and asks the tracker. Health needs no fractions of a ms, which would be boxed. What to
   * expect falls slowly, so that only bad news has to be looked at now; the rest is when somebody asks and it may have changed.
   */
  private judge(outcome: Outcome, latencyMs: number, isPeak: boolean): number {
    const { numbers } = this.ledger;
    if (countOutcome(numbers, this.at, isFailure(outcome) ? 1 : 0) || isPeak) this.expect();
    else if (this.waiting === 0) this.expectedUntil = this.freshUntil;
    const ejectMs = this.tracker.observe(outcome, Math.floor(numbers[NOW]!), latencyMs);
    this.isAtRest = this.limiter === undefined && this.tracker.isAtRest === true;
    return ejectMs;
  }

  /** Looks again at what a request has to expect, as of `NOW`. */
  private expect(): void {
    const { numbers } = this.ledger;
    expectNow(numbers, this.at, this.waiting);
    this.expectedUs = latencyBucketUs(numbers[RESULT]!);
    this.expectedUntil = Math.ceil(numbers[HOLDS_UNTIL]!);
    this.freshUntil = Math.ceil(numbers[FRESH_UNTIL]!);
  }

  private becomeIdle(): void {
    const listeners = this.idleListeners;
    this.idleListeners = undefined;
    listeners?.forEach((listener) => listener());
  }
}
