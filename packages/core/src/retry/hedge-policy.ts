/**
 * When a second attempt is sent beside a first one that is late. The slowest answers of a fleet are mostly bad luck of one endpoint at
 * one moment, and asking another is quicker than waiting.
 *
 * The delay is a percentile of the latencies of the last `windowMs`, so that it follows the service: with the 95th, one request of twenty
 * could get company, and the allowance lets at most `maxExtraPercent` of all requests have it. Where all answers take about as long, the
 * 95th percentile is hardly late: company sent then rarely wins, since it takes a median itself, and what is ordinary uses the allowance
 * up before anything hangs. So the delay is `slowdown` times the median at least. The allowance has no reserve: a client that
 * has seen few requests may not hedge at all, and when everything becomes slow at once, hedges stay a small part of the load instead of
 * doubling it. Each hedge is also taken out of the retry budget, by whoever sends it: hedges and retries together never add more than
 * that.
 *
 * When: requests are idempotent and cheap, and the tail matters (a page that waits for many of them). When not: slow requests are slow
 * by themselves (a big report is as big on the next endpoint).
 * @see Dean and Barroso, "The tail at scale" (CACM 2013); Finagle's `BackupRequestFilter.scala` (an own budget without a reserve)
 */
import { LatencyHistogram } from '../lib/latency-histogram.ts';
import { durationMs, integerIn, numberIn, resolveOptions, v } from '../options.ts';
import { retryBudget } from './retry-budget.ts';
import type { RetryBudget } from './retry-budget.ts';

/** When to hedge, and how much. One object per cluster. */
export interface HedgePolicy {
  /** Further attempts that one request may have beside its first, 1..3. */
  readonly maxHedges: number;
  /** ms after which an attempt without an answer gets company; Infinity for not (yet). */
  delayMs(now: number): number;
  /**
   * Takes note of how long a response head took. An attempt that was given up because its company was faster counts with the time
   * that it had: it would have taken at least that long. Allocates nothing.
   */
  observe(latencyMs: number, now: number): void;
  /** Called once per request. */
  deposit(now: number): void;
  /** Takes one hedge out of the allowance; false if there is none. */
  tryWithdraw(now: number): boolean;
}

/** When to hedge, and how much. */
export interface HedgingOptions {
  /** Percentile of recent latencies after which an attempt is late, 50..99.9. @default 95 */
  readonly percentile?: number;
  /**
   * Times the median of recent latencies that an attempt has to be late at least, 1..10. What is sent after 2.5 medians has won if
   * the attempt would have taken 3.5; the allowance is kept for such. Less is quicker where answers hardly differ, and finds the allowance
   * used up where one of twenty is later than that by itself; 1 leaves the choice to the percentile. @default 2.5
   */
  readonly slowdown?: number;
  /**
   * A fixed delay in ms instead, 1..2^31-1; `percentile`, `slowdown`, `minDelayMs` and `minSamples` play no part then. @default none
   */
  readonly delayMs?: number;
  /** The shortest delay in ms, 1..2^31-1. @default 1 */
  readonly minDelayMs?: number;
  /** Latencies that have to be in the window before anything is hedged, 1..1_000_000. @default 100 */
  readonly minSamples?: number;
  /** Hedges as a percentage of requests, 0..100. @default 2 */
  readonly maxExtraPercent?: number;
  /** Hedges per request, 1..3. @default 1 */
  readonly maxHedges?: number;
  /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
  readonly windowMs?: number;
}

const schema = v.strictObject({
  percentile: v.optional(numberIn(50, 99.9), 95),
  slowdown: v.optional(numberIn(1, 10), 2.5),
  delayMs: v.optional(durationMs(1)),
  minDelayMs: v.optional(durationMs(1), 1),
  minSamples: v.optional(integerIn(1, 1_000_000), 100),
  maxExtraPercent: v.optional(numberIn(0, 100), 2),
  maxHedges: v.optional(integerIn(1, 3), 1),
  windowMs: v.optional(durationMs(100), 30_000),
});

type Resolved = v.InferOutput<typeof schema>;

const REFRESH_MS = 500;

/** Hedges what is late. All calls are O(1), but for a look at the histogram twice per second. @throws INVALID_OPTIONS */
export function hedging(options: HedgingOptions = {}): HedgePolicy {
  return new Hedging(resolveOptions('hedging', schema, options));
}

class Hedging implements HedgePolicy {
  readonly maxHedges: number;
  readonly #options: Resolved;
  /** Undefined with a fixed delay. */
  readonly #latencies: LatencyHistogram | undefined;
  readonly #allowance: RetryBudget;
  #delayMs: number;
  #refreshAt = -Infinity;

  constructor(options: Resolved) {
    const { maxHedges, delayMs, maxExtraPercent, windowMs } = options;
    this.#options = options;
    this.maxHedges = maxHedges;
    this.#delayMs = delayMs ?? Infinity;
    this.#latencies = delayMs === undefined ? new LatencyHistogram(windowMs) : undefined;
    this.#allowance = retryBudget({ percent: maxExtraPercent, minPerSecond: 0, windowMs });
  }

  delayMs(now: number): number {
    if (this.#latencies !== undefined && now >= this.#refreshAt) this.#refresh(this.#latencies, now);
    return this.#delayMs;
  }

  observe(latencyMs: number, now: number): void {
    this.#latencies?.observe(latencyMs, now);
  }

  deposit(now: number): void {
    this.#allowance.deposit(now);
  }

  tryWithdraw(now: number): boolean {
    return this.#allowance.tryWithdraw(now);
  }

  #refresh(latencies: LatencyHistogram, now: number): void {
    const { minSamples, minDelayMs, percentile, slowdown } = this.#options;
    if (latencies.countAt(now) < minSamples) {
      this.#delayMs = Infinity;
      return;
    }
    const slowMs = slowdown * latencies.percentileAt(50, now);
    this.#delayMs = Math.max(minDelayMs, slowMs, latencies.percentileAt(percentile, now));
    this.#refreshAt = now + REFRESH_MS;
  }
}
