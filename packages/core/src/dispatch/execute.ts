/**
 * `cluster.execute()`: picks, books and retries around a call of any protocol.
 */
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { Endpoint, PickContext } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import { hash32 } from '../lib/hash.ts';
import type { Outcome } from '../outcome.ts';
import type { ExecuteOptions } from './call.ts';
import type { ExchangeHost } from './cluster-exchange.ts';
import { messageOf } from './messages.ts';

type Call<T> = (endpoint: Endpoint, signal: AbortSignal) => Promise<T>;

/** @throws NO_ENDPOINT, CLOSED, the reason of the signal, or what the last call rejected with */
export async function executeThrough<T>(host: ExchangeHost, call: Call<T>, options: ExecuteOptions = {}): Promise<T> {
  const tried: Endpoint[] = [];
  const key = options.key === undefined ? 0 : hash32(options.key);
  const signal = options.signal ?? new AbortController().signal;
  if (host.isClosed) throw new BalancerError('CLOSED', messageOf('CLOSED', host.name, 'execute', undefined));
  host.budget.deposit(host.clock.now());
  let lastError: unknown;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const context: PickContext = { now: host.clock.now(), key, attempt, preferred: undefined, tried };
    const endpoint = host.core.pick(context);
    if (endpoint === undefined) {
      throw lastError ?? new BalancerError('NO_ENDPOINT', messageOf('NO_ENDPOINT', host.name, 'execute', undefined));
    }
    const result = await tryOnce(host, endpoint, call, signal, options);
    if (result.isDone) return result.value;
    lastError = result.error;
    tried.push(endpoint);
    if (!mayRetry(host, result.outcome, attempt, tried, options)) throw result.error;
  }
}

type Result<T> = { isDone: true; value: T } | { isDone: false; error: unknown; outcome: Outcome };

async function tryOnce<T>(
  host: ExchangeHost,
  endpoint: EndpointState,
  call: Call<T>,
  signal: AbortSignal,
  options: ExecuteOptions,
): Promise<Result<T>> {
  const startedAt = host.clock.now();
  host.core.begin(endpoint, startedAt);
  let outcome: Outcome = 'success';
  try {
    return { isDone: true, value: await call(endpoint, signal) };
  } catch (error) {
    outcome = signal.aborted ? 'cancelled' : (options.classify?.(error) ?? 'server-error');
    return { isDone: false, error, outcome };
  } finally {
    host.core.report(endpoint, outcome, startedAt, host.clock.now());
    host.core.end(endpoint);
    host.queue.admitOne();
  }
}

function mayRetry(
  host: ExchangeHost,
  outcome: Outcome,
  attempt: number,
  tried: readonly Endpoint[],
  options: ExecuteOptions,
): boolean {
  const { retry, budget, core, clock } = host;
  if (attempt + 1 >= retry.maxAttempts || !core.hasUntried(tried)) return false;
  const isSent = outcome !== 'connect-error';
  const failed = { outcome, status: 0, isSent, isIdempotent: options.isIdempotent ?? false, isReplayable: true };
  return retry.isRetryable(failed) && (!retry.isCharged(failed) || budget.tryWithdraw(clock.now()));
}
