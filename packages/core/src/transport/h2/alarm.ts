/**
 * One timer for many deadlines: it is set to the earliest of them, and whoever has them looks which are due. A deadline that moves away
 * costs nothing.
 */
import type { Cancel, Clock } from '../../lib/clock.ts';

/** The longest that a timer of Node can wait. */
const MAX_DELAY_MS = 2_147_483_647;

export class Alarm {
  private readonly clock: Clock;
  private readonly ring: (now: number) => void;
  private at = Infinity;
  private cancel: Cancel | undefined = undefined;

  /** @param ring sets it again if there are further deadlines */
  constructor(clock: Clock, ring: (now: number) => void) {
    this.clock = clock;
    this.ring = ring;
  }

  /** Rings at `at` at the latest; Infinity for no deadline. It may ring earlier, for one that is gone. */
  set(at: number, now: number): void {
    if (at >= this.at) return;
    this.cancel?.();
    this.at = at;
    const delayMs = Math.min(MAX_DELAY_MS, Math.max(0, at - now));
    // The connections hold the process as long as somebody waits for something.
    this.cancel = this.clock.schedule(delayMs, () => this.fire(), true);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.at = Infinity;
  }

  private fire(): void {
    this.cancel = undefined;
    this.at = Infinity;
    this.ring(this.clock.now());
  }
}
