/**
 * One downstream request on its way through a cluster: pick, attempt, and again if that failed and another try is safe and paid
 * for. The only loop of the whole path; it is over once the first byte has gone downstream.
 */
import type { Duplex } from 'node:stream';
import { attemptStart, exchangeEnd } from '../channels.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Endpoint, PickContext } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import type { ErrorCode, FailedAttempt } from '../errors.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { RawHeaders } from '../transport/transport.ts';
import { Attempt } from './attempt.ts';
import type { AttemptOwner } from './attempt.ts';
import { isDetour } from './detour.ts';
import type { ExchangeHost } from './exchange-host.ts';
import { publishAttemptEnd, publishAttemptStart, publishExchangeEnd } from './exchange-reports.ts';
import { answerInstead, sendAnswer } from './fallback.ts';
import { exchangeError } from './messages.ts';
import type { FailedExchange } from './messages.ts';
import { isTimed, raceOf } from './race.ts';
import type { Race, RaceOwner } from './race.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';
import { failureOf, isAffordable, isReplayable, isRetryable, mayHedge, triedWith } from './tries.ts';
import type { Waiter } from './wait-queue.ts';

export class ClusterExchange implements Exchange, PickContext, AttemptOwner, RaceOwner, FailedExchange, Waiter {
  readonly clock: Clock;
  readonly request: ExchangeRequest;
  readonly key: number;
  readonly preferred: string | undefined;
  readonly maxLoadRatio: number | undefined;
  readonly isStrict: boolean;
  now: number;
  attempt = 0;
  tried: Endpoint[] | undefined = undefined;
  isRetryable: boolean;
  isPaused = false;
  isDetour = false;
  isOver = false;
  readonly host: ExchangeHost;
  readonly sink: ResponseSink;
  private readonly startedAt: number;
  /** Idempotent, and its body is at hand. */
  private readonly isRepeatable: boolean;
  /** The one attempt under way. In a race it is unset until one has won, or the last one has failed. */
  current: Attempt | undefined = undefined;
  race: Race | undefined = undefined;
  failures: FailedAttempt[] | undefined = undefined;
  private cancelDelay: Cancel | undefined = undefined;
  isCommitted = false;
  private isUpgraded = false;

  constructor(host: ExchangeHost, request: ExchangeRequest, sink: ResponseSink) {
    this.host = host;
    this.clock = host.clock;
    this.request = request;
    this.sink = sink;
    this.key = request.key;
    this.preferred = request.preferred;
    this.maxLoadRatio = request.maxLoadRatio;
    this.isStrict = request.isStrict === true;
    this.isRepeatable = request.isIdempotent && isReplayable(request.body);
    this.isRetryable = this.isRepeatable && host.retry.maxAttempts > 1;
    this.startedAt = this.now = host.clock.now();
  }

  start(): void {
    const { host, request } = this;
    if (host.isClosed) return this.fail('CLOSED');
    host.budget.deposit(this.now);
    if (isTimed(host.policies, request)) this.race = raceOf(this, host, this.isRetryable);
    if (this.race !== undefined && !this.race.isOn(this.now)) this.fail('DEADLINE_EXCEEDED');
    else this.next();
  }

  pause(): void {
    this.isPaused = true;
    this.race?.pause();
    this.current?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.race?.resume();
    this.current?.resume();
  }

  abort(reason?: unknown): void {
    if (this.isOver) return;
    const error = exchangeError('CANCELLED', this, reason);
    this.isOver = true;
    this.cut(error);
    this.finish('CANCELLED');
    if (!this.isUpgraded) this.sink.onError(error);
  }

  admit(): boolean {
    this.now = this.clock.now();
    if (this.race !== undefined && !this.race.hasTime(this.now)) {
      this.host.queue.remove(this);
      this.fail('DEADLINE_EXCEEDED');
      return false;
    }
    const endpoint = this.host.core.pick(this);
    if (endpoint === undefined && this.host.core.isSaturated) return false;
    this.host.queue.remove(this);
    if (endpoint === undefined) this.fail('NO_ENDPOINT');
    else this.attemptOn(endpoint, false);
    return endpoint !== undefined;
  }

