/**
 * The channel messages of an exchange. Whoever calls these has asked whether somebody listens.
 */
import { attemptEnd, attemptStart, exchangeEnd } from '../channels.ts';
import type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage } from '../channels.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
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
    isSticky: preferred !== undefined && endpoint.route === preferred,
    isTrial: endpoint.has('on-trial'),
    inflight: endpoint.inflight - 1,
    expectedMs: endpoint.latencyAt(now),
  };
  attemptStart.publish(message);
}

export function publishAttemptEnd(
  cluster: string,
  { request: { method, path }, attempt: newest, race }: Reporting,
  attempt: Attempt,
  end: Pick<AttemptEndMessage, 'code' | 'durationMs' | 'isRetried'>,
): void {
  const { endpoint, outcome, status, retryAfterMs } = attempt;
  const message: AttemptEndMessage = {
    cluster,
    endpoint: endpoint.id,
    attempt: race?.numberOf(attempt) ?? newest,
    method,
    path,
    isHedge: race?.isHedge(attempt) === true,
    outcome,
    status,
    retryAfterMs,
    ...end,
  };
  attemptEnd.publish(message);
}

export function publishExchangeEnd(
  cluster: string,
  { method, path }: ExchangeRequest,
  { endpoint, attempts, status, code, durationMs, isFallback }: Omit<ExchangeEndMessage, 'cluster' | 'method' | 'path'>,
): void {
  const message: ExchangeEndMessage = {
    cluster,
    endpoint,
    method,
    path,
    attempts,
    status,
    code,
    durationMs,
    isFallback,
  };
  exchangeEnd.publish(message);
}
