/**
 * Ejects an endpoint whose share of successes is too small: in itself, or compared with its peers. Counted exactly over a sliding
 * window. Everything but a success counts as none, 429 included: an endpoint that turns most requests away is of little use. A body that
 * is cut short counts as one more request, which failed.
 *
 * Small in itself: below `minSuccessRatio`, with at least `minRequests` in the window; in a fleet of up to four, five requests
 * are enough if all of them failed. While its peers do well, an endpoint that begins to fail every request is ejected at the latest by
 * request `max(minRequests, s / 4 + 1)`, where `s` is how many successes the window still holds; at a steady rate that is a fifth of
 * the window, 6 s.
 *
 * Small compared with its peers: more than `stdevFactor` standard deviations below the mean, where at least five endpoints have
 * 100 requests each in the window (Envoy's figures). This finds the endpoint that fails one request of ten where the others fail one of
 * a thousand.
 *
 * Both only count if the endpoint fails more often than the others by at least 5 points, and by more than chance explains (four
 * standard errors). Where all suffer alike, such as from a database behind them or a rate limit of all, nobody is ejected: it would
 * move the load and cure nothing. And among endpoints that hardly fail at all the standard deviation alone would eject for one failed
 * request: with five endpoints, any single one that differs is two standard deviations away.
 *
 * When: always, beside `consecutiveFailures()`, which is faster and needs no traffic. When not: 429 is an ordinary answer to some callers
 * that stick to their endpoints; then `failurePercentage()`, which ignores it.
 * @see Finagle's `FailureAccrualPolicy.scala` (0.8 over 30 s); Envoy's outlier detection and gRFC A50 (mean and deviation);
 *   envoyproxy/envoy issues 18752 and 37723 for how deviation alone ejects endpoints that are 99 % well
 */
import type { Random } from '../lib/random.ts';
import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { BackoffTracker, resolveEjection } from './ejection-backoff.ts';
import type { Detection, EjectionTimes } from './ejection-backoff.ts';
import type { EjectionJudges, EjectionPolicy, EjectionTracker } from './ejection.ts';
import { OutcomeWindow } from './outcome-window.ts';

/** When to eject, and for how long. */
export interface SuccessRateOptions extends EjectionTimes {
  /** Share of successes below which an endpoint is unfit, 0..1. @default 0.8 */
  readonly minSuccessRatio?: number;
  /** Requests in the window that it takes to be judged by `minSuccessRatio`, 1..1_000_000. @default 20 */
  readonly minRequests?: number;
  /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
  readonly windowMs?: number;
  /**
   * Standard deviations below the mean of the peers that make an outlier, 0.1..1_000. No endpoint of n can be further away than the square
   * root of n - 1, so 1_000 switches the comparison off. @default 1.9
   */
  readonly stdevFactor?: number;
}

const entries = {
  minSuccessRatio: v.optional(numberIn(0, 1), 0.8),
  minRequests: v.optional(integerIn(1, 1_000_000), 20),
  windowMs: v.optional(durationMs(100), 30_000),
  stdevFactor: v.optional(numberIn(0.1, 1_000), 1.9),
};

type Resolved = Required<SuccessRateOptions>;

const SMALL_FLEET = 4;
const SMALL_FLEET_REQUESTS = 5;
const OUTLIER_ENDPOINTS = 5;
const OUTLIER_REQUESTS = 100;
const LEAST_DIFFERENCE = 0.05;
const STANDARD_ERRORS = 4;
/** Comparing costs O(n), so an endpoint that only fails and is not ejected is not compared at every request. */
const COMPARE_INTERVAL_MS = 1_000;

/**
 * Ejects by the share of successes. O(1) amortised per attempt; O(n) for n endpoints at most once per second for each endpoint that
 * fails. @throws INVALID_OPTIONS
 */
export function successRate(options: SuccessRateOptions = {}): EjectionPolicy {
  const resolved = resolveEjection('successRate', entries, options);
  return { name: 'success-rate', start: (random) => new Fleet(resolved, random) };
}

class Fleet implements EjectionJudges {
  readonly #options: Resolved;
  readonly #random: Random;
  readonly #windows: OutcomeWindow[] = [];

  constructor(options: Resolved, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  track(): EjectionTracker {
    const window = new OutcomeWindow(this.#options.windowMs);
    this.#windows.push(window);
    return new BackoffTracker(this.#options, this.#random, new SuccessShare(this.#options, window, this.#windows));
  }
}

class SuccessShare implements Detection {
  readonly #options: Resolved;
  readonly #window: OutcomeWindow;
  /** Of all endpoints, this one's included. */
  readonly #windows: OutcomeWindow[];
  #nextPoorAt = -Infinity;
  #nextOutlierAt = -Infinity;

  constructor(options: Resolved, window: OutcomeWindow, windows: OutcomeWindow[]) {
    this.#options = options;
    this.#window = window;
    this.#windows = windows;
  }

  isUnfit(outcome: Outcome, now: number): boolean {
    const isFailed = outcome !== 'success';
    this.#window.add(isFailed, now);
    return isFailed && (this.#isPoor(now) || this.#isOutlier(now));
  }

  forget(): void {
    this.#window.clear();
  }

  removed(): void {
    const index = this.#windows.indexOf(this.#window);
    if (index >= 0) this.#windows.splice(index, 1);
  }

  #isPoor(now: number): boolean {
    const { total, failed } = this.#window;
    const { minRequests, minSuccessRatio } = this.#options;
    // A product such as 0.7 * 30 may be a little off the whole number that it means.
    if (total - failed >= minSuccessRatio * total - 1e-9 || now < this.#nextPoorAt) return false;
    const isDeadInSmallFleet = failed === total && total >= SMALL_FLEET_REQUESTS && this.#windows.length <= SMALL_FLEET;
    if (total < minRequests && !isDeadInSmallFleet) return false;
    if (this.#isWorseThan(this.#failureShareOfOthers(now))) return true;
    this.#nextPoorAt = now + COMPARE_INTERVAL_MS;
    return false;
  }

  #isOutlier(now: number): boolean {
    const windows = this.#windows;
    if (this.#window.total < OUTLIER_REQUESTS || windows.length < OUTLIER_ENDPOINTS || now < this.#nextOutlierAt)
      return false;
    this.#nextOutlierAt = now + COMPARE_INTERVAL_MS;
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i]!;
      window.turn(now);
      if (window.total < OUTLIER_REQUESTS) continue;
      const share = window.failed / window.total;
      count++;
      sum += share;
      squares += share * share;
    }
    if (count < OUTLIER_ENDPOINTS) return false;
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    const { total, failed } = this.#window;
    return failed / total > mean + this.#options.stdevFactor * deviation && this.#isWorseThan(mean);
  }

  /** By enough to matter, and by more than chance explains. */
  #isWorseThan(failureShare: number): boolean {
    const { total, failed } = this.#window;
    const standardError = Math.sqrt((failureShare * (1 - failureShare)) / total);
    return failed / total > failureShare + Math.max(LEAST_DIFFERENCE, STANDARD_ERRORS * standardError);
  }

  /** Of all others taken together. As long as they have seen little, what they have not seen counts as good. */
  #failureShareOfOthers(now: number): number {
    const windows = this.#windows;
    let total = 0;
    let failed = 0;
    for (let i = 0; i < windows.length; i++) {
      const window = windows[i]!;
      if (window === this.#window) continue;
      window.turn(now);
      total += window.total;
      failed += window.failed;
    }
    return failed / Math.max(total, this.#options.minRequests);
  }
}
