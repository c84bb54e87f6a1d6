/**
 * One downstream request on its way through a cluster: pick, attempt, and again if that failed and another try is safe and paid
 * for. The only loop of the whole path; it is over once the first byte has gone downstream.
 */
import { attemptEnd, attemptStart, exchangeEnd } from '../channels.ts';
import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Endpoint, PickContext } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import type { ErrorCode, FailedAttempt } from '../errors.ts';
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { RetryBudget } from '../retry/retry-budget.ts';
import type { RetryPolicy } from '../retry/retry-policy.ts';
import type { RawHeaders, Transport } from '../transport/transport.ts';
import { Attempt } from './attempt.ts';
import type { AttemptOwner } from './attempt.ts';
import { messageOf } from './messages.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';
import type { WaitQueue, Waiter } from './wait-queue.ts';

/** What all exchanges of a cluster share. */
export interface ExchangeHost {
  readonly name: string;
  readonly core: ClusterCore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: RetryPolicy;
  readonly budget: RetryBudget;
  readonly queue: WaitQueue;
  readonly isClosed: boolean;
  /** The deadline of closing has passed: what fails now is not tried again. */
  readonly isCut: boolean;
}

export class ClusterExchange implements Exchange, PickContext, AttemptOwner, Waiter {
  readonly core: ClusterCore;
  readonly clock: Clock;
  readonly request: ExchangeRequest;
  readonly key: number;
  readonly preferred: string | undefined;
  readonly isStrict: boolean;
  now: number;
  attempt = 0;
  tried: Endpoint[] | undefined = undefined;
  isPaused = false;
  isDetour = false;
  private readonly host: ExchangeHost;
  private readonly sink: ResponseSink;
  private readonly startedAt: number;
  private current: Attempt | undefined = undefined;
  private failures: FailedAttempt[] | undefined = undefined;
  private cancelDelay: Cancel | undefined = undefined;
  private isCommitted = false;
  private isOver = false;

  constructor(host: ExchangeHost, request: ExchangeRequest, sink: ResponseSink) {
    this.host = host;
    this.core = host.core;
    this.clock = host.clock;
    this.request = request;
    this.sink = sink;
    this.key = request.key;
    this.preferred = request.preferred;
    this.isStrict = request.isStrict === true;
    this.startedAt = this.now = host.clock.now();
  }

  start(): void {
    if (this.host.isClosed) return this.fail('CLOSED');
    this.host.budget.deposit(this.now);
    this.next();
  }

  pause(): void {
    this.isPaused = true;
    this.current?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.current?.resume();
  }

  abort(reason?: unknown): void {
    if (this.isOver) return;
    this.host.queue.remove(this);
    this.cancelDelay?.();
    const error = this.errorOf('CANCELLED', reason);
    this.current?.cancel(error);
    this.finish('CANCELLED');
    this.sink.onError(error);
  }

  admit(): boolean {
    this.now = this.clock.now();
    const endpoint = this.core.pick(this);
    if (endpoint === undefined && this.core.isSaturated) return false;
    this.host.queue.remove(this);
    if (endpoint === undefined) this.fail('NO_ENDPOINT');
    else this.attemptOn(endpoint);
    return endpoint !== undefined;
  }

  refuse(): void {
    this.fail(this.host.isClosed ? 'CLOSED' : 'OVERLOADED');
  }

  onRoom(): void {
    this.host.queue.admitOne();
  }

  onAttemptHead(attempt: Attempt, status: number, statusText: string, headers: RawHeaders): boolean {
    const isRetried = status >= 400 && this.mayRetry(attempt);
    this.publishAttempt(attempt, undefined, isRetried);
    if (isRetried) {
      this.retry(attempt, undefined);
      return false;
    }
    this.isCommitted = true;
    this.sink.onHead(status, statusText, headers, attempt.endpoint);
    return true;
  }

  onAttemptData(chunk: Buffer): boolean {
    return this.sink.onData(chunk);
  }

  onAttemptEnd(): void {
    this.finish(undefined);
    this.sink.onEnd();
  }

  onAttemptError(attempt: Attempt, code: ErrorCode, error: Error): void {
    if (this.isCommitted) return this.fail(code, error);
    const isRetried = code !== 'CANCELLED' && this.mayRetry(attempt);
    this.publishAttempt(attempt, code, isRetried);
    if (isRetried) this.retry(attempt, code);
    else this.fail(code, error);
  }

  private next(): void {
    this.now = this.clock.now();
    const endpoint = this.core.pick(this);
    if (endpoint === undefined) this.wait();
    else this.attemptOn(endpoint);
  }