  refuse(): void {
    this.fail(this.host.refusal);
  }

  onRoom(): void {
    this.host.queue.admitOne();
  }

  onAttemptHead(attempt: Attempt, status: number, statusText: string, headers: RawHeaders): boolean {
    const hasOthers = this.race?.leave(attempt) === true;
    const isRetried =
      status >= 400 && (hasOthers ? isRetryable(this.host, this.request, attempt) : this.mayRetry(attempt));
    publishAttemptEnd(this, attempt, undefined, isRetried);
    if (isRetried) {
      this.goOn(attempt, undefined, hasOthers);
      return false;
    }
    this.isCommitted = true;
    if (this.race !== undefined) this.current = attempt;
    this.sink.onHead(status, statusText, headers, attempt.endpoint);
    if (this.race !== undefined && !this.isOver) this.race.decide(attempt, this.clock.now());
    return true;
  }

  onAttemptData(chunk: Buffer): boolean {
    return this.sink.onData(chunk);
  }

  onAttemptInterim(status: number, headers: RawHeaders): void {
    this.sink.onInterim?.(status, headers);
  }

  onAttemptEnd(_attempt: Attempt, trailers: RawHeaders): void {
    this.finish(undefined);
    if (!this.isUpgraded) this.sink.onEnd(trailers);
  }

  onAttemptUpgrade(attempt: Attempt, headers: RawHeaders, socket: Duplex): void {
    const { sink, race } = this;
    this.isCommitted = this.isUpgraded = true;
    this.current = attempt;
    race?.leave(attempt);
    // The deadline was for getting here.
    race?.stop();
    publishAttemptEnd(this, attempt, undefined, false);
    if (sink.onUpgrade === undefined) this.abort(new Error('nobody has asked for another protocol'));
    else sink.onUpgrade(headers, socket, attempt.endpoint);
  }

  onAttemptCut(attempt: Attempt): void {
    if (this.sink.onCut === undefined) attempt.cancel(new Error('the endpoint has to go'));
    else this.sink.onCut();
  }

  onAttemptError(attempt: Attempt, code: ErrorCode, error: Error): void {
    if (this.isCommitted) return this.fail(code, error);
    const hasOthers = this.race?.leave(attempt) === true;
    const isRetried = attempt.outcome !== 'cancelled' && (hasOthers || this.mayRetry(attempt));
    publishAttemptEnd(this, attempt, code, isRetried);
    if (isRetried) return this.goOn(attempt, code, hasOthers);
    this.current = attempt;
    this.fail(code, error);
  }

  onAttemptLost(attempt: Attempt): void {
    publishAttemptEnd(this, attempt, attempt.outcome === 'timeout' ? 'DEADLINE_EXCEEDED' : 'CANCELLED', false);
  }

  onDeadline(): void {
    // Whose attempt had half of what the operator allows for all of them is to blame; a caller may be in any hurry.
    const error = exchangeError('DEADLINE_EXCEEDED', this, undefined);
    this.cut(error, (this.host.policies.deadlineMs ?? Infinity) / 2);
    this.end(error);
  }

  onHedgeDue(): void {
    const { host, race } = this;
    const now = this.clock.now();
    if (race === undefined || host.isClosed || !race.hasTime(now) || !this.hasTriesLeft()) return;
    const tried = triedWith(this.tried, race.attempts);
    if (!mayHedge(host, tried, now)) return;
    this.tried = tried;
    this.attempt++;
    // A second attempt is for being quick, not for finding out whether an endpoint is well again.
    this.isRetryable = false;
    this.now = now;
    const endpoint = this.host.core.pick(this);
    if (endpoint === undefined) this.attempt--;
    else this.attemptOn(endpoint, true);
  }

