/**
 * When this process itself could not keep up: an event loop that was blocked reads answers late, and they look late without the
 * endpoint having been slow. A background tick notes when it ran later than it was due; what lies between was a stall. So the time
 * that an attempt lost to stalls can be taken off its latency, and a time limit that ran out during one is not held against anybody.
 *
 * What it says is a lower bound: a stall shorter than the tick may fall between two ticks, and of a longer one up to a tick is not seen.
 */
import type { Cancel, Clock } from '../lib/clock.ts';

const TICK_MS = 20;
/** Timers are that late by themselves on a busy machine. */
const GRAIN_MS = 5;
/** Stalls that are remembered, the latest ones. */
const KEPT = 64;
/** So long after the last use the tick stops. */
const LINGER_MS = 1_000;

/** Knows the event loop's stalls while somebody uses it. */
export interface StallMeter {
  /** Somebody is going to ask about the time from `now` on; for each call there is one of `end`. Starts the tick if need be. O(1). */
  begin(now: number): void;
  /** One of them has asked. O(1). */
  end(now: number): void;
  /**
   * ms in `from`..`to` in which the event loop was blocked, as far as is known; a stall under way counts up to `to`.
   * O(stalls in that time, at most 64), allocates nothing.
   * @param to the present
   */
  stallBetween(from: number, to: number): number;
  /** Ends the tick. */
  close(): void;
}

/** For a clock that is not the machine's: it says nothing about the event loop. */
export const NO_STALLS: StallMeter = {
  begin: () => undefined,
  end: () => undefined,
  stallBetween: () => 0,
  close: () => undefined,
};

/** Watches the event loop that it runs on, or whatever `clock` stands for. */
export function stallMeter(clock: Clock): StallMeter {
  return new TickingMeter(clock);
}

class TickingMeter implements StallMeter {
  readonly #clock: Clock;
  readonly #from = new Float64Array(KEPT);
  readonly #to = new Float64Array(KEPT).fill(-Infinity);
  /** Where the next stall goes. */
  #next = 0;
  #users = 0;
  #usedAt = -Infinity;
  /** When the tick is to run; infinite while there is none. */
  #dueAt = Infinity;
  #cancel: Cancel | undefined = undefined;
  #isClosed = false;
  readonly #tick = (): void => this.#onTick();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(now: number): void {
    this.#users++;
    this.#usedAt = now;
    if (this.#dueAt === Infinity && !this.#isClosed) this.#schedule(now);
  }

  end(now: number): void {
    this.#users--;
    this.#usedAt = now;
  }

  stallBetween(from: number, to: number): number {
    let stalledMs = to - this.#dueAt > GRAIN_MS ? Math.max(0, to - Math.max(from, this.#dueAt)) : 0;
    for (let i = 1; i <= KEPT; i++) {
      const place = (this.#next - i + KEPT) % KEPT;
      const end = Math.min(to, this.#to[place]!);
      if (end <= from) break;
      stalledMs += Math.max(0, end - Math.max(from, this.#from[place]!));
    }
    return stalledMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#dueAt = Infinity;
  }

  #schedule(now: number): void {
    this.#dueAt = now + TICK_MS;
    this.#cancel = this.#clock.schedule(TICK_MS, this.#tick, true);
  }

  #onTick(): void {
    const now = this.#clock.now();
    if (now - this.#dueAt > GRAIN_MS) {
      this.#from[this.#next] = this.#dueAt;
      this.#to[this.#next] = now;
      this.#next = (this.#next + 1) % KEPT;
    }
    this.#dueAt = Infinity;
    if (this.#users > 0 || now - this.#usedAt < LINGER_MS) this.#schedule(now);
  }
}
