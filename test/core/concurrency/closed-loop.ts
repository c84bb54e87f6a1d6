/**
 * A limit in a closed loop with a simulated server: as many attempts are in flight as the limit allows, or as there is demand for. The
 * server has so many places and a queue in front of them, like a worker pool behind a socket.
 */
import type { ConcurrencyLimit, ConcurrencyLimiter, Outcome } from '@evenkeel/core';
import { EventQueue } from '../../simulation/event-queue.ts';

export interface LoopOptions {
  readonly places: number;
  /** How long an attempt occupies its place, in ms. */
  readonly serviceMs: (now: number) => number;
  /** Attempts that find the queue this long are answered with a 429 after 1 ms. @default no limit */
  readonly maxQueue?: number;
  /** Attempts that have no answer by then are given up. @default never */
  readonly timeoutMs?: number;
  /** Attempts that there is demand for at a time. @default as many as the limit allows */
  readonly demand?: (now: number) => number;
  readonly untilMs: number;
}

/** What the loop looked like, once per second. */
export interface Sample {
  readonly now: number;
  readonly limit: number;
  readonly queued: number;
  /** Successes so far. */
  readonly successes: number;
  readonly drops: number;
}

interface Attempt {
  readonly at: number;
  isOver: boolean;
}

export function runLoop(limit: ConcurrencyLimit, options: LoopOptions): Sample[] {
  return new ClosedLoop(limit.start(), options).run();
}

/** The limits between two times. */
export function limitsBetween(samples: readonly Sample[], from: number, until: number): number[] {
  return samples.filter(({ now }) => now >= from && now < until).map(({ limit }) => limit);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

class ClosedLoop {
  readonly #limiter: ConcurrencyLimiter;
  readonly #options: LoopOptions;
  readonly #events = new EventQueue<() => void>();
  readonly #queue: Attempt[] = [];
  readonly #samples: Sample[] = [];
  #now = 0;
  #busy = 0;
  #inflight = 0;
  #successes = 0;
  #drops = 0;

  constructor(limiter: ConcurrencyLimiter, options: LoopOptions) {
    this.#limiter = limiter;
    this.#options = options;
  }

  run(): Sample[] {
    this.#tick();
    while (this.#now < this.#options.untilMs) {
      this.#now = this.#events.nextAt;
      this.#events.pop()();
      this.#fill();
    }
    return this.#samples;
  }

  #tick(): void {
    const { limit } = this.#limiter;
    const [queued, successes, drops] = [this.#queue.length, this.#successes, this.#drops];
    this.#samples.push({ now: this.#now, limit, queued, successes, drops });
    this.#events.push(this.#now + 1_000, () => this.#tick());
  }

  #fill(): void {
    const { demand = () => Infinity } = this.#options;
    while (this.#inflight < Math.min(this.#limiter.limit, demand(this.#now))) this.#send();
  }

  #send(): void {
    const { places, maxQueue = Infinity, timeoutMs = Infinity } = this.#options;
    const attempt: Attempt = { at: this.#now, isOver: false };
    this.#inflight++;
    if (this.#busy < places) this.#serve(attempt);
    else if (this.#queue.length < maxQueue) this.#queue.push(attempt);
    else return this.#events.push(this.#now + 1, () => this.#end(attempt, 'rate-limited'));
    if (timeoutMs < Infinity) this.#events.push(this.#now + timeoutMs, () => this.#end(attempt, 'timeout'));
  }

  #serve(attempt: Attempt): void {
    this.#busy++;
    this.#events.push(this.#now + this.#options.serviceMs(this.#now), () => {
      this.#busy--;
      this.#end(attempt, 'success');
      const next = this.#queue.shift();
      if (next !== undefined) this.#serve(next);
    });
  }

  #end(attempt: Attempt, outcome: Outcome): void {
    if (attempt.isOver) return;
    attempt.isOver = true;
    if (outcome === 'success') this.#successes++;
    else this.#drops++;
    this.#limiter.observe(outcome, this.#now - attempt.at, this.#inflight--, this.#now);
  }
}
