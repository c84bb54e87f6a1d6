import { performance } from 'node:perf_hooks';
import type { Cancel, Clock } from '../lib/clock.ts';
import { decay } from '../lib/decay.ts';

const TICK_MS = 100;
/** Time constant of both figures. */
const SMOOTHING_MS = 1_000;
/** So long after the last use the tick stops: a process that nobody asks is not woken up. */
const LINGER_MS = 60_000;

/** What the event loop has done since it started, in ms. */
export interface LoopTimes {
  readonly idle: number;
  readonly active: number;
}

/** How busy the event loop is and how late it runs timers, from a background tick while somebody wants to know. */
export class LoopMeter {
  /** Share of the last second or so in which the loop was not idle, 0..1. */
  utilization = 0;
  readonly #clock: Clock;
  readonly #times: () => LoopTimes;
  #delayMs = 0;
  #delayAt = 0;
  #last: LoopTimes;
  #lastAt: number;
  #usedAt = -Infinity;
  #dueAt = 0;
  #cancel: Cancel | undefined = undefined;
  #isClosed = false;
  readonly #tick = (): void => this.#onTick();

  constructor(clock: Clock, times: () => LoopTimes = () => performance.eventLoopUtilization()) {
    this.#clock = clock;
    this.#times = times;
    this.#last = times();
    this.#lastAt = clock.now();
  }

  /** How late timers run, in ms as of `now`: at once as late as the latest, less as time goes by without. */
  delayAt(now: number): number {
    return this.#delayMs * decay(Math.max(0, now - this.#delayAt) / SMOOTHING_MS);
  }

  /** Has the figures kept up to date for a while. */
  use(now: number): void {
    this.#usedAt = now;
    if (this.#cancel !== undefined || this.#isClosed) return;
    this.#sample(now);
    this.#schedule(now);
  }

  /** For good: whatever is asked or counted later does not start the tick again. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(now: number): void {
    this.#dueAt = now + TICK_MS;
    this.#cancel = this.#clock.schedule(TICK_MS, this.#tick, true);
  }

  #onTick(): void {
    const now = this.#clock.now();
    this.#cancel = undefined;
    this.#delayMs = Math.max(now - this.#dueAt, this.delayAt(now));
    this.#delayAt = now;
    this.#sample(now);
    if (now - this.#usedAt < LINGER_MS) this.#schedule(now);
  }

  #sample(now: number): void {
    const times = this.#times();
    const active = times.active - this.#last.active;
    const total = active + times.idle - this.#last.idle;
    if (!(total > 0)) return;
    const weight = 1 - decay((now - this.#lastAt) / SMOOTHING_MS);
    this.utilization += (Math.min(1, Math.max(0, active / total)) - this.utilization) * weight;
    this.#last = times;
    this.#lastAt = now;
  }
}
