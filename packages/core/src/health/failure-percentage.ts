/**
 * Ejects an endpoint that fails at least a given percentage of its requests, whatever the others do.
 *
 * Only hard failures count: no connection, a reset, a timeout, a 5xx. A 429 is a request that did not fail.
 *
 * When: a plain number is wanted that can be put into an agreement, or 429 is an ordinary answer. When not: as the only policy where
 * all endpoints depend on the same thing; they fail together, and half of them would be ejected for it. `successRate()` compares.
 * @see Envoy's outlier detection (failure percentage)
 */
import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isFailure } from '../outcome.ts';
import { BackoffTracker, resolveEjection } from './ejection-backoff.ts';
import type { Detection, EjectionTimes } from './ejection-backoff.ts';
import type { EjectionPolicy } from './ejection.ts';
import { OutcomeWindow } from './outcome-window.ts';

/** When to eject, and for how long. */
export interface FailurePercentageOptions extends EjectionTimes {
  /** Percentage of failed requests from which on an endpoint is unfit, 1..100. @default 85 */
  readonly thresholdPercent?: number;
  /** Requests in the window that it takes to be judged, 1..1_000_000. @default 50 */
  readonly minRequests?: number;
  /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
  readonly windowMs?: number;
}

const entries = {
  thresholdPercent: v.optional(numberIn(1, 100), 85),
  minRequests: v.optional(integerIn(1, 1_000_000), 50),
  windowMs: v.optional(durationMs(100), 30_000),
};

type Resolved = Required<FailurePercentageOptions>;

/** Ejects by the percentage of failures. O(1) amortised per attempt. @throws INVALID_OPTIONS */
export function failurePercentage(options: FailurePercentageOptions = {}): EjectionPolicy {
  const resolved = resolveEjection('failurePercentage', entries, options);
  return {
    name: 'failure-percentage',
    start: (random) => ({ track: () => new BackoffTracker(resolved, random, new FailureShare(resolved)) }),
  };
}

class FailureShare implements Detection {
  readonly #options: Resolved;
  readonly #window: OutcomeWindow;

  constructor(options: Resolved) {
    this.#options = options;
    this.#window = new OutcomeWindow(options.windowMs);
  }

  isUnfit(outcome: Outcome, now: number): boolean {
    const isFailed = isFailure(outcome);
    this.#window.add(isFailed, now);
    const { total, failed } = this.#window;
    const { minRequests, thresholdPercent } = this.#options;
    // A product such as 1.1 * 3_000 may be a little off the whole number that it means.
    return isFailed && total >= minRequests && failed * 100 >= thresholdPercent * total - 1e-9;
  }

  forget(): void {
    this.#window.clear();
  }
}
