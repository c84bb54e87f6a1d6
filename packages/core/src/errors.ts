/**
 * The one error class of all `@evenkeel/*` packages and its closed set of codes. A new code is one row in `STATUS_OF`.
 */

/** The HTTP status that each error becomes where it ends an exchange. */
export const STATUS_OF = {
  /** An option has a wrong value, or is not known. */
  INVALID_OPTIONS: 500,
  /** No endpoint of the cluster may be picked. */
  NO_ENDPOINT: 503,
  /** Every endpoint is at its limit and the queue is full, or the wait in it was too long. */
  OVERLOADED: 503,
  /** The cluster is closed. */
  CLOSED: 503,
  /** No connection to the endpoint came about. Nothing was sent. */
  CONNECT_FAILED: 502,
  /** No connection to the endpoint within `connectTimeoutMs`. Nothing was sent. */
  CONNECT_TIMEOUT: 504,
  /** The endpoint sent no response head within `headTimeoutMs` or `attemptTimeoutMs`. */
  HEAD_TIMEOUT: 504,
  /** The endpoint sent no body byte for `bodyTimeoutMs`. */
  BODY_TIMEOUT: 504,
  /** The request was not over within its `deadlineMs`, all its attempts and waits included. */
  DEADLINE_EXCEEDED: 504,
  /** The endpoint ended the connection before the response was whole. */
  UPSTREAM_RESET: 502,
  /** The endpoint's response is not valid HTTP, or not one that may be passed on. */
  BAD_RESPONSE: 502,
  /** The caller gave up: its signal was aborted, or the downstream connection closed. */
  CANCELLED: 499,
  /** The request cannot be passed on: a malformed target, a body that contradicts its announced length. */
  BAD_REQUEST: 400,
  /** The request body was read before it reached the proxy, so that it cannot be passed on: a mistake in the application. */
  BODY_CONSUMED: 500,
  /** The request body is larger than the limit. */
  BODY_TOO_LARGE: 413,
  /** The request head is larger than the limit. */
  HEAD_TOO_LARGE: 431,
  /** The request has passed this proxy before. */
  LOOP_DETECTED: 508,
  /** The proxy does not do what the request asks for. */
  NOT_SUPPORTED: 501,
  /** A session field's name or value cannot be stored. */
  SESSION_FIELD: 500,
  /** The session was destroyed by another request while this one was running, and its changes were not stored. */
  SESSION_GONE: 409,
  /** Other requests changed the session field each time before this one could. */
  SESSION_CONFLICT: 409,
  /** The session store did not answer, or refused. */
  SESSION_STORE: 503,
  /** The session store holds something under the session's key that this library did not write. */
  SESSION_CORRUPT: 500,
} as const;

/** What went wrong, as one of a closed set. */
export type ErrorCode = keyof typeof STATUS_OF;

/** One try of a request that failed: where, and how. */
export interface FailedAttempt {
  readonly endpoint: string;
  readonly code: ErrorCode | undefined;
  readonly status: number | undefined;
}

/** What an error may carry beside its code and message. */
export interface BalancerErrorOptions {
  readonly cause?: unknown;
  readonly attempts?: readonly FailedAttempt[];
  /** Seconds after which it makes sense to come back; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

const BRAND = Symbol.for('evenkeel.BalancerError');

/** Every error that an `@evenkeel/*` package throws or rejects with. Tell kinds apart by `code`. */
export class BalancerError extends Error {
  override readonly name = 'BalancerError';
  readonly code: ErrorCode;
  /** The HTTP status this becomes. Express and Koa read it. */
  readonly status: number;
  /** The failed tries, oldest first; empty if there was none. */
  readonly attempts: readonly FailedAttempt[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: BalancerErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = STATUS_OF[code];
    this.attempts = options.attempts ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
Object.defineProperty(BalancerError.prototype, BRAND, { value: true });

/** True for a `BalancerError` of this or any other copy of the library. */
export function isBalancerError(value: unknown): value is BalancerError {
  return typeof value === 'object' && value !== null && BRAND in value;
}
