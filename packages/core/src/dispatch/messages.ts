/**
 * What an exchange's errors say to whoever reads the log.
 */
import { BalancerError } from '../errors.ts';
import type { ErrorCode, FailedAttempt } from '../errors.ts';

const SAYS: Partial<Record<ErrorCode, string>> = {
  NO_ENDPOINT: 'no endpoint may be picked',
  OVERLOADED: 'every endpoint is at its limit (maxInflight) and so is the queue (maxQueued, queueTimeoutMs)',
  CLOSED: 'the cluster is closed',
  CONNECT_FAILED: 'no connection came about',
  CONNECT_TIMEOUT: 'no connection within connectTimeoutMs',
  HEAD_TIMEOUT: 'no response head within headTimeoutMs or attemptTimeoutMs',
  BODY_TIMEOUT: 'no body byte for bodyTimeoutMs',
  DEADLINE_EXCEEDED: 'it was not over within deadlineMs',
  UPSTREAM_RESET: 'the connection ended before the response was whole',
  BAD_RESPONSE: 'the response is not one that may be passed on',
  BAD_REQUEST: 'the request cannot be written',
  CANCELLED: 'the caller gave up',
};

/** @param endpoint the id of the last one tried */
export function messageOf(code: ErrorCode, cluster: string, method: string, endpoint: string | undefined): string {
  return `${cluster}: ${method} failed${endpoint === undefined ? '' : ` on ${endpoint}`}: ${SAYS[code] ?? code}`;
}

/** The error of a request that its caller gave up before it began. */
export function cancelled(cluster: string, method: string, reason: unknown): BalancerError {
  return new BalancerError('CANCELLED', messageOf('CANCELLED', cluster, method, undefined), { cause: reason });
}

/** The error of an exchange that failed. */
export function exchangeError(
  code: ErrorCode,
  message: string,
  attempts: readonly FailedAttempt[],
  cause: unknown,
): BalancerError {
  return new BalancerError(code, message, {
    ...(cause !== undefined && { cause }),
    attempts,
    ...((code === 'OVERLOADED' || code === 'NO_ENDPOINT') && { retryAfterSeconds: 1 }),
  });
}
