/**
 * One coarse timer for all connections of a transport. A timer per request would cost more than reading its head.
 *
 * Time limits are counted in ticks, not in time: if the event loop was blocked, that is one tick, and an answer that has arrived meanwhile
 * is read before its time is found to be up. The timer runs while something is under way, slower while connections are merely kept, and
 * not at all without any. It never holds the process: whoever waits has a socket that does.
 */
import type { Cancel, Clock } from '../../lib/clock.ts';

const TICK_MS = 25;
/** How often idle connections are looked at. */
const IDLE_TICK_MS = 1_000;

/** What has time limits. */
export interface Swept {
  /** Its place in the sweeper's list. */
  index: number;
  /** The tick at which its time is up; Infinity for never. */
  dueTick: number;
  onDue(): void;
  /** Ends it if nobody has used it for too long. */
  expire(now: number): void;
}

/** Ticks after which so many ms are over, and not many more. */
export function ticksOf(ms: number): number {
  return Math.ceil(ms / TICK_MS) + 1;
}

export class Sweeper {
  tick = 0;
  private readonly clock: Clock;
  private readonly swept: Swept[] = [];
  /** How many have something under way. */
  private busy = 0;
  private isFast = false;
  private cancel: Cancel | undefined = undefined;
  private readonly onTick = (): void => this.sweep();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** It has something under way, until `rest`. */
  add(one: Swept): void {
    one.index = this.swept.push(one) - 1;
    this.work();
  }

  remove(one: Swept): void {
    const last = this.swept.pop()!;
    if (last !== one) {
      this.swept[one.index] = last;
      last.index = one.index;
    }
    if (this.swept.length > 0) return;
    this.cancel?.();
    this.cancel = undefined;
    this.isFast = false;
  }

  work(): void {
    this.busy++;
    if (!this.isFast) this.arm(true);
  }

  rest(): void {
    this.busy--;
  }

  private arm(isFast: boolean): void {
    this.cancel?.();
    this.isFast = isFast;
    this.cancel = this.clock.schedule(isFast ? TICK_MS : IDLE_TICK_MS, this.onTick, true);
  }

  private sweep(): void {
    this.cancel = undefined;
    const isIdleTurn = !this.isFast || this.tick % (IDLE_TICK_MS / TICK_MS) === 0;
    this.tick++;
    const now = isIdleTurn ? this.clock.now() : 0;
    // Backwards, since whatever is removed is replaced by the last one.
    for (let i = this.swept.length - 1; i >= 0; i--) {
      const one = this.swept[i];
      if (one === undefined) continue;
      if (one.dueTick <= this.tick) one.onDue();
      else if (isIdleTurn) one.expire(now);
    }
    if (this.swept.length === 0) this.isFast = false;
    else if (this.cancel === undefined) this.arm(this.busy > 0);
  }
}
