/**
 * Whether an exchange may have another try: what its policies say of the attempt that failed or is late, and what its budgets allow.
 */
import type { Readable } from 'node:stream';
import type { Endpoint } from '../endpoint.ts';
import type { ErrorCode, FailedAttempt } from '../errors.ts';
import type { FailedTry } from '../retry/retry-policy.ts';
import type { Attempt } from './attempt.ts';
import type { ExchangeHost } from './exchange-host.ts';
import type { ExchangeRequest } from './sink.ts';

/** True if the body, if any, is at hand as a whole. */
export function isReplayable(body: Buffer | Readable | null): boolean {
  return body === null || Buffer.isBuffer(body);
}

/** True if the policy would try again after this attempt. */
export function isRetryable(host: ExchangeHost, request: ExchangeRequest, attempt: Attempt): boolean {
  return host.retry.isRetryable(failedTryOf(request, attempt));
}

/** True if the policy would try again, somewhere else if that is needed, and the budget has paid for it. */
export function isAffordable(
  { retry, core, budget }: ExchangeHost,
  request: ExchangeRequest,
  attempt: Attempt,
  tried: readonly Endpoint[] | undefined,
  now: number,
): boolean {
  const failed = failedTryOf(request, attempt);
  if (!retry.isRetryable(failed)) return false;
  // An endpoint that answered would answer the same again.
  if (attempt.status !== 0 && !core.hasUntriedWithRoom(triedWith(tried, [attempt]))) return false;
  return !retry.isCharged(failed) || budget.tryWithdraw(now);
}

/** True if a second attempt may start beside a late one: there is somewhere to go, and both allowances have paid for it. */
export function mayHedge({ core, budget, policies }: ExchangeHost, tried: readonly Endpoint[], now: number): boolean {
  // Asked first, so that an allowance that has something left pays nothing for the other one that has not.
  if (!core.hasUntriedWithRoom(tried) || budget.balance(now) < 1) return false;
  return policies.hedge?.tryWithdraw(now) === true && budget.tryWithdraw(now);
}

/** Where the request was tried and where it is being tried, each endpoint once. */
export function triedWith(tried: readonly Endpoint[] | undefined, attempts: readonly Attempt[]): Endpoint[] {
  return [...new Set([...(tried ?? []), ...attempts.map(({ endpoint }) => endpoint)])];
}

function failedTryOf({ isIdempotent, body }: ExchangeRequest, { outcome, status, isSent }: Attempt): FailedTry {
  return { outcome, status, isSent, isIdempotent, isReplayable: isReplayable(body) };
}

/** An attempt as errors list it. */
export function failureOf({ endpoint, status }: Attempt, code: ErrorCode | undefined): FailedAttempt {
  return { endpoint: endpoint.id, code, status: status || undefined };
}
