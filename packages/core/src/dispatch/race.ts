/**
 * The attempts of one exchange that are under way at the same time, and the times that run for them: the deadline of the whole, the
 * time-out of each, and the time after which a late one gets company. Made only for exchanges that have one of these; all others do
 * without timers.
 */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { HedgePolicy } from '../retry/hedge-policy.ts';
import type { Outcome } from '../outcome.ts';
import type { UpstreamRequest } from '../transport/transport.ts';
import type { Attempt } from './attempt.ts';
import { MAX_TIMER_MS, withDeadline } from './deadline.ts';
import type { ExchangeHost } from './exchange-host.ts';
import type { RequestPolicies } from './request-options.ts';
import type { ExchangeRequest } from './sink.ts';
import type { TypicalLatency } from './typical-latency.ts';

/** What a race tells its exchange. */
export interface RaceOwner {
  readonly clock: Clock;
  /** The time of the whole exchange is up. */
  onDeadline(): void;
  /** An attempt is late, and might get company. */
  onHedgeDue(): void;
  /** An attempt without a response head has been cancelled. */
  onAttemptLost(attempt: Attempt): void;
}

/** The times of one exchange. */
export interface RaceRules {
  /** Undefined if it may not be hedged. */
  readonly hedge: HedgePolicy | undefined;
  /** On the cluster's clock; Infinity for none. */
  readonly deadlineAt: number;
  /** Infinity for none. */
  readonly attemptTimeoutMs: number;
  /** The field that tells an endpoint what is left; false for none. */
  readonly deadlineField: string | false;
  readonly typicalLatency: TypicalLatency;
}

/** What cancelled attempts are told. */
const BEATEN = new Error('another attempt was faster');
const OVER = new Error('the exchange is over');

interface Runner {
  readonly attempt: Attempt;
  readonly number: number;
  readonly isHedge: boolean;
  readonly cancelTimeout: Cancel | undefined;
  isUnderWay: boolean;
}

/** True if the exchange may need timers. */
export function isTimed(policies: RequestPolicies, request: ExchangeRequest): boolean {
  return policies.isTimed || request.deadlineMs !== undefined || request.attemptTimeoutMs !== undefined;
}

/** The race of an exchange that needs one; undefined for all others. @param isRepeatable another try is possible, and would do no harm */
export function raceOf(
  owner: RaceOwner & { readonly now: number; readonly request: ExchangeRequest },
  { policies, typicalLatency }: ExchangeHost,
  isRepeatable: boolean,
): Race | undefined {
  const { request, now } = owner;
  policies.hedge?.deposit(now);
  const leftMs = request.deadlineMs ?? policies.deadlineMs ?? Infinity;
  const attemptTimeoutMs = request.attemptTimeoutMs ?? policies.attemptTimeoutMs ?? Infinity;
  // What sticks to an endpoint may find nothing of its own on another one, and that quickly.
  const isHedged = isRepeatable && request.hedge !== false && request.preferred === undefined;
  const hedge = isHedged ? policies.hedge : undefined;
  if (hedge === undefined && leftMs === Infinity && attemptTimeoutMs === Infinity) return undefined;
  const { deadlineField } = policies;
  return new Race(owner, { hedge, deadlineAt: now + leftMs, attemptTimeoutMs, deadlineField, typicalLatency }, now);
}

export class Race {
  private readonly rules: RaceRules;
  private readonly owner: RaceOwner;
  private readonly runners: Runner[] = [];
  private readonly cancelDeadline: Cancel | undefined;
  private cancelHedge: Cancel | undefined = undefined;
  private hedges = 0;

  constructor(owner: RaceOwner, rules: RaceRules, now: number) {
    this.owner = owner;
    this.rules = rules;
    const leftMs = rules.deadlineAt - now;
    this.cancelDeadline = leftMs <= MAX_TIMER_MS ? owner.clock.schedule(leftMs, () => owner.onDeadline()) : undefined;
  }

  /** False if the deadline is past. */
  isOn(now: number): boolean {
    return this.rules.deadlineAt > now;
  }

  /** True if another attempt is likely to have its response head before the deadline. */
  hasTime(now: number): boolean {
    const { deadlineAt, typicalLatency } = this.rules;
    return deadlineAt === Infinity || deadlineAt - now >= typicalLatency.at(now);
  }

  /** The request as an attempt sends it that starts now. */
  requestAt(request: UpstreamRequest, now: number): UpstreamRequest {
    const { deadlineAt, deadlineField, attemptTimeoutMs } = this.rules;
    if (deadlineAt === Infinity || deadlineField === false) return request;
    return withDeadline(request, deadlineField, Math.min(deadlineAt - now, attemptTimeoutMs));
  }

