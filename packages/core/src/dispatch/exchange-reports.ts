/**
 * The channel messages of an exchange. Whoever calls these has asked whether somebody listens.
 */
import { attemptEnd, attemptStart, exchangeEnd } from '../channels.ts';
import type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage } from '../channels.ts';
import { ROUTE_OF_KEY } from '../cluster/candidates.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Attempt } from './attempt.ts';
import type { Race } from './race.ts';
import type { ExchangeRequest } from './sink.ts';

/** What a message needs to know of an exchange. */
interface Reporting {
  readonly request: ExchangeRequest;
  /** The number of the newest attempt. */
  readonly attempt: number;
  readonly now: number;
  readonly race: Race | undefined;
}

/** The same, and the time. */
interface EndingExchange extends Reporting {
  readonly host: { readonly name: string };
  readonly clock: Clock;
}

/** The same of one that is over. */
interface EndedExchange extends Pick<Reporting, 'request' | 'attempt'> {
  readonly host: { readonly name: string };
  /** Something went downstream: of the attempt `current`, or of the fallback. */
  readonly isCommitted: boolean;
  readonly current: Attempt | undefined;
}

/** The endpoint was picked at the exchange's `now`; it has been given the attempt since. */
export function publishAttemptStart(
  cluster: string,
  { request, attempt, now }: Reporting,
  endpoint: EndpointState,
  isHedge: boolean,
): void {
  const { method, path, preferred } = request;
  const message: AttemptStartMessage = {
    cluster,
    endpoint: endpoint.id,
    attempt,
    method,
    path,
    isHedge,
    isSticky: preferred !== undefined && (preferred === ROUTE_OF_KEY || endpoint.route === preferred),
    isTrial: endpoint.has('on-trial'),
    inflight: endpoint.inflight - 1,
    expectedMs: endpoint.latencyAt(now),
  };
  attemptStart.publish(message);
}

/** The same of its end, if anybody listens. */
export function publishAttemptEnd(
  { host, clock, request, attempt: newest, race }: EndingExchange,
  attempt: Attempt,
  code: ErrorCode | undefined,
  isRetried: boolean,
): void {
  if (!attemptEnd.hasSubscribers) return;
  const { endpoint, outcome, status, retryAfterMs } = attempt;
  const message: AttemptEndMessage = {
    cluster: host.name,
    endpoint: endpoint.id,
    attempt: race?.numberOf(attempt) ?? newest,
    method: request.method,
    path: request.path,
    isHedge: race?.isHedge(attempt) === true,
    outcome,
    status,
    retryAfterMs,
    code,
    durationMs: clock.now() - attempt.startedAt,
    isRetried,
  };
  attemptEnd.publish(message);
}

/** @param fallbackStatus what the cluster's fallback answered; 0 if it was not asked */
export function publishExchangeEnd(
  { host, request, current, isCommitted, attempt }: EndedExchange,
  code: ErrorCode | undefined,
  durationMs: number,
  fallbackStatus: number,
): void {
  const message: ExchangeEndMessage = {
    cluster: host.name,
    endpoint: isCommitted ? current?.endpoint.id : undefined,
    method: request.method,
    path: request.path,
    attempts: attempt + 1,
    status: isCommitted ? (current?.status ?? fallbackStatus) : 0,
    code,
    durationMs,
    isFallback: fallbackStatus !== 0,
  };
  exchangeEnd.publish(message);
}
