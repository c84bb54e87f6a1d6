/**
 * Ejects an endpoint after a number of failures in a row, each time for longer.
 *
 * The k-th ejection in a row lasts between `baseMs * 2^(k-1)` and twice that, chosen at random, and never longer than `maxMs`:
 * an endpoint that does not recover costs ever fewer requests, and the processes of a fleet do not come back to it all at once.
 * An endpoint that returns is on trial: one failure ejects it again, one success ends the trial. The time halves again for each
 * span, as long as the ejection that it makes up for, in which the endpoint stays well: it must be good for as long as it was bad.
 * A single success would be too cheap (an endpoint that fails six times of seven would be ejected for `baseMs` for ever), and
 * starting afresh after one good span would forget a long outage too fast.
 *
 * `rate-limited` neither counts nor ends a run: an endpoint that defends itself is neither broken nor proven well. What still
 * arrives from an endpoint while it is ejected was sent before and is not held against it twice.
 *
 * When: always; it needs no minimum traffic. When not alone: an endpoint that fails every second request is never caught by it.
 * @see Envoy's outlier detection (consecutive 5xx), Finagle's `FailureAccrualFactory.scala` (back-off), for the parts
 */
import type { Random } from '../lib/random.ts';
import { durationMs, integerIn, resolveOptions, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import { isFailure } from '../outcome.ts';
import type { EjectionPolicy, EjectionTracker } from './ejection.ts';

/** When to eject, and for how long. */
export interface ConsecutiveFailuresOptions {
  /** Failures in a row that eject, 1..1000. @default 5 */
  readonly threshold?: number;
  /** The shortest ejection in ms, 1..2^31-1. @default 5_000 */
  readonly baseMs?: number;
  /** The longest ejection in ms, at least `baseMs`. @default 300_000 */
  readonly maxMs?: number;
}

const schema = v.pipe(
  v.strictObject({
    threshold: v.optional(integerIn(1, 1000), 5),
    baseMs: v.optional(durationMs(1), 5_000),
    maxMs: v.optional(durationMs(1), 300_000),
  }),
  v.forward(
    v.check(({ baseMs, maxMs }) => maxMs >= baseMs, 'at least `baseMs`'),
    ['maxMs'],
  ),
);

type Resolved = Required<ConsecutiveFailuresOptions>;

/** Ejects after failures in a row. @throws INVALID_OPTIONS */
export function consecutiveFailures(options: ConsecutiveFailuresOptions = {}): EjectionPolicy {
  const resolved = resolveOptions('consecutiveFailures', schema, options);
  return { name: 'consecutive-failures', track: (random) => new FailureRun(resolved, random) };
}

class FailureRun implements EjectionTracker {
  readonly #options: Resolved;
  readonly #random: Random;
  #run = 0;
  /** How often the time has doubled. */
  #doublings = 0;
  #doublingsBefore = 0;
  #ejectedUntil = -Infinity;
  /** Since when the endpoint has been well, as far as that has not been set off against `#doublings`. */
  #wellSince = 0;

  constructor(options: Resolved, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  observe(outcome: Outcome, now: number): number {
    if (now < this.#ejectedUntil) return 0;
    if (isFailure(outcome)) return ++this.#run < this.#options.threshold ? 0 : this.#eject(now);
    if (outcome === 'success') {
      this.#run = 0;
      this.#forgive(now);
    }
    return 0;
  }

  refused(now: number): void {
    this.#ejectedUntil = -Infinity;
    this.#wellSince = now;
    this.#doublings = this.#doublingsBefore;
  }

  restored(now: number): void {
    this.#ejectedUntil = -Infinity;
    this.#wellSince = now;
    this.#run = this.#options.threshold - 1;
  }

  #eject(now: number): number {
    const shortest = this.#shortestMs();
    const span = Math.min(shortest, this.#options.maxMs - shortest);
    const forMs = shortest + span * this.#random.unit();
    this.#run = 0;
    this.#doublingsBefore = this.#doublings;
    if (shortest < this.#options.maxMs / 2) this.#doublings++;
    this.#ejectedUntil = now + forMs;
    this.#wellSince = this.#ejectedUntil;
    return forMs;
  }

  #forgive(now: number): void {
    for (; this.#doublings > 0 && now - this.#wellSince >= this.#shortestMs(); this.#doublings--) {
      this.#wellSince += this.#shortestMs();
    }
  }

  /** Half of the range must stay below `maxMs`, or the longest ejections would all be equal. */
  #shortestMs(): number {
    const { baseMs, maxMs } = this.#options;
    return Math.min(baseMs * 2 ** this.#doublings, Math.max(baseMs, maxMs / 2));
  }
}
