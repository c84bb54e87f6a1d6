/**
 * A moving average of latency that believes bad news at once and good news slowly: a sample above the average replaces it, a
 * sample below pulls it down by the share `1 - e^(-elapsed / window)`. The weight of a sample depends on the time since the last
 * one and not on their number, so a busy endpoint forgets a peak no faster than a quiet one.
 *
 * A reading is projected to the moment of the question and decays towards zero while no sample comes: what was slow long ago
 * deserves to be asked again. Reading changes nothing, so that a pick may look at as many endpoints as it likes.
 * @see Finagle's `PeakEwma.scala`, for the peak rule; it decays on reading, which makes its value depend on how often it is read
 */
export class PeakEwma {
  readonly #windowMs: number;
  #isSeen = false;
  #value = 0;
  #stamp = 0;

  /** @param windowMs the time in which an old peak falls to 1/e (37 %) of its height; more than 0 */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** True once there was a sample. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Takes a sample in at the time `now`. O(1), allocates nothing. */
  observe(sampleMs: number, now: number): void {
    const sample = sampleMs > 0 ? sampleMs : 0;
    if (sample >= this.#value) this.#value = sample;
    else this.#value = sample + (this.#value - sample) * this.#kept(now);
    if (!this.#isSeen || now > this.#stamp) this.#stamp = now;
    this.#isSeen = true;
  }

  /** The average in ms as of `now`; 0 if nothing was seen. Never above the highest sample. O(1). */
  at(now: number): number {
    return this.#value * this.#kept(now);
  }

  /** The share of the value that is left at `now`; a `now` before the last sample counts as that moment. */
  #kept(now: number): number {
    return now > this.#stamp ? Math.exp((this.#stamp - now) / this.#windowMs) : 1;
  }
}
