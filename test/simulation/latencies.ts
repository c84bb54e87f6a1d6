/**
 * Latencies by the million: numbers in one growing array, sorted when they are first asked about.
 */
export class Latencies {
  #values = new Float64Array(1024);
  #count = 0;
  #isSorted = true;
  #sum = 0;

  get count(): number {
    return this.#count;
  }

  get mean(): number {
    return this.#sum / this.#count;
  }

  push(ms: number): void {
    if (this.#count === this.#values.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#count++] = ms;
    this.#sum += ms;
    this.#isSorted = false;
  }

  /** Percentage of all that took at most `ms`. */
  percentWithin(ms: number): number {
    let within = 0;
    for (let i = 0; i < this.#count; i++) if (this.#values[i]! <= ms) within++;
    return (100 * within) / this.#count;
  }

  /** The latency that `percent` % of all do not exceed; NaN if there is none. */
  percentile(percent: number): number {
    if (!this.#isSorted) {
      this.#values.subarray(0, this.#count).sort();
      this.#isSorted = true;
    }
    if (this.#count === 0) return Number.NaN;
    return this.#values[Math.min(this.#count - 1, Math.floor((this.#count * percent) / 100))]!;
  }
}