  private next(): void {
    this.now = this.clock.now();
    const endpoint = this.host.core.pick(this);
    if (endpoint !== undefined) this.attemptOn(endpoint, false);
    // Worth waiting for if an endpoint is merely full.
    else if (!this.host.core.isSaturated) this.fail('NO_ENDPOINT');
    else if (!this.host.queue.add(this, this.request.priority)) this.fail('OVERLOADED');
  }

  private attemptOn(endpoint: EndpointState, isHedge: boolean): void {
    const { host, race, request, now } = this;
    if (request.isSticky === true) endpoint.hasSessions = true;
    if (this.preferred !== undefined) this.isDetour = isDetour(this.host.core, this.preferred, endpoint, this.failures);
    const attempt = new Attempt(this, endpoint, now);
    if (race === undefined) this.current = attempt;
    else race.enter(attempt, this.attempt, isHedge);
    if (attemptStart.hasSubscribers) publishAttemptStart(host.name, this, endpoint, isHedge);
    host.transport.send(endpoint, race === undefined ? request : race.requestAt(request, now), attempt);
  }

  private hasTriesLeft(): boolean {
    return this.attempt + 1 < this.host.retry.maxAttempts && !this.host.isCut;
  }

  private mayRetry(attempt: Attempt): boolean {
    const now = this.clock.now();
    if (!this.hasTriesLeft() || this.race?.hasTime(now) === false) return false;
    return isAffordable(this.host, this.request, attempt, this.tried, now);
  }

  /** Tries again, unless others are under way: then it is up to them. */
  private goOn(attempt: Attempt, code: ErrorCode | undefined, hasOthers: boolean): void {
    (this.failures ??= []).push(failureOf(attempt, code));
    const tried = (this.tried = triedWith(this.tried, [attempt]));
    if (hasOthers) return;
    this.attempt++;
    this.isRetryable = this.isRepeatable && this.hasTriesLeft();
    this.current = undefined;
    if (this.host.core.hasUntried(tried)) {
      this.next();
      return;
    }
    // All were tried: the same ones once more, after a pause.
    this.tried = undefined;
    const delayMs = this.host.retry.delayMs(this.attempt, this.host.random);
    this.cancelDelay = this.clock.schedule(delayMs, () => this.nextAfterDelay());
  }

  private nextAfterDelay(): void {
    if (this.host.isClosed) this.fail('CLOSED');
    else if (this.race?.hasTime(this.clock.now()) === false) this.fail('DEADLINE_EXCEEDED');
    else this.next();
  }

  private fail(code: ErrorCode, cause?: unknown): void {
    if (!this.isOver) this.end(exchangeError(code, this, cause));
  }

  /** Ends the exchange with an error, or with what the cluster's fallback makes of it. */
  private end(error: BalancerError): void {
    if (this.isOver) return;
    const { fallback } = this.host.policies;
    const isFinal = fallback === undefined || this.isCommitted || error.code === 'CANCELLED';
    const answer = isFinal ? error : answerInstead(fallback, error, this.request);
    // The user's function may have given up the very request.
    if (this.isOver) return;
    if (answer instanceof BalancerError) {
      this.finish(answer.code);
      this.sink.onError(answer);
      return;
    }
    this.isCommitted = true;
    this.current = undefined;
    if (!sendAnswer(answer, this.sink, this)) return;
    this.finish(error.code, answer.status);
    this.sink.onEnd([]);
  }

  /** Cancels whatever is under way or waits. @param lateMs an attempt that has waited so long for a head counts as timed out */
  private cut(error: BalancerError, lateMs?: number): void {
    const { current, race } = this;
    this.host.queue.remove(this);
    this.cancelDelay?.();
    race?.stop(error, lateMs);
    if (current === undefined) return;
    current.cancel(error);
    if (!this.isCommitted) publishAttemptEnd(this, current, 'CANCELLED', false);
  }

  private finish(code: ErrorCode | undefined, fallbackStatus = 0): void {
    this.isOver = true;
    this.race?.stop();
    if (exchangeEnd.hasSubscribers) publishExchangeEnd(this, code, this.clock.now() - this.startedAt, fallbackStatus);
  }
}
