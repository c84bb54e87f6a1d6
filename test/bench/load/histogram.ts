/** Counts latencies in steps of 10 us up to a second, so that a quantile costs no memory per request. */
export class Histogram {
  readonly #counts = new Uint32Array(100_000);
  #total = 0;

  add(ms: number): void {
    const step = Math.min(this.#counts.length - 1, (ms * 100) | 0);
    this.#counts[step]!++;
    this.#total++;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** In ms. @param share 0.99 for the 99th percentile */
  quantile(share: number): number {
    let left = this.#total * share;
    for (let step = 0; step < this.#counts.length; step++) {
      left -= this.#counts[step]!;
      if (left <= 0) return (step + 1) / 100;
    }
    return 1000;
  }
}
