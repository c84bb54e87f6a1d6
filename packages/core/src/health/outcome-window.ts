/**
 * How many of the recent requests failed, counted exactly. Not a moving average: one that weighs by time gives a burst of failures
 * hardly any weight and can hide a total outage, and one that weighs by number remembers yesterday where little happens.
 */
import { SlotRing, SLOTS } from '../lib/slot-ring.ts';

export class OutcomeWindow {
  readonly #ring: SlotRing;
  readonly #totals: Uint32Array = new Uint32Array(SLOTS);
  readonly #failures: Uint32Array = new Uint32Array(SLOTS);
  #total = 0;
  #failed = 0;

  /** @param windowMs for how long an outcome counts, in ms; the last tenth of it may be cut off */
  constructor(windowMs: number) {
    this.#ring = new SlotRing(windowMs);
  }

  /** Requests in the window, as of the last `add` or `turn`. */
  get total(): number {
    return this.#total;
  }

  /** Failed ones among them. */
  get failed(): number {
    return this.#failed;
  }

  /** Counts one request. O(1) amortised, allocates nothing. */
  add(isFailed: boolean, now: number): void {
    this.turn(now);
    const { slot } = this.#ring;
    this.#totals[slot] = this.#totals[slot]! + 1;
    this.#total++;
    if (!isFailed) return;
    this.#failures[slot] = this.#failures[slot]! + 1;
    this.#failed++;
  }

  /** Forgets what is too old at `now`. O(1) amortised, allocates nothing. */
  turn(now: number): void {
    for (let age = this.#ring.turn(now) - 1; age >= 0; age--) {
      const slot = this.#ring.before(age);
      this.#total -= this.#totals[slot]!;
      this.#failed -= this.#failures[slot]!;
      this.#totals[slot] = 0;
      this.#failures[slot] = 0;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#totals.fill(0);
    this.#failures.fill(0);
    this.#total = 0;
    this.#failed = 0;
  }
}