  private attemptOn(endpoint: EndpointState): void {
    if (this.request.isSticky === true) endpoint.hasSessions = true;
    if (this.preferred !== undefined) this.isDetour = this.isDetourTo(endpoint);
    this.current = new Attempt(this, endpoint, this.now);
    if (attemptStart.hasSubscribers) attemptStart.publish(this.attemptMessage(endpoint));
    this.host.transport.send(endpoint, this.request, this.current);
  }

  /** An endpoint that is full or that declined with a status is alive, and what sticks to it is still there. */
  private isDetourTo(endpoint: EndpointState): boolean {
    const owner = this.core.endpointOfRoute(this.preferred!);
    if (owner === undefined || owner === endpoint || !this.core.servesSticky(owner)) return false;
    const failure = this.failures?.find((failed) => failed.endpoint === owner.id);
    return failure === undefined || failure.status !== undefined;
  }

  /** Nothing to be picked: worth waiting for if an endpoint is merely full. */
  private wait(): void {
    if (!this.core.isSaturated) this.fail('NO_ENDPOINT');
    else if (!this.host.queue.add(this)) this.fail('OVERLOADED');
  }

  private mayRetry(attempt: Attempt): boolean {
    const { retry, budget } = this.host;
    if (this.attempt + 1 >= retry.maxAttempts || this.host.isCut) return false;
    const { body, isIdempotent } = this.request;
    const failed = {
      outcome: attempt.outcome,
      status: attempt.status,
      isSent: attempt.isSent,
      isIdempotent,
      isReplayable: body === null || Buffer.isBuffer(body),
    };
    if (!retry.isRetryable(failed)) return false;
    // An endpoint that answered would answer the same again.
    if (attempt.status !== 0 && !this.core.hasUntriedWithRoom(this.triedWith(attempt))) return false;
    return !retry.isCharged(failed) || budget.tryWithdraw(this.clock.now());
  }

  private triedWith(attempt: Attempt): Endpoint[] {
    return [...(this.tried ?? []), attempt.endpoint];
  }

  private retry(attempt: Attempt, code: ErrorCode | undefined): void {
    const { id } = attempt.endpoint;
    (this.failures ??= []).push({ endpoint: id, code, status: attempt.status || undefined });
    this.attempt++;
    this.current = undefined;
    if (this.core.hasUntried(this.triedWith(attempt))) {
      (this.tried ??= []).push(attempt.endpoint);
      this.next();
      return;
    }
    // All were tried: the same ones once more, after a pause.
    this.tried = undefined;
    const delayMs = this.host.retry.delayMs(this.attempt, this.host.random);
    this.cancelDelay = this.clock.schedule(delayMs, () => (this.host.isClosed ? this.fail('CLOSED') : this.next()));
  }

  private fail(code: ErrorCode, cause?: unknown): void {
    if (this.isOver) return;
    const error = this.errorOf(code, cause);
    this.finish(code);
    this.sink.onError(error);
  }

  private errorOf(code: ErrorCode, cause: unknown): BalancerError {
    const { host, current, failures, request } = this;
    const attempts = current === undefined ? failures : [...(failures ?? []), failureOf(current, code)];
    return new BalancerError(code, messageOf(code, host.name, request.method, current?.endpoint.id), {
      ...(cause !== undefined && { cause }),
      ...(attempts !== undefined && { attempts }),
      ...((code === 'OVERLOADED' || code === 'NO_ENDPOINT') && { retryAfterSeconds: 1 }),
    });
  }

  private finish(code: ErrorCode | undefined): void {
    this.isOver = true;
    if (!exchangeEnd.hasSubscribers) return;
    const { method, path } = this.request;
    const { current, isCommitted } = this;
    exchangeEnd.publish({
      cluster: this.host.name,
      endpoint: isCommitted ? current?.endpoint.id : undefined,
      method,
      path,
      attempts: this.attempt + 1,
      status: isCommitted ? current?.status : 0,
      code,
      durationMs: this.clock.now() - this.startedAt,
    });
  }

  private publishAttempt(attempt: Attempt, code: ErrorCode | undefined, isRetried: boolean): void {
    if (!attemptEnd.hasSubscribers) return;
    const durationMs = this.clock.now() - attempt.startedAt;
    const { outcome, status } = attempt;
    attemptEnd.publish({ ...this.attemptMessage(attempt.endpoint), outcome, status, code, durationMs, isRetried });
  }

  private attemptMessage(endpoint: Endpoint) {
    const { method, path } = this.request;
    return { cluster: this.host.name, endpoint: endpoint.id, attempt: this.attempt, method, path };
  }
}

function failureOf(attempt: Attempt, code: ErrorCode): FailedAttempt {
  return { endpoint: attempt.endpoint.id, code, status: attempt.status || undefined };
}
