/**
 * Which failed attempts may be tried again. The safe cases of RFC 9110 section 9.2.2: nothing was sent, or the method is
 * idempotent and the body can be sent once more.
 */
import type { Random } from '../lib/random.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';

/** What a policy is told about an attempt that failed. */
export interface FailedTry {
  readonly outcome: Outcome;
  /** The response status, 0 if there was no response. */
  readonly status: number;
  /** False if not a byte of the request left. */
  readonly isSent: boolean;
  /** The method is idempotent, or the caller declared the request so. */
  readonly isIdempotent: boolean;
  /** The body, if any, is at hand as a whole. */
  readonly isReplayable: boolean;
}

/** Whether to try again, and when. */
export interface RetryPolicy {
  /** Tries per request in all, the first one included. */
  readonly maxAttempts: number;
  isRetryable(failed: FailedTry): boolean;
  /** True if a retry after this failure has to be paid for from the budget. */
  isCharged(failed: FailedTry): boolean;
  /** How long to wait in ms before the `attempt`-th retry if it has to go to an endpoint that was tried already. */
  delayMs(attempt: number, random: Random): number;
}

/** What is tried again, and how often. */
export interface RetryPolicyOptions {
  /** Tries per request in all, 1..10; 1 means no retries. @default 3 */
  readonly maxAttempts?: number;
  /**
   * Response statuses, 400..599, after which another endpoint is asked: those with which a server or a proxy before it says that it
   * cannot serve now. Not 500, which is a fault in the application and will be there on the next endpoint too. Not 429, since a limit
   * mostly holds for all endpoints; where each has its own, add it: what was turned away was not done, so it is tried again whatever the
   * method. @default [502, 503, 504]
   */
  readonly statuses?: readonly number[];
}

const schema = v.strictObject({
  maxAttempts: v.optional(integerIn(1, 10), 3),
  statuses: v.optional(v.array(integerIn(400, 599), 'an array of statuses'), [502, 503, 504]),
});

const FIRST_DELAY_MS = 25;
const MAX_DELAY_MS = 250;

/**
 * Tries again on another endpoint: whatever was never sent, and, paid for from the budget, what is idempotent and replayable and
 * ended in a time-out, a broken connection or one of `statuses`. Never what the caller cancelled.
 *
 * Delays are for an endpoint that has to be used again, since another one owes its failure nothing: full jitter over 25, 75, 175,
 * then 250 ms (Envoy's figures).
 * @throws INVALID_OPTIONS
 */
export function retryPolicy(options: RetryPolicyOptions = {}): RetryPolicy {
  const { maxAttempts, statuses } = resolveOptions('retryPolicy', schema, options);
  return {
    maxAttempts,
    isRetryable({ outcome, status, isSent, isIdempotent, isReplayable }) {
      if (outcome === 'cancelled') return false;
      if (!isSent) return true;
      const isSafe = isReplayable && (isIdempotent || outcome === 'rate-limited');
      return isSafe && (status === 0 ? outcome !== 'success' : statuses.includes(status));
    },
    isCharged: ({ isSent }) => isSent,
    delayMs: (attempt, random) => random.unit() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * (2 ** attempt - 1)),
  };
}
