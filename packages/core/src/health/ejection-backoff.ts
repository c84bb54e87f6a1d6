/**
 * What all ejection policies share: for how long to eject, and how an endpoint comes back. A policy only says when an endpoint is unfit.
 *
 * The k-th ejection in a row lasts between `baseMs * 2^(k-1)` and twice that, chosen at random, and never longer than `maxMs`:
 * an endpoint that does not recover costs ever fewer requests, and the processes of a fleet do not come back to it all at once.
 * An endpoint that returns is on trial: unless the first request sent to it succeeds, it is ejected again, for longer. A 429 fails the
 * trial too: whoever asks for fewer requests is not to be given its full share. The time halves again for each
 * span, as long as the ejection that it makes up for, in which the endpoint stays well: it must be good for as long as it was bad.
 * A single success would be too cheap (an endpoint that fails six times of seven would be ejected for `baseMs` for ever), and
 * starting afresh after one good span would forget a long outage too fast.
 *
 * What was sent before the ejection is not held against the endpoint twice, even if it ends after the return: a request that hangs for
 * 30 s says nothing about an endpoint that came back 10 s ago.
 * @see Finagle's `FailureAccrualFactory.scala` (equal jitter, 5 s to 5 min); Linkerd's circuit breaking (a 429 fails the probe)
 */
import type { Random } from '../lib/random.ts';
import { durationMs, resolveOptions, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { EjectionTracker } from './ejection.ts';

/** For how long endpoints are ejected. The same for every policy. */
export interface EjectionTimes {
  /** The shortest ejection in ms, 1..2^31-1. @default 5_000 */
  readonly baseMs?: number;
  /** The longest ejection in ms, at least `baseMs`. @default 300_000 */
  readonly maxMs?: number;
}

/** What one policy looks for in one endpoint. */
export interface Detection {
  /**
   * Takes note of an attempt, as `EjectionTracker.observe` does. Allocates nothing.
   * @returns true if the endpoint should be ejected
   */
  isUnfit(outcome: Outcome, now: number, latencyMs: number): boolean;
  /** True while a success would change nothing. @default never */
  readonly isAtRest?: boolean;
  /** Forgets what was seen: the endpoint has paid for it. */
  forget(): void;
  /** Called when the endpoint is no longer a member. */
  removed?(): void;
}

/**
 * Resolves the options of an ejection policy: its own `entries` and the times.
 * @throws INVALID_OPTIONS
 */
export function resolveEjection<const E extends v.ObjectEntries>(
  where: string,
  entries: E,
  options: unknown,
): v.InferOutput<v.StrictObjectSchema<E, undefined>> & Required<EjectionTimes> {
  const schema = v.pipe(
    v.strictObject({
      ...entries,
      baseMs: v.optional(durationMs(1), 5_000),
      maxMs: v.optional(durationMs(1), 300_000),
    }) as v.GenericSchema<Required<EjectionTimes>>,
    v.forward(
      v.check(({ baseMs, maxMs }) => maxMs >= baseMs, 'at least `baseMs`'),
      ['maxMs'],
    ),
  );
  return resolveOptions(where, schema, options) as ReturnType<typeof resolveEjection<E>>;
}

/** Times and latencies may come in whole ms, rounded down: the start that follows from them may then be almost 1 ms too early. */
const SLACK_MS = 1;

/** Before all times. Times are kept in whole ms, which a field holds by itself, where a fraction or -Infinity has a box elsewhere. */
const EVER = -(2 ** 30);

/** Ejects for as long as the header says, whenever a detection finds the endpoint unfit. */
export class BackoffTracker implements EjectionTracker {
  readonly #times: Required<EjectionTimes>;
  readonly #random: Random;
  readonly #detection: Detection;
  /** Only what was sent since then counts. */
  #since = EVER;
  #sinceBefore = EVER;
  #isOnTrial = false;
  /** How often the time has doubled. */
  #doublings = 0;
  #doublingsBefore = 0;
  /** Since when the endpoint has been well, as far as that has not been set off against `#doublings`. */
  #wellSince = 0;

  constructor(times: Required<EjectionTimes>, random: Random, detection: Detection) {
    this.#times = times;
    this.#random = random;
    this.#detection = detection;
  }

  get isAtRest(): boolean {
    return this.#detection.isAtRest === true && this.#doublings === 0 && !this.#isOnTrial;
  }

  observe(outcome: Outcome, now: number, latencyMs: number): number {
    if (this.#isOld(now, latencyMs)) return 0;
    const isFailedTrial = this.#isOnTrial && outcome !== 'success';
    this.#isOnTrial = false;
    if (isFailedTrial || this.#detection.isUnfit(outcome, now, latencyMs)) return this.#eject(now);
    if (outcome === 'success') this.#forgive(now);
    return 0;
  }

  refused(now: number): void {
    this.#since = this.#sinceBefore;
    this.#wellSince = now;
    this.#doublings = this.#doublingsBefore;
  }

  restored(now: number): void {
    this.#since = this.#wellSince = Math.floor(now);
    this.#isOnTrial = true;
    this.#detection.forget();
  }

  removed(): void {
    this.#detection.removed?.();
  }

  /** A body that was cut short has no start; one that ends during the trial began before it, since a good head ends the trial. */
  #isOld(now: number, latencyMs: number): boolean {
    if (latencyMs < 0) return this.#isOnTrial || now < this.#since;
    return now - latencyMs < this.#since - SLACK_MS;
  }

  #eject(now: number): number {
    const shortest = this.#shortestMs();
    const span = Math.min(shortest, this.#times.maxMs - shortest);
    const forMs = shortest + span * this.#random.unit();
    this.#detection.forget();
    this.#doublingsBefore = this.#doublings;
    if (shortest < this.#times.maxMs / 2) this.#doublings++;
    this.#sinceBefore = this.#since;
    this.#since = this.#wellSince = Math.ceil(now + forMs);
    return forMs;
  }

  #forgive(now: number): void {
    for (; this.#doublings > 0 && now - this.#wellSince >= this.#shortestMs(); this.#doublings--) {
      this.#wellSince += this.#shortestMs();
    }
  }

  /** Half of the range must stay below `maxMs`, or the longest ejections would all be equal. */
  #shortestMs(): number {
    const { baseMs, maxMs } = this.#times;
    return Math.min(baseMs * 2 ** this.#doublings, Math.max(baseMs, maxMs / 2));
  }
}
