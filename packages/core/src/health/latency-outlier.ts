/**
 * Ejects an endpoint that is much slower than its peers.
 *
 * Its latency is a percentile, by default the median, of the last `windowMs`; it is unfit above `factor` times what is normal, the median
 * of all with this one as the slowest; of two middle ones the higher. At least three endpoints must have been seen often enough, and at
 * least three answers must be as slow, so that a single slow answer never ejects. Where half of the endpoints are slow, slow is normal,
 * and nobody is ejected. What answers within `minLatencyMs` is never too slow. Successes count with the time to their response head,
 * timeouts with the time they took; other failures say nothing about speed.
 *
 * When: an endpoint can be sick without failing (a full disk, a throttled processor, a cold cache) and answers must be quick; strategies
 * such as `peakEwma()` give it less, but never nothing. When not: requests differ much in cost and are not spread alike, as with
 * sticky sessions of unequal users or a strategy that sends by key; then an endpoint may be slow for what it is asked.
 */
import type { Random } from '../lib/random.ts';
import { LatencyHistogram } from '../lib/latency-histogram.ts';
import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { BackoffTracker, resolveEjection } from './ejection-backoff.ts';
import type { Detection, EjectionTimes } from './ejection-backoff.ts';
import type { EjectionJudges, EjectionPolicy, EjectionTracker } from './ejection.ts';

/** When to eject, and for how long. */
export interface LatencyOutlierOptions extends EjectionTimes {
  /** How many times slower than its peers an endpoint must be, 1.2..1_000. @default 3 */
  readonly factor?: number;
  /** Which percentile of the latencies is compared, 1..99. Higher ones need more requests: 300 for the 99th. @default 50 */
  readonly percentile?: number;
  /** Latency in ms that is never too slow, 0..2^31-1. @default 20 */
  readonly minLatencyMs?: number;
  /** Requests in the window that it takes to be judged or compared with, 3..1_000_000. @default 20 */
  readonly minRequests?: number;
  /** ms that are looked back, 100..2^31-1; the last tenth may be cut off. @default 30_000 */
  readonly windowMs?: number;
}

const entries = {
  factor: v.optional(numberIn(1.2, 1_000), 3),
  percentile: v.optional(numberIn(1, 99), 50),
  minLatencyMs: v.optional(durationMs(0), 20),
  minRequests: v.optional(integerIn(3, 1_000_000), 20),
  windowMs: v.optional(durationMs(100), 30_000),
};

type Resolved = Required<LatencyOutlierOptions>;

/** So many answers must be as slow as the percentile. */
const SLOW_ANSWERS = 3;
const COMPARE_INTERVAL_MS = 1_000;

/**
 * Ejects by latency. O(1) amortised per attempt, and O(n log n) for n endpoints once per second. Takes 8 KB per endpoint.
 * @throws INVALID_OPTIONS
 */
export function latencyOutlier(options: LatencyOutlierOptions = {}): EjectionPolicy {
  const resolved = resolveEjection('latencyOutlier', entries, options);
  const slowAnswers = Math.ceil((SLOW_ANSWERS * 100) / (100 - resolved.percentile));
  const settings = { ...resolved, minRequests: Math.max(resolved.minRequests, slowAnswers) };
  return { name: 'latency-outlier', start: (random) => new Fleet(settings, random) };
}

class Fleet implements EjectionJudges {
  readonly #options: Resolved;
  readonly #random: Random;
  readonly #members: Slowness[] = [];
  /** The latencies of the members that were known when they were compared last, in order, then Infinity. */
  #sorted: Float64Array = new Float64Array(0);
  #known = 0;
  #nextCompareAt = -Infinity;

  constructor(options: Resolved, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  track(): EjectionTracker {
    const member = new Slowness(this.#options, this);
    this.#members.push(member);
    this.#resize();
    return new BackoffTracker(this.#options, this.#random, member);
  }

  remove(member: Slowness): void {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    this.#resize();
  }

  /**
   * The median of the latencies with `member` as the slowest of all; of two middle ones the higher. Infinite with fewer than three.
   */
  normalMsFor(member: Slowness, now: number): number {
    if (now >= this.#nextCompareAt) this.#compare(now);
    const middle = this.#known >> 1;
    // Its own place may be below the middle, since it was not slow then. With fewer than three that leaves nobody.
    const place = member.comparedMs <= this.#sorted[middle]! ? middle + 1 : middle;
    return this.#sorted[place] ?? Infinity;
  }

  #resize(): void {
    this.#sorted = new Float64Array(this.#members.length);
    this.#nextCompareAt = -Infinity;
  }

  #compare(now: number): void {
    const sorted = this.#sorted;
    this.#nextCompareAt = now + COMPARE_INTERVAL_MS;
    this.#known = 0;
    for (let i = 0; i < sorted.length; i++) {
      const member = this.#members[i]!;
      const isKnown = member.isKnownAt(now);
      member.comparedMs = isKnown ? member.latencyMsAt(now) : -1;
      sorted[i] = isKnown ? member.comparedMs : Infinity;
      if (isKnown) this.#known++;
    }
    sorted.sort();
  }
}

class Slowness implements Detection {
  /** Its latency when the members were compared last; -1 if it was not known then. */
  comparedMs = -1;
  readonly #options: Resolved;
  readonly #fleet: Fleet;
  readonly #histogram: LatencyHistogram;
  #nextCheckAt = -Infinity;

  constructor(options: Resolved, fleet: Fleet) {
    this.#options = options;
    this.#fleet = fleet;
    this.#histogram = new LatencyHistogram(options.windowMs);
  }

  isKnownAt(now: number): boolean {
    return this.#histogram.countAt(now) >= this.#options.minRequests;
  }

  latencyMsAt(now: number): number {
    return this.#histogram.percentileAt(this.#options.percentile, now);
  }

  isUnfit(outcome: Outcome, now: number, latencyMs: number): boolean {
    if (latencyMs < 0 || (outcome !== 'success' && outcome !== 'timeout')) return false;
    this.#histogram.observe(latencyMs, now);
    const { minLatencyMs, factor } = this.#options;
    if (latencyMs <= minLatencyMs || now < this.#nextCheckAt || !this.isKnownAt(now)) return false;
    this.#nextCheckAt = now + COMPARE_INTERVAL_MS;
    return this.latencyMsAt(now) > Math.max(minLatencyMs, factor * this.#fleet.normalMsFor(this, now));
  }

  forget(): void {
    this.#histogram.clear();
  }

  removed(): void {
    this.#fleet.remove(this);
  }
}
