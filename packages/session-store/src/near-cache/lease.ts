/**
 * How long what this process remembers may be answered. Arithmetic only: whoever hears what changes in the store begins a lease,
 * confirms it again and again, and loses it when the connection is gone.
 *
 * A lease is confirmed by the moment at which the question was sent that has been answered now: everything that changed before the
 * answer was given has been heard by then. So a copy is never staler than the length of the lease, however the network fails.
 */

/** A lease, as the cache sees it. Times are on the clock of whoever holds the lease. */
export interface Lease {
  /** Names the unbroken time in which every change has been heard, from 1; 0 while changes may go unheard. */
  readonly epoch: number;
  /** Copies read in the current epoch may be answered before this moment; 0 outside of an epoch. */
  readonly until: number;
  /** When copies of an epoch were last known to be current; `-Infinity` for one that is forgotten. */
  confirmedAt(epoch: number): number;
}

/** A lease, as its holder sees it. */
export interface HeldLease extends Lease {
  /** Every change from `sentAt` on is heard, until `lose`. */
  begin(sentAt: number): void;
  /** A question sent at `sentAt` in this epoch was answered. Answers to questions of older epochs are ignored. */
  confirm(epoch: number, sentAt: number): void;
  /** From now on changes may go unheard. */
  lose(): void;
}

/** Epochs whose end is remembered: more than one only matters to whoever wants a copy at any age. */
const EPOCHS_KEPT = 8;

/** @param lengthMs how long one confirmation lasts, in ms */
export function lease(lengthMs: number): HeldLease {
  return new HeardLease(lengthMs);
}

class HeardLease implements HeldLease {
  epoch = 0;
  until = 0;
  readonly #lengthMs: number;
  readonly #confirmed = new Map<number, number>();
  #begun = 0;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  confirmedAt(epoch: number): number {
    return this.#confirmed.get(epoch) ?? -Infinity;
  }

  begin(sentAt: number): void {
    this.epoch = ++this.#begun;
    this.#confirmed.delete(this.epoch - EPOCHS_KEPT);
    this.confirm(this.epoch, sentAt);
  }

  confirm(epoch: number, sentAt: number): void {
    if (epoch === 0 || epoch !== this.epoch || sentAt <= this.confirmedAt(epoch)) return;
    this.#confirmed.set(epoch, sentAt);
    this.until = sentAt + this.#lengthMs;
  }

  lose(): void {
    this.epoch = 0;
    this.until = 0;
  }
}
