/**
 * Ejects an endpoint after a number of failures in a row.
 *
 * A good head whose body is then cut short was no success: it takes back that its head ended the run. With several requests at a time
 * it may take back another one's, so that an endpoint that cuts some bodies is found a little sooner than its share of them says.
 *
 * `rate-limited` neither counts nor ends a run: an endpoint that defends itself is neither broken nor proven well. How long an ejection
 * lasts and how an endpoint comes back is the same for all policies: see `ejection-backoff.ts`.
 *
 * When: always; it needs no minimum traffic, and finds a dead endpoint after `threshold` requests. When not alone: an endpoint that fails
 * every second request is never caught by it; `successRate()` catches that.
 * @see Envoy's outlier detection (consecutive 5xx)
 */
import { integerIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isFailure } from '../outcome.ts';
import { BackoffTracker, resolveEjection } from './ejection-backoff.ts';
import type { Detection, EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';

/** When to eject, and for how long. */
export interface ConsecutiveFailuresOptions extends EjectionTimes {
  /** Failures in a row that eject, 1..1000. @default 5 */
  readonly threshold?: number;
}

const entries = { threshold: v.optional(integerIn(1, 1000), 5) };

/** Ejects after failures in a row. O(1) per attempt. @throws INVALID_OPTIONS */
export function consecutiveFailures(options: ConsecutiveFailuresOptions = {}): EjectionPolicy {
  const resolved = resolveEjection('consecutiveFailures', entries, options);
  return {
    name: 'consecutive-failures',
    start: (random) => ({ track: () => new BackoffTracker(resolved, random, new FailureRun(resolved.threshold)) }),
  };
}

class FailureRun implements Detection {
  readonly #threshold: number;
  #length = 0;
  /** How long the run was that the last success ended. */
  #lengthBefore = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  get isAtRest(): boolean {
    return this.#length === 0 && this.#lengthBefore === 0;
  }

  isUnfit(outcome: Outcome, _now: number, latencyMs: number): boolean {
    if (outcome === 'success') {
      this.#lengthBefore = this.#length;
      this.#length = 0;
    } else if (isFailure(outcome)) {
      if (latencyMs < 0 && this.#length === 0) this.#length = this.#lengthBefore;
      return ++this.#length >= this.#threshold;
    }
    return false;
  }

  forget(): void {
    this.#length = this.#lengthBefore = 0;
  }
}
