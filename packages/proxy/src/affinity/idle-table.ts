/**
 * A table that forgets: what was not used for a while, and the least recently used where there is more than may be. O(1), no timers.
 */

export interface IdleLimits {
  /** ms after its last use that an entry counts no more. */
  readonly idleMs: number;
  readonly maxEntries: number;
}

interface Entry {
  value: string;
  usedAt: number;
}

/** A `set` removes up to so many that are out of date, so that a table that was full once shrinks again. */
const SWEPT_PER_SET = 2;

export class IdleTable {
  readonly #limits: IdleLimits;
  /** In the order of use: the first one was used the longest ago. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reading is no use: what nobody confirms by `set` runs out. */
  get(key: string, now: number): string | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || this.isOver(entry, now) ? undefined : entry.value;
  }

  set(key: string, value: string, now: number): void {
    const entry = this.#entries.get(key) ?? { value, usedAt: now };
    entry.value = value;
    entry.usedAt = now;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.sweep(now);
  }

  private sweep(now: number): void {
    let left = SWEPT_PER_SET;
    for (const [key, entry] of this.#entries) {
      const isTooMany = this.#entries.size > this.#limits.maxEntries;
      if (left-- === 0 || (!isTooMany && !this.isOver(entry, now))) return;
      this.#entries.delete(key);
    }
  }

  private isOver({ usedAt }: Entry, now: number): boolean {
    return now - usedAt >= this.#limits.idleMs;
  }
}
