/** How one attempt ended, as the endpoint's judges see it. */
export type Outcome =
  | 'success'
  /** A response with status 500..599. */
  | 'server-error'
  /** A response with status 429. */
  | 'rate-limited'
  /** No response head in time. */
  | 'timeout'
  /** The connection ended before the response was whole, or the response was not valid. */
  | 'reset'
  /** No connection came about; nothing was sent. */
  | 'connect-error'
  /** The caller gave up. Never counts against an endpoint. */
  | 'cancelled';

/** The outcome that a response status means. */
export function outcomeOf(status: number): Outcome {
  if (status < 500) return status === 429 ? 'rate-limited' : 'success';
  return 'server-error';
}

/** True where the endpoint is to blame: a hard failure. A rate limit is the endpoint defending itself. */
export function isFailure(outcome: Outcome): boolean {
  return outcome !== 'success' && outcome !== 'rate-limited' && outcome !== 'cancelled';
}
