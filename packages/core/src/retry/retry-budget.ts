/**
 * A limit on retries as a share of requests. A fixed number of retries per request multiplies the load of an endpoint that is
 * already failing: three tries each are three times the load, through two layers nine times. A budget adds at most its percentage.
 *
 * The law: at any moment at which a retry is granted, the retries of the last `windowMs`, this one included, are at most
 * `percent` % of the requests of the last `windowMs` plus `minPerSecond` for each of its seconds. The second part lets a client with
 * little traffic retry at all, in a burst too: six requests that fail together are all tried again.
 *
 * That second part is per process, and failures meet all processes at once: 64 workers with 3 per second each may add 192 retries per second
 * to endpoints that are down already, whatever their traffic. `workers` divides it; the percentage needs no division, since each worker
 * counts its own requests.
 *
 * Time is cut into ten slots per window. What is younger than a window counts for the retries, and only what certainly is counts for
 * the requests, so that the law holds exactly and not up to a slot. Nothing runs in the background; a slot is known to be old by its
 * number.
 * @see Finagle's `RetryBudget.scala`; envoyproxy/envoy-mobile#811 for how a share of what is *in flight* starves retries
 */
import { durationMs, integerIn, numberIn, resolveOptions, v } from '../options.ts';

/** Says whether one more retry may be sent now. Shared by all requests of a cluster. */
export interface RetryBudget {
  /** Called once per request. */
  deposit(now: number): void;
  /** Takes one retry out of the budget; false if there is none. */
  tryWithdraw(now: number): boolean;
  /** How many retries could be sent now. A pure question. */
  balance(now: number): number;
}

/** How many retries are allowed. */
export interface RetryBudgetOptions {
  /** Retries as a percentage of requests, 0..100. @default 20 */
  readonly percent?: number;
  /** Retries per second that are always allowed, on average over the window, 0..1_000_000; shared by `workers`. @default 3 */
  readonly minPerSecond?: number;
  /**
   * Processes that send the same kind of traffic to the same endpoints, 1..1_024, such as the workers of a `node:cluster`. Where a worker's
   * share of `minPerSecond` is less than one retry per window, it has the percentage only. @default 1
   */
  readonly workers?: number;
  /** ms that are looked back, 100..2^31-1. @default 10_000 */
  readonly windowMs?: number;
}

const schema = v.strictObject({
  percent: v.optional(numberIn(0, 100), 20),
  minPerSecond: v.optional(numberIn(0, 1_000_000), 3),
  workers: v.optional(integerIn(1, 1_024), 1),
  windowMs: v.optional(durationMs(100), 10_000),
});

/** Retries as a share of recent requests, plus a few. All calls are O(1) and allocate nothing. @throws INVALID_OPTIONS */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  return new SlidingBudget(resolveOptions('retryBudget', schema, options));
}

const SLOTS = 10;

class SlidingBudget implements RetryBudget {
  readonly #ratio: number;
  readonly #always: number;
  readonly #slotMs: number;
  // The slot that is being filled, and the ten before it, which together are more than a window.
  readonly #serials: Float64Array = new Float64Array(SLOTS + 1).fill(-1);
  readonly #requests: Float64Array = new Float64Array(SLOTS + 1);
  readonly #retries: Float64Array = new Float64Array(SLOTS + 1);

  constructor({ percent, minPerSecond, workers, windowMs }: Required<RetryBudgetOptions>) {
    this.#ratio = percent / 100;
    this.#always = (minPerSecond * windowMs) / 1000 / workers;
    this.#slotMs = windowMs / SLOTS;
  }

  deposit(now: number): void {
    const slot = this.#slotAt(now);
    this.#requests[slot] = this.#requests[slot]! + 1;
  }

  tryWithdraw(now: number): boolean {
    if (this.balance(now) < 1) return false;
    const slot = this.#slotAt(now);
    this.#retries[slot] = this.#retries[slot]! + 1;
    return true;
  }

  balance(now: number): number {
    const serial = this.#serialAt(now);
    let requests = 0;
    let retries = 0;
    for (let slot = 0; slot <= SLOTS; slot++) {
      const age = serial - this.#serials[slot]!;
      if (age > SLOTS) continue;
      retries += this.#retries[slot]!;
      if (age < SLOTS) requests += this.#requests[slot]!;
    }
    // 0.07 * 100 is a little more than 7 and 0.29 * 100 a little less than 29; the budget means the whole numbers.
    return Math.max(0, Math.floor(requests * this.#ratio + this.#always - retries + 1e-9));
  }

  #serialAt(now: number): number {
    return Math.floor(now / this.#slotMs);
  }

  /** The slot for what happens now, emptied if it was last used for an older time. */
  #slotAt(now: number): number {
    const serial = this.#serialAt(now);
    const slot = ((serial % (SLOTS + 1)) + SLOTS + 1) % (SLOTS + 1);
    if (this.#serials[slot] !== serial) {
      this.#serials[slot] = serial;
      this.#requests[slot] = 0;
      this.#retries[slot] = 0;
    }
    return slot;
  }
}
