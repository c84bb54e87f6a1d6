/**
 * Exchanges that wait because every endpoint is at its limit: first come, first served, bounded in number and in time.
 */
import type { Cancel, Clock } from '../lib/clock.ts';

/** Something that can be started later, or told that it never will be. */
export interface Waiter {
  /** There is room somewhere. @returns whether it was of use; if not, and unless it has left the queue, the waiter keeps its place */
  admit(): boolean;
  /** The wait was too long. */
  refuse(): void;
}

export class WaitQueue {
  private readonly clock: Clock;
  private readonly maxQueued: number;
  private readonly timeoutMs: number;
  private readonly places = new Map<Waiter, Cancel>();
  private rooms = 0;

  constructor(clock: Clock, maxQueued: number, timeoutMs: number) {
    this.clock = clock;
    this.maxQueued = maxQueued;
    this.timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.places.size;
  }

  /** @returns false if the queue is full */
  add(waiter: Waiter): boolean {
    if (this.places.size >= this.maxQueued) return false;
    const cancelTimeout = this.clock.schedule(this.timeoutMs, () => {
      this.places.delete(waiter);
      waiter.refuse();
    });
    this.places.set(waiter, cancelTimeout);
    return true;
  }

  remove(waiter: Waiter): void {
    this.places.get(waiter)?.();
    this.places.delete(waiter);
  }

  /**
   * Lets in the first one that can use the room. One that fails at once makes room again within this call; the loop, not recursion,
   * serves the next.
   */
  admitOne(): void {
    if (this.places.size > 0) this.admitNext();
  }

  /** More endpoints may be picked than before: whoever can use that goes in. */
  admitAll(): void {
    for (const waiter of [...this.places.keys()]) if (this.places.has(waiter)) waiter.admit();
  }

  /** On its own, since there is hardly ever somebody waiting and this is asked at the end of every attempt. */
  private admitNext(): void {
    this.rooms++;
    if (this.rooms > 1) return;
    try {
      for (; this.rooms > 0; this.rooms--) this.offer();
    } finally {
      this.rooms = 0;
    }
  }

  private offer(): void {
    for (const waiter of this.places.keys()) if (waiter.admit()) return;
  }

  /** Refuses all. */
  clear(): void {
    for (const waiter of [...this.places.keys()]) {
      this.remove(waiter);
      waiter.refuse();
    }
  }
}
