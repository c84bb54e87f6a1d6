/**
 * The fractions that are kept for each endpoint, all in one array. A fraction in a field of an object lives in a box of its own, and
 * with thousands of endpoints every box is a wait for memory; here an endpoint's numbers share a line of the processor's cache, and
 * writing one allocates nothing.
 *
 * The first two rows belong to no endpoint. They carry arguments, since a fraction that is handed to a function is boxed unless the call
 * is inlined: whoever calls one of the functions below lays down `NOW`, and for `observeLatency` `SAMPLE`.
 */
import { decay } from '../lib/decay.ts';

/** Places in the first two rows. */
export const NOW = 0;
export const STARTED_AT = 1;
export const SAMPLE = 2;
/** 1 over the time in which a peak decays to 37 %. */
const DECAY_RATE = 3;
/** For how many ms a latency is taken to have decayed too little to matter: by 6 %. */
const LONGEST_HOLD = 4;
/** What `latencyNow` and `expectNow` found: a fraction that a function returns is boxed too. */
export const RESULT = 5;
/** Until when what `expectNow` found holds, and until when it would if nothing waited. */
export const HOLDS_UNTIL = 6;
export const FRESH_UNTIL = 7;
/** What `keptSince` found. */
const KEPT = 8;
/** Where the first endpoint's row may start. */
const FIRST_ROW = 16;

/** Places in an endpoint's row. */
const LATENCY = 0;
const LATENCY_AT = 1;
export const FAILURES = 2;
const FAILURES_AT = 3;
export const WAITING_STARTS = 4;

const ROW = 8;

/**
 * What an endpoint that only fails is taken to cost while it has never answered well, since its latency is not known.
 */
const FAILURE_PENALTY_MS = 5_000;

/**
 * How much slower an endpoint that only fails is taken to be: whoever meets a failure pays for a retry, or with everything. Without
 * it an endpoint that fails fast looks like the fastest of all and draws all traffic (kubernetes/ingress-nginx issue 5540). The
 * share of failures counts squared: one stray failure in sixteen costs 40 %, which decays, and does not park a good endpoint.
 */
const FAILURE_SLOWDOWN = 100;

/** Weight of the newest outcome in the failure ratio: half of the ratio is made by the last 11 outcomes. */
const FAILURE_RATIO_GAIN = 1 / 16;

export class Ledger {
  /** Replaced when it grows, so nobody may hold on to it. */
  numbers: Float64Array;
  readonly #free: number[] = [];
  #end = FIRST_ROW;

  constructor(latencyWindowMs: number, rows = 16) {
    this.numbers = new Float64Array(FIRST_ROW + ROW * rows);
    this.numbers[DECAY_RATE] = 1 / latencyWindowMs;
    this.numbers[LONGEST_HOLD] = latencyWindowMs / 16;
  }

  /** A row of zeros. @returns where it starts. O(1), but for growing */
  open(): number {
    const at = this.#free.pop() ?? this.#end;
    if (at === this.#end) this.#end += ROW;
    if (this.#end > this.numbers.length) {
      const larger = new Float64Array(2 * this.numbers.length);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    return at;
  }

  /** Gives a row back. */
  close(at: number): void {
    this.numbers.fill(0, at, at + ROW);
    this.#free.push(at);
  }

  /** A ledger with this row alone, for who is leaving. Its row is where `open` of a new ledger would put it. */
  copyOf(at: number): { ledger: Ledger; at: number } {
    const ledger = new Ledger(1 / this.numbers[DECAY_RATE]!, 1);
    const copyAt = ledger.open();
    ledger.numbers.set(this.numbers.subarray(at, at + ROW), copyAt);
    return { ledger, at: copyAt };
  }
}

/** Lays down as `RESULT` what a request has to expect as of `NOW`: the average, and more where requests have failed of late. */
export function latencyNow(numbers: Float64Array, at: number): void {
  keptSince(numbers, at + LATENCY_AT);
  const latency = numbers[at + LATENCY]! * numbers[KEPT]!;
  numbers[RESULT] = latency;
  if (numbers[at + FAILURES] === 0) return;
  keptSince(numbers, at + FAILURES_AT);
  const ratio = numbers[at + FAILURES]! * numbers[KEPT]!;
  numbers[RESULT] = latency === 0 ? ratio * FAILURE_PENALTY_MS : latency * (1 + FAILURE_SLOWDOWN * ratio * ratio);
}

/**
 * Lays down as `RESULT` the greater of the latency and the age of what waits, 0 if the latency is not known. That holds until the next
 * outcome, but for two things that change by themselves: the age, which overtakes the latency no sooner than the difference of the two
 * from now, and the decay, of which nobody takes notice for a while.
 * @param waiting how many attempts wait for their response head
 */
export function expectNow(numbers: Float64Array, at: number, waiting: number): void {
  latencyNow(numbers, at);
  const now = numbers[NOW]!;
  numbers[FRESH_UNTIL] = numbers[HOLDS_UNTIL] = now + numbers[LONGEST_HOLD]!;
  const latency = numbers[RESULT]!;
  if (waiting === 0 || latency === 0) return;
  const age = now - numbers[at + WAITING_STARTS]! / waiting;
  const expected = Math.max(latency, age);
  numbers[RESULT] = expected;
  numbers[HOLDS_UNTIL] = Math.min(numbers[HOLDS_UNTIL], now + Math.max(latency - age, expected / 16));
}

/**
 * Takes in `SAMPLE` ms at `NOW`. A peak is believed at once, good news by the share of the window that has passed since the last
 * sample. So the weight of a sample depends on time and not on the number of samples, and a busy endpoint forgets a peak no faster
 * than a quiet one.
 * @returns whether it is a peak
 * @see Finagle's `PeakEwma.scala`, for the peak rule; it decays on reading, which makes its value depend on how often it is read
 */
export function observeLatency(numbers: Float64Array, at: number): boolean {
  const sample = numbers[SAMPLE]!;
  const value = numbers[at + LATENCY]!;
  if (sample >= value) numbers[at + LATENCY] = sample;
  else {
    keptSince(numbers, at + LATENCY_AT);
    numbers[at + LATENCY] = sample + (value - sample) * numbers[KEPT]!;
  }
  if (numbers[NOW]! > numbers[at + LATENCY_AT]!) numbers[at + LATENCY_AT] = numbers[NOW]!;
  return sample > value;
}

/** Takes an outcome into the failure ratio. @param failed 1 for a failure, 0 for none @returns whether that changes it */
export function countOutcome(numbers: Float64Array, at: number, failed: 0 | 1): boolean {
  if (failed === 0 && numbers[at + FAILURES] === 0) return false;
  keptSince(numbers, at + FAILURES_AT);
  const left = numbers[at + FAILURES]! * numbers[KEPT]!;
  const ratio = left + (failed - left) * FAILURE_RATIO_GAIN;
  numbers[at + FAILURES] = ratio < 1e-6 ? 0 : ratio;
  numbers[at + FAILURES_AT] = numbers[NOW]!;
  return true;
}

/** Lays down as `KEPT` the share that is left at `NOW` of what was there at the time in `place`; a `NOW` before that counts as that moment. */
function keptSince(numbers: Float64Array, place: number): void {
  const elapsed = numbers[NOW]! - numbers[place]!;
  numbers[KEPT] = elapsed > 0 ? decay(elapsed * numbers[DECAY_RATE]!) : 1;
}