  enter(attempt: Attempt, number: number, isHedge: boolean): void {
    const now = attempt.startedAt;
    const { deadlineAt, attemptTimeoutMs } = this.rules;
    const hasTimeout = attemptTimeoutMs <= MAX_TIMER_MS && attemptTimeoutMs < deadlineAt - now;
    const cancelTimeout = hasTimeout ? this.owner.clock.schedule(attemptTimeoutMs, () => attempt.expire()) : undefined;
    this.runners.push({ attempt, number, isHedge, cancelTimeout, isUnderWay: true });
    if (isHedge) this.hedges++;
    this.armHedge(now);
  }

  /** The attempt has its response head, or failed. @returns whether others are still under way */
  leave(attempt: Attempt): boolean {
    const runner = this.runnerOf(attempt);
    if (runner !== undefined) {
      runner.isUnderWay = false;
      runner.cancelTimeout?.();
    }
    const hasOthers = this.runners.some(({ isUnderWay }) => isUnderWay);
    if (!hasOthers) this.cancelHedge?.();
    return hasOthers;
  }

  numberOf(attempt: Attempt): number {
    return this.runnerOf(attempt)?.number ?? 0;
  }

  isHedge(attempt: Attempt): boolean {
    return this.runnerOf(attempt)?.isHedge === true;
  }

  /** Those without a response head yet, oldest first. */
  get attempts(): Attempt[] {
    return this.underWay().map(({ attempt }) => attempt);
  }

  pause(): void {
    for (const { attempt } of this.underWay()) attempt.pause();
  }

  resume(): void {
    for (const { attempt } of this.underWay()) attempt.resume();
  }

  /**
   * Cancels what is still under way, since `winner` has its response head. Whoever started earlier and has none yet is slower than that,
   * by an unknown amount: what it took so far is a sample for the hedging delay all the same. Without it each hedge would take the
   * slowest answer out of the sample, and the delay would creep towards zero.
   */
  decide(winner: Attempt, now: number): void {
    const { hedge, deadlineAt, typicalLatency } = this.rules;
    const latencyMs = now - winner.startedAt;
    hedge?.observe(latencyMs, now);
    if (deadlineAt < Infinity) typicalLatency.observe(latencyMs, now);
    for (const runner of this.underWay()) {
      const isLater = runner.attempt.startedAt <= winner.startedAt;
      if (runner.attempt.isTrial) this.leaveAlone(runner);
      else this.drop(runner, BEATEN, isLater ? 'late' : 'cancelled');
      if (isLater) hedge?.observe(now - runner.attempt.startedAt, now);
    }
    this.cancelHedge?.();
  }

  /**
   * The exchange is over: no timer runs on, and no attempt.
   * @param lateMs given if the time was up: who has been under way for so long counts as timed out, the others as late
   */
  stop(reason: Error = OVER, lateMs?: number): void {
    this.cancelDeadline?.();
    this.cancelHedge?.();
    const now = this.owner.clock.now();
    for (const runner of this.underWay()) {
      const isBlamed = lateMs !== undefined && now - runner.attempt.startedAt >= lateMs;
      this.drop(runner, reason, isBlamed ? 'timeout' : lateMs === undefined ? 'cancelled' : 'late');
    }
  }

  /** Another attempt may start beside those under way, as soon as the policy says that they are late. */
  private armHedge(now: number): void {
    this.cancelHedge?.();
    const { hedge, deadlineAt } = this.rules;
    if (hedge === undefined || this.hedges >= hedge.maxHedges) return;
    const delayMs = Math.max(0, hedge.delayMs(now));
    if (delayMs > MAX_TIMER_MS || now + delayMs >= deadlineAt) return;
    this.cancelHedge = this.owner.clock.schedule(delayMs, () => this.owner.onHedgeDue());
  }

  private drop(runner: Runner, reason: Error, ending: Outcome | 'late'): void {
    runner.isUnderWay = false;
    runner.cancelTimeout?.();
    runner.attempt.cancel(reason, ending);
    this.owner.onAttemptLost(runner.attempt);
  }

  /** Nobody waits for it any more but its endpoint. Its time-out stands. */
  private leaveAlone(runner: Runner): void {
    runner.isUnderWay = false;
    runner.attempt.detach(() => runner.cancelTimeout?.());
    this.owner.onAttemptLost(runner.attempt);
  }

  private underWay(): Runner[] {
    return this.runners.filter(({ isUnderWay }) => isUnderWay);
  }

  private runnerOf(attempt: Attempt): Runner | undefined {
    return this.runners.find((runner) => runner.attempt === attempt);
  }
}
