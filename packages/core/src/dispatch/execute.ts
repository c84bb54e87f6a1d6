/**
 * `cluster.execute()`: picks, books, waits and retries around a call of any protocol.
 */
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Endpoint, PickContext } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { keyOf } from '../lib/hash.ts';
import type { Outcome } from '../outcome.ts';
import type { ExecuteOptions } from './call.ts';
import type { ExchangeHost } from './exchange-host.ts';
import { MAX_TIMER_MS } from './deadline.ts';
import { messageOf } from './messages.ts';
import type { Priority, Waiter } from './wait-queue.ts';

type Call<T> = (endpoint: Endpoint, signal: AbortSignal) => Promise<T>;

/** An endpoint with one more in flight, since when. */
interface Booking {
  readonly endpoint: EndpointState;
  readonly startedAt: number;
}

/** @throws NO_ENDPOINT, OVERLOADED, CLOSED, DEADLINE_EXCEEDED, the reason of the signal, or what the last call rejected with */
export async function executeThrough<T>(
  host: ExchangeHost,
  call: Call<T>,
  options: ExecuteOptions<T> = {},
): Promise<T> {
  const { deadlineMs = Infinity, fallback } = options;
  const given = options.signal ?? new AbortController().signal;
  let cancelDeadline = (): void => undefined;
  try {
    if (!(deadlineMs <= MAX_TIMER_MS)) return await tryAll(host, call, options, given);
    const deadline = new AbortController();
    const abort = (): void => deadline.abort(errorOf(host, 'DEADLINE_EXCEEDED'));
    if (deadlineMs > 0) cancelDeadline = host.clock.schedule(deadlineMs, abort);
    else abort();
    return await tryAll(host, call, options, AbortSignal.any([given, deadline.signal]));
  } catch (error) {
    if (fallback === undefined || given.aborted) throw error;
    return await fallback(error);
  } finally {
    cancelDeadline();
  }
}

async function tryAll<T>(
  host: ExchangeHost,
  call: Call<T>,
  options: ExecuteOptions<T>,
  signal: AbortSignal,
): Promise<T> {
  const tried: Endpoint[] = [];
  const key = keyOf(options.key);
  if (host.isClosed) throw errorOf(host, 'CLOSED');
  host.budget.deposit(host.clock.now());
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const isRetryable = options.isIdempotent === true && attempt + 1 < host.retry.maxAttempts;
    const context = { key, attempt, preferred: undefined, tried, isRetryable };
    const booking = book(host, context) ?? (await waitAndBook(host, context, signal, options.priority));
    const result = await tryOnce(host, booking, call, signal, options);
    if (result.isDone) return result.value;
    tried.push(booking.endpoint);
    if (!mayRetry(host, result.outcome, attempt, tried, options)) throw result.error;
  }
}

/** Picks an endpoint that has room now. */
function book(host: ExchangeHost, context: Omit<PickContext, 'now'>): Booking | undefined {
  const now = host.clock.now();
  const endpoint = host.core.pick({ ...context, now });
  if (endpoint === undefined) return undefined;
  host.core.begin(endpoint, now);
  host.stalls.begin(now);
  return { endpoint, startedAt: now };
}

/** Waits with the others where every endpoint is at its limit. */
function waitAndBook(
  host: ExchangeHost,
  context: Omit<PickContext, 'now'>,
  signal: AbortSignal,
  priority: Priority | undefined,
): Promise<Booking> {
  const { core, queue } = host;
  if (!core.isSaturated) return Promise.reject(errorOf(host, 'NO_ENDPOINT'));
  return new Promise((resolve, reject) => {
    function leave(): void {
      queue.remove(waiter);
      signal.removeEventListener('abort', onAbort);
    }
    function onAbort(): void {
      leave();
      reject(signal.reason as Error);
    }
    const waiter: Waiter = {
      admit() {
        const booking = book(host, context);
        if (booking === undefined) return false;
        leave();
        resolve(booking);
        return true;
      },
      refuse() {
        leave();
        reject(errorOf(host, host.refusal));
      },
    };
    if (queue.add(waiter, priority)) signal.addEventListener('abort', onAbort, { once: true });
    else waiter.refuse();
  });
}

function errorOf(host: ExchangeHost, code: ErrorCode): BalancerError {
  return new BalancerError(code, messageOf(code, host.name, 'execute', undefined));
}

type Result<T> = { isDone: true; value: T } | { isDone: false; error: unknown; outcome: Outcome };

async function tryOnce<T>(
  host: ExchangeHost,
  { endpoint, startedAt }: Booking,
  call: Call<T>,
  signal: AbortSignal,
  options: Pick<ExecuteOptions, 'classify'>,
): Promise<Result<T>> {
  let outcome: Outcome = 'success';
  try {
    // It may have been aborted between its turn in the queue and now.
    signal.throwIfAborted();
    return { isDone: true, value: await call(endpoint, signal) };
  } catch (error) {
    // Before anybody is asked, who may throw.
    outcome = signal.aborted ? 'cancelled' : 'server-error';
    if (!signal.aborted) outcome = options.classify?.(error) ?? outcome;
    return { isDone: false, error, outcome };
  } finally {
    const now = host.clock.now();
    host.core.report(endpoint, outcome, startedAt, now, host.stalls.stallBetween(startedAt, now));
    host.stalls.end(now);
    host.core.end(endpoint);
    host.queue.admitOne();
  }
}

function mayRetry(
  host: ExchangeHost,
  outcome: Outcome,
  attempt: number,
  tried: readonly Endpoint[],
  options: Pick<ExecuteOptions, 'isIdempotent'>,
): boolean {
  const { retry, budget, core, clock } = host;
  if (attempt + 1 >= retry.maxAttempts || !core.hasUntriedWithRoom(tried)) return false;
  const isSent = outcome !== 'connect-error';
  const failed = { outcome, status: 0, isSent, isIdempotent: options.isIdempotent ?? false, isReplayable: true };
  return retry.isRetryable(failed) && (!retry.isCharged(failed) || budget.tryWithdraw(clock.now()));
}
