/**
 * What an exchange's errors say to whoever reads the log.
 */
import { BalancerError } from '../errors.ts';
import type { ErrorCode, FailedAttempt } from '../errors.ts';
import type { Attempt } from './attempt.ts';
import type { Race } from './race.ts';
import { failureOf } from './tries.ts';

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

/** What an error needs to know of an exchange. */
export interface FailedExchange {
  readonly host: { readonly name: string };
  readonly request: { readonly method: string };
  /** Attempts that failed before. */
  readonly failures: readonly FailedAttempt[] | undefined;
  /** The attempt under way that failed now, or is given up. */
  readonly current: Attempt | undefined;
  readonly race: Race | undefined;
}

/** The error of an exchange that failed. */
export function exchangeError(
  code: ErrorCode,
  { host, request, failures, current, race }: FailedExchange,
  cause: unknown,
): BalancerError {
  const last = [...(current === undefined ? [] : [current]), ...(race?.attempts ?? [])];
  const attempts = [...(failures ?? []), ...last.map((attempt) => failureOf(attempt, code))];
  const message = messageOf(code, host.name, request.method, last.at(-1)?.endpoint.id);
  return new BalancerError(code, message, {
    ...(cause !== undefined && { cause }),
    attempts,
    ...((code === 'OVERLOADED' || code === 'NO_ENDPOINT') && { retryAfterSeconds: 1 }),
  });
}
