/**
 * The distribution of recent latencies: percentiles of a sliding window, whatever the shape.
 *
 * Buckets grow by 10 % each, so that the middle of a bucket is at most 4.9 % from any value in it, from 0.1 ms to a quarter of an
 * hour; what lies outside counts as the nearest bucket. Ten slots of time expire by their number. Memory is fixed: 8 KB.
 *
 * When: percentiles are asked for more than once a second or so. When not: a mean will do (see `PeakEwma`, which also knows the last
 * moment better than a window can).
 * @see Gil Tene's HdrHistogram and Masson et al., "DDSketch" (VLDB 2019), for buckets of equal relative width
 */
import { SlotRing, SLOTS } from './slot-ring.ts';

const LEAST_MS = 0.1;
const GROWTH = 1.1;
const BUCKETS = 171;
const PER_LOG = 1 / Math.log(GROWTH);

export class LatencyHistogram {
  readonly #ring: SlotRing;
  /** Slot by slot, the counts of its buckets. */
  readonly #slots: Uint32Array = new Uint32Array(SLOTS * BUCKETS);
  readonly #sums: Uint32Array = new Uint32Array(BUCKETS);
  #count = 0;

  /** @param windowMs for how long a latency counts, in ms; the last tenth of it may be cut off */
  constructor(windowMs: number) {
    this.#ring = new SlotRing(windowMs);
  }

  /** Takes a latency in. O(1) amortised, allocates nothing. */
  observe(ms: number, now: number): void {
    this.#turn(now);
    const bucket = bucketOf(ms);
    const place = this.#ring.slot * BUCKETS + bucket;
    this.#slots[place] = this.#slots[place]! + 1;
    this.#sums[bucket] = this.#sums[bucket]! + 1;
    this.#count++;
  }

  /** How many latencies are in the window. O(1) amortised. */
  countAt(now: number): number {
    this.#turn(now);
    return this.#count;
  }

  /**
   * The latency in ms that `percent` % of the window do not exceed, at most 4.9 % off; 0 if nothing was seen. O(171).
   * @param percent more than 0, at most 100
   */
  percentileAt(percent: number, now: number): number {
    this.#turn(now);
    if (this.#count === 0) return 0;
    // A product such as 1.1 * 3_000 may be a little more than the whole number that it means.
    let missing = Math.max(1, Math.ceil((percent * this.#count) / 100 - 1e-9));
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      missing -= this.#sums[bucket]!;
      if (missing <= 0) break;
    }
    return bucket === 0 ? LEAST_MS : LEAST_MS * GROWTH ** (bucket - 0.5);
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0);
    this.#sums.fill(0);
    this.#count = 0;
  }

  #turn(now: number): void {
    for (let age = this.#ring.turn(now) - 1; age >= 0; age--) this.#empty(this.#ring.before(age));
  }

  #empty(slot: number): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const place = slot * BUCKETS + bucket;
      const count = this.#slots[place]!;
      if (count === 0) continue;
      this.#sums[bucket] = this.#sums[bucket]! - count;
      this.#count -= count;
      this.#slots[place] = 0;
    }
  }
}

/** Bucket 0 is up to 0.1 ms; bucket n from 0.1 * 1.1^(n-1) to 0.1 * 1.1^n. */
function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / LEAST_MS) * PER_LOG));
}
