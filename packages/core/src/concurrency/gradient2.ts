/**
 * A limit that latency drives: while answers take as long as usual it grows, and when they take longer it shrinks in proportion.
 *
 * Once per `sampleMs`, with at least ten answers: `gradient = tolerance * long / short`, kept in 0.5..1, where `short` is the mean
 * latency of that time and `long` the moving average of about 600 such means. The limit moves by a fifth of the way to
 * `limit * gradient + queueSize`. It grows only if half of it was used. After a slow time, while `long` is more than twice `short`, `long`
 * falls by 5 % each time, so that slowness is not taken for usual. Means and not single latencies: a latency that varies as an
 * exponential distribution does would hold the limit below 60 with nothing queued anywhere.
 *
 * An endpoint with `c` places takes `tolerance * c + queueSize` or so: with all places busy, latency grows as the limit does, and at
 * that limit it is `tolerance` times the usual. A drop (429, timeout) is no measure of latency but one of capacity: the gradient is never
 * above the share of attempts that were not dropped, so that one timeout in a hundred costs 1 % and a wall of 429 halves it.
 * Other failures are no measure of anything. Nothing is held back in order to measure, and the limit never falls below `minLimit`.
 *
 * When: an endpoint has one client, or few, which use most of it. When not: it has many; then its latency is mostly made by the others,
 * and `aimd()` is the better choice. Not where it is saturated for many minutes without a pause either: what lasts becomes usual. An
 * endpoint with 50 places is at 80 after two minutes, at 100 after four and at 180 after ten; the known drift of all limits of this kind.
 * @see Netflix's concurrency-limits (Gradient2); envoyproxy/envoy issues 8337 and 11579 for what measuring and drift cost
 */
import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { ConcurrencyLimit, ConcurrencyLimiter } from './concurrency-limit.ts';
import { resolveLimits } from './limits.ts';

/** How the limit moves. */
export interface Gradient2Options {
  /** Where it starts, `minLimit`..`maxLimit`. @default 20 */
  readonly initialLimit?: number;
  /** It never falls below, 1..1_000_000. @default 20 */
  readonly minLimit?: number;
  /** It never grows beyond, `minLimit`..1_000_000. @default 200 */
  readonly maxLimit?: number;
  /** Attempts that may wait at the endpoint for a place, so that there is always something to do; 1..10_000. @default 4 */
  readonly queueSize?: number;
  /** How many times the usual latency is still usual, 1..10. @default 1.5 */
  readonly tolerance?: number;
  /** ms of which one mean is taken, 1..2^31-1. The limit grows by at most a fifth of `queueSize` in it. @default 1_000 */
  readonly sampleMs?: number;
}

const entries = {
  initialLimit: v.optional(integerIn(1, 1_000_000), 20),
  minLimit: v.optional(integerIn(1, 1_000_000), 20),
  maxLimit: v.optional(integerIn(1, 1_000_000), 200),
  queueSize: v.optional(integerIn(1, 10_000), 4),
  tolerance: v.optional(numberIn(1, 10), 1.5),
  sampleMs: v.optional(durationMs(1), 1_000),
};

type Resolved = Required<Gradient2Options>;

const SMOOTHING = 0.2;
const LONG_GAIN = 2 / (600 + 1);
/** The first means count alike, so that the average does not hang on the very first one. */
const WARM_UP = 10;
const MIN_ANSWERS = 10;
const DRIFT = 0.95;

/** A limit that latency drives. O(1) per attempt. @throws INVALID_OPTIONS */
export function gradient2(options: Gradient2Options = {}): ConcurrencyLimit {
  const resolved = resolveLimits('gradient2', entries, options);
  return { name: 'gradient2', start: () => new Gradient2(resolved) };
}

class Gradient2 implements ConcurrencyLimiter {
  readonly #options: Resolved;
  // Without a first value of its own V8 allocates a number at each change (measured: 16 bytes).
  #limit = 0;
  #means = 0;
  #longMs = 0;
  // Of the time that is being measured.
  #startedAt = -Infinity;
  #latencySum = 0;
  #answers = 0;
  #drops = 0;
  #maxInflight = 0;

  constructor(options: Resolved) {
    this.#options = options;
    this.#limit = options.initialLimit;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  observe(outcome: Outcome, latencyMs: number, inflight: number, now: number): void {
    if (outcome === 'success') {
      this.#latencySum += latencyMs;
      this.#answers++;
    } else if (outcome === 'rate-limited' || outcome === 'timeout') this.#drops++;
    if (inflight > this.#maxInflight) this.#maxInflight = inflight;
    if (this.#answers + this.#drops < MIN_ANSWERS || now < this.#startedAt + this.#options.sampleMs) return;
    this.#move();
    this.#startedAt = now;
    this.#latencySum = 0;
    this.#answers = 0;
    this.#drops = 0;
    this.#maxInflight = 0;
  }

  #move(): void {
    const { queueSize, minLimit, maxLimit } = this.#options;
    const answeredShare = this.#answers / (this.#answers + this.#drops);
    const gradient = Math.max(0.5, Math.min(answeredShare, this.#latencyGradient()));
    if (this.#maxInflight * 2 < this.#limit) return;
    const wanted = this.#limit * gradient + queueSize;
    const smoothed = this.#limit + (wanted - this.#limit) * SMOOTHING;
    this.#limit = Math.max(minLimit, Math.min(maxLimit, smoothed));
  }

  /** How usual the latency is, 1 for as ever, and takes it in. */
  #latencyGradient(): number {
    if (this.#answers === 0) return 1;
    const shortMs = this.#latencySum / this.#answers;
    const gain = this.#means < WARM_UP ? 1 / ++this.#means : LONG_GAIN;
    this.#longMs += (shortMs - this.#longMs) * gain;
    if (this.#longMs > 2 * shortMs) this.#longMs *= DRIFT;
    return shortMs > 0 ? (this.#options.tolerance * this.#longMs) / shortMs : 1;
  }
}
