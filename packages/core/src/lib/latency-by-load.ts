/** Up to here every number of requests in flight has a place of its own; from here on there are four per doubling. */
const EXACT = 16;
const PLACES = EXACT + 4 * 16;
/** Latencies that are kept per place, the newest ones. */
const KEPT = 16;
/** As many are enough for a median. */
const ENOUGH = 8;
/** How many places away still counts as about as many requests in flight. */
const NEAR = 8;

/**
 * Latencies by the number of requests in flight at their start: what to expect of a server depends on how busy it is, and what it
 * did when it was not says little. Holds the last 16 per number, 20 KiB in all; above 16 requests in flight, numbers within a fifth of one
 * another share a place.
 * @see Prequal (Wydrowski and others, NSDI 2024), section 4: the server answers a probe with the median latency of recent queries
 *   that arrived at or near the present number in flight
 */
export class LatencyByLoad {
  readonly #maxAgeMs: number;
  readonly #latencies = new Float64Array(PLACES * KEPT);
  readonly #endedAt = new Float64Array(PLACES * KEPT).fill(-Infinity);
  readonly #next = new Uint8Array(PLACES);
  /** At most `ENOUGH - 1` of nearer places, and two places more. */
  readonly #sorted = new Float64Array(ENOUGH - 1 + 2 * KEPT);
  #count = 0;

  /** @param maxAgeMs what is older says nothing */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** Takes in a latency. O(1), allocates nothing. @param inflight requests in flight when it began */
  observe(latencyMs: number, inflight: number, now: number): void {
    const place = placeOf(inflight);
    const next = this.#next[place]!;
    this.#latencies[place * KEPT + next] = latencyMs;
    this.#endedAt[place * KEPT + next] = now;
    this.#next[place] = (next + 1) % KEPT;
  }

  /** The median of recent latencies at about as many requests in flight, nearest first; NaN if there are none. O(1). */
  medianAt(inflight: number, now: number): number {
    const place = placeOf(inflight);
    this.#count = 0;
    this.#gather(place, now);
    for (let distance = 1; distance <= NEAR && this.#count < ENOUGH; distance++) {
      if (place - distance >= 0) this.#gather(place - distance, now);
      if (place + distance < PLACES) this.#gather(place + distance, now);
    }
    return this.#count === 0 ? NaN : this.#sorted[(this.#count - 1) >> 1]!;
  }

  #gather(place: number, now: number): void {
    for (let i = place * KEPT; i < (place + 1) * KEPT; i++) {
      if (now - this.#endedAt[i]! > this.#maxAgeMs) continue;
      const latency = this.#latencies[i]!;
      let at = this.#count++;
      for (; at > 0 && this.#sorted[at - 1]! > latency; at--) this.#sorted[at] = this.#sorted[at - 1]!;
      this.#sorted[at] = latency;
    }
  }
}

function placeOf(inflight: number): number {
  if (inflight < EXACT) return inflight;
  const exponent = 31 - Math.clz32(inflight);
  return Math.min(PLACES - 1, EXACT + (exponent - 4) * 4 + ((inflight >>> (exponent - 2)) & 3));
}
