/** Into how many slots a window is cut. */
export const SLOTS = 10;

/**
 * A sliding window as ten slots of time. What happened is counted in the slot of its moment, and a slot is emptied when its turn comes
 * again. So nothing older than the window counts, everything younger than nine tenths of it does, and nothing runs in the background:
 * a slot is known to be old by its number.
 */
export class SlotRing {
  readonly #slotMs: number;
  #serial = -Infinity;
  #slot = 0;

  /** @param windowMs the length of the window in ms, more than 0 */
  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  /** The slot of the present, 0..9. */
  get slot(): number {
    return this.#slot;
  }

  /**
   * Moves on to `now`; a `now` that lies back counts as the present. O(1), allocates nothing.
   * @returns how many slots have to be emptied, 0..10: the slot of the present and those before it
   */
  turn(now: number): number {
    const serial = Math.floor(now / this.#slotMs);
    if (serial <= this.#serial) return 0;
    const passed = Math.min(SLOTS, serial - this.#serial);
    this.#serial = serial;
    this.#slot = ((serial % SLOTS) + SLOTS) % SLOTS;
    return passed;
  }

  /** The slot that was the present `age` slots ago, for `age` in 0..9. */
  before(age: number): number {
    return (this.#slot - age + SLOTS) % SLOTS;
  }
}
