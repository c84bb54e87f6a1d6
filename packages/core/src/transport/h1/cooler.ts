/**
 * Where connections rest between two requests until the event loop has looked at their sockets once more. What an endpoint has sent after
 * the end of a response is found there, before the next request goes out, and cannot be taken for the answer to it
 * (GHSA-35p6-xmwp-9g52).
 *
 * An immediate runs after the poll that its connection's response came with; only the second one has another poll before it.
 */
import type { Clock } from '../../lib/clock.ts';

/** What can rest here. */
export interface Cooling {
  onCooled(now: number): void;
}

export class Cooler {
  private readonly clock: Clock;
  private young: Cooling[] = [];
  private old: Cooling[] = [];
  private isTurning = false;
  private readonly onTurn = (): void => this.turn();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(one: Cooling): void {
    this.young.push(one);
    if (this.isTurning) return;
    this.isTurning = true;
    setImmediate(this.onTurn);
  }

  private turn(): void {
    const cooled = this.old;
    this.old = this.young;
    this.young = [];
    this.isTurning = this.old.length > 0;
    if (this.isTurning) setImmediate(this.onTurn);
    if (cooled.length === 0) return;
    const now = this.clock.now();
    for (let i = 0; i < cooled.length; i++) cooled[i]!.onCooled(now);
  }
}
