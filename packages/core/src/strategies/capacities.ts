/**
 * What endpoints can take by their own account, relative to each other, whatever their accounts contain. See `loadReported()`.
 */
import type { LoadReport } from '../load-report.ts';

export interface CapacityOptions {
  readonly blackoutMs: number;
  readonly expirationMs: number;
  readonly errorUtilizationPenalty: number;
}

/** How far from the median a capacity counts, up and down. */
const SPREAD = 10;

/** Requests per second that no endpoint serves; keeps what follows finite. */
const BEYOND_BELIEF = 1e100;

/** Fewer that count say nothing about each other. */
const LEAST_KNOWN = 2;

export class Capacities {
  /** By index: 1 for a median one, in 1/10..10. All 1 as long as too little is known. */
  readonly relative: Float64Array;
  /** `relative` says something. */
  areKnown = false;
  readonly #options: CapacityOptions;
  /** Requests per second by the last report that counts; 0 if there is none. */
  readonly #known: Float64Array;
  /** When the first of the reports came in that did not expire since; NaN if there is none. */
  readonly #since: Float64Array;
  readonly #sorted: Float64Array;

  constructor(n: number, options: CapacityOptions) {
    this.#options = options;
    this.relative = new Float64Array(n).fill(1);
    this.#known = new Float64Array(n);
    this.#since = new Float64Array(n).fill(NaN);
    this.#sorted = new Float64Array(n);
  }

  /** Takes over what is known of an endpoint. */
  adopt(index: number, previous: Capacities, old: number): void {
    this.#known[index] = previous.#known[old]!;
    this.#since[index] = previous.#since[old]!;
  }

  /** Takes note of an endpoint's report. `compare` makes use of it. @param time that has the present as its `now` */
  observe(index: number, report: LoadReport | undefined, time: { readonly now: number }): void {
    const { now } = time;
    this.#known[index] = 0;
    // Whatever is not a number fails every comparison.
    if (report === undefined || !(now - report.receivedAt <= this.#options.expirationMs)) {
      this.#since[index] = NaN;
      return;
    }
    const { requestsPerSecond, utilization, errorsPerSecond } = report;
    if (!(requestsPerSecond > 0 && utilization > 0)) return;
    const errors = errorsPerSecond > 0 ? errorsPerSecond / requestsPerSecond : 0;
    const capacity = requestsPerSecond / (utilization + errors * this.#options.errorUtilizationPenalty);
    if (!(capacity > 0 && capacity < BEYOND_BELIEF)) return;
    // Not when the report came: that may have been long ago, before an ejection.
    if (Number.isNaN(this.#since[index])) this.#since[index] = now;
    if (now - this.#since[index]! >= this.#options.blackoutMs) this.#known[index] = capacity;
  }

  /** Works `relative` out. O(n log n), creates no object. */
  compare(): void {
    const n = this.#known.length;
    let count = 0;
    for (let i = 0; i < n; i++) if (this.#known[i]! > 0) this.#sorted[count++] = this.#known[i]!;
    this.areKnown = count >= LEAST_KNOWN;
    this.relative.fill(1);
    if (!this.areKnown) return;
    this.#sorted.fill(Infinity, count);
    this.#sorted.sort();
    const median = this.#sorted[(count - 1) >> 1]!;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      if (this.#known[i] === 0) continue;
      this.relative[i] = Math.min(Math.max(this.#known[i]! / median, 1 / SPREAD), SPREAD);
      sum += this.relative[i]!;
    }
    for (let i = 0; i < n; i++) if (this.#known[i] === 0) this.relative[i] = sum / count;
  }
}
