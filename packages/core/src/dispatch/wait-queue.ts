/**
 * Exchanges that wait because every endpoint is at its limit: the more urgent first, first come, first served among equals, bounded
 * in number and in time. When it is full, a newcomer takes the place of the youngest of the least urgent that are less urgent than itself: who
 * has waited longest has paid most. Nothing but its own time-out protects the least urgent from the others, which is what they are for.
 */
import type { Cancel, Clock } from '../lib/clock.ts';

/** How urgent a request is while it waits for room. It has no say over where the request goes, or over what is under way. */
export type Priority = 'high' | 'normal' | 'low';

/** Something that can be started later, or told that it never will be. */
export interface Waiter {
  /** There is room somewhere. @returns whether it was of use; if not, and unless it has left the queue, the waiter keeps its place */
  admit(): boolean;
  /** The wait was too long, or somebody more urgent has taken the place. */
  refuse(): void;
}

const LEVEL: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

/** True for what `Priority` lists. */
export function isPriority(value: unknown): value is Priority {
  return typeof value === 'string' && Object.hasOwn(LEVEL, value);
}

/** Those of one priority, oldest first, each linked to its neighbours so that the youngest is known at once. */
class Line {
  readonly places = new Map<Waiter, Place>();
  youngest: Place | undefined = undefined;
}

interface Place {
  readonly waiter: Waiter;
  readonly line: Line;
  readonly since: number;
  readonly cancelTimeout: Cancel;
  older: Place | undefined;
  younger: Place | undefined;
}

export class WaitQueue {
  /** How many wait. */
  size = 0;
  private readonly clock: Clock;
  private readonly maxQueued: number;
  private readonly timeoutMs: number;
  private readonly isElastic: boolean;
  private readonly lines: readonly Line[] = [new Line(), new Line(), new Line()];
  private rooms = 0;

  /** @param isElastic limits may rise meanwhile, so that where one goes out more than one may go in */
  constructor(clock: Clock, maxQueued: number, timeoutMs: number, isElastic: boolean = false) {
    this.clock = clock;
    this.maxQueued = maxQueued;
    this.timeoutMs = timeoutMs;
    this.isElastic = isElastic;
  }

  /** How long the one that has waited longest has waited by `now`, in ms; 0 if nobody waits. O(1) */
  oldestWaitMs(now: number): number {
    let since = now;
    for (const { places } of this.lines) {
      const oldest = places.values().next().value;
      if (oldest !== undefined && oldest.since < since) since = oldest.since;
    }
    return now - since;
  }

  /** @returns false if the queue is full of waiters that are as urgent or more. O(1) */
  add(waiter: Waiter, priority: Priority = 'normal'): boolean {
    const level = LEVEL[priority] ?? LEVEL.normal;
    const displaced = this.size < this.maxQueued ? undefined : this.youngestBelow(level);
    if (this.size >= this.maxQueued && displaced === undefined) return false;
    if (displaced !== undefined) this.leave(displaced);
    this.enter(waiter, this.lines[level]!);
    displaced?.waiter.refuse();
    return true;
  }

  remove(waiter: Waiter): void {
    if (this.size === 0) return;
    for (const { places } of this.lines) {
      const place = places.get(waiter);
      if (place !== undefined) return this.leave(place);
    }
  }

  /**
   * Lets in the first one that can use the room. One that fails at once makes room again within this call; the loop, not recursion,
   * serves the next.
   */
  admitOne(): void {
    if (this.size > 0) this.admitNext();
  }

  /** More endpoints may be picked than before: whoever can use that goes in. */
  admitAll(): void {
    for (const { waiter, line } of this.all()) if (line.places.has(waiter)) waiter.admit();
  }

  /** Refuses all. */
  clear(): void {
    for (const place of this.all()) {
      if (!place.line.places.has(place.waiter)) continue;
      this.leave(place);
      place.waiter.refuse();
    }
  }

  /** On its own, since there is hardly ever somebody waiting and this is asked at the end of every attempt. */
  private admitNext(): void {
    this.rooms++;
    if (this.rooms > 1) return;
    try {
      for (; this.rooms > 0; this.rooms--) {
        // One at a time and the first one only: to ask all of them each time would cost more than it finds.
        if (this.offer() && this.isElastic) while (this.first()?.admit() === true);
      }
    } finally {
      this.rooms = 0;
    }
  }

  private offer(): boolean {
    for (const { places } of this.lines) {
      for (const waiter of places.keys()) if (waiter.admit()) return true;
    }
    return false;
  }

  private first(): Waiter | undefined {
    const line = this.lines.find(({ places }) => places.size > 0);
    return line?.places.keys().next().value;
  }

  private all(): Place[] {
    return this.lines.flatMap(({ places }) => [...places.values()]);
  }

  private youngestBelow(level: number): Place | undefined {
    for (let below = this.lines.length - 1; below > level; below--) {
      const { youngest } = this.lines[below]!;
      if (youngest !== undefined) return youngest;
    }
    return undefined;
  }

  private enter(waiter: Waiter, line: Line): void {
    const cancelTimeout = this.clock.schedule(this.timeoutMs, () => {
      this.leave(place);
      waiter.refuse();
    });
    const older = line.youngest;
    const place: Place = { waiter, line, since: this.clock.now(), cancelTimeout, older, younger: undefined };
    if (older !== undefined) older.younger = place;
    line.youngest = place;
    line.places.set(waiter, place);
    this.size++;
  }

  private leave({ waiter, line, cancelTimeout, older, younger }: Place): void {
    cancelTimeout();
    if (older !== undefined) older.younger = younger;
    if (younger === undefined) line.youngest = older;
    else younger.older = older;
    line.places.delete(waiter);
    this.size--;
  }
}
