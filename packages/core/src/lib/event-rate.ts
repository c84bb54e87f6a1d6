const SLOTS = 10;

/** Events per second over the last `windowMs`, counted in ten slots: exact to a tenth of the window, in constant memory. */
export class EventRate {
  readonly #slotMs: number;
  readonly #startedAt: number;
  readonly #counts = new Uint32Array(SLOTS);
  /** The number of the slot that time is in, counted from the clock's origin. */
  #slot: number;
  #sum = 0;

  constructor(windowMs: number, now: number) {
    this.#slotMs = windowMs / SLOTS;
    this.#startedAt = now;
    this.#slot = Math.floor(now / this.#slotMs);
  }

  /** Counts an event that happens at `now`. O(1) amortised, allocates nothing. */
  count(now: number): void {
    this.#advance(now);
    const place = this.#slot % SLOTS;
    this.#counts[place] = this.#counts[place]! + 1;
    this.#sum++;
  }

  /** Events per second as of `now`; while the window is not full yet, over the time that there is, of which it takes one slot. */
  at(now: number): number {
    this.#advance(now);
    const begun = now - this.#slot * this.#slotMs;
    const spanMs = Math.min((SLOTS - 1) * this.#slotMs + begun, now - this.#startedAt);
    return (this.#sum * 1_000) / Math.max(spanMs, this.#slotMs);
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    const first = Math.max(this.#slot + 1, slot - SLOTS + 1);
    for (let passed = first; passed <= slot; passed++) {
      const place = passed % SLOTS;
      this.#sum -= this.#counts[place]!;
      this.#counts[place] = 0;
    }
    if (slot > this.#slot) this.#slot = slot;
  }
}
