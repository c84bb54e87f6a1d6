/**
 * Several ejection policies as one: an endpoint is ejected as soon as one of them says so, and the longest time wins.
 *
 * While it is ejected none of them is asked: what still arrives was sent before. When it returns, it is on trial before all of them,
 * and all start with an empty slate: the endpoint has paid for what they saw.
 *
 * When: always; the policies see different sicknesses. When not: never the same policy twice with other numbers, since the stricter
 * one alone would do.
 */
import { objectWith, resolveOptions, v } from '../options.ts';
import type { Outcome } from '../outcome.ts';
import type { EjectionPolicy, EjectionTracker } from './ejection.ts';

const schema = v.strictObject({
  policies: v.pipe(
    v.array(objectWith<EjectionPolicy>('an ejection policy such as consecutiveFailures()', 'start')),
    v.nonEmpty('at least one ejection policy'),
  ),
});

/** Ejects when one of `policies` does, for the longest time. @throws INVALID_OPTIONS */
export function anyOf(...policies: readonly EjectionPolicy[]): EjectionPolicy {
  resolveOptions('anyOf', schema, { policies });
  return {
    name: `any-of(${policies.map((policy) => policy.name).join(', ')})`,
    start(random) {
      const judges = policies.map((policy) => policy.start(random));
      return { track: () => new Jury(judges.map((each) => each.track())) };
    },
  };
}

class Jury implements EjectionTracker {
  readonly #trackers: readonly EjectionTracker[];
  /** 1 for a tracker that asked for the last ejection. */
  readonly #asked: Uint8Array;
  #ejectedUntil = -Infinity;

  constructor(trackers: readonly EjectionTracker[]) {
    this.#trackers = trackers;
    this.#asked = new Uint8Array(trackers.length);
  }

  observe(outcome: Outcome, now: number, latencyMs: number): number {
    if (now < this.#ejectedUntil) return 0;
    let longest = 0;
    for (let i = 0; i < this.#trackers.length; i++) {
      const forMs = this.#trackers[i]!.observe(outcome, now, latencyMs);
      this.#asked[i] = forMs > 0 ? 1 : 0;
      if (forMs > longest) longest = forMs;
    }
    if (longest > 0) this.#ejectedUntil = now + longest;
    return longest;
  }

  refused(now: number): void {
    this.#ejectedUntil = -Infinity;
    for (let i = 0; i < this.#trackers.length; i++) if (this.#asked[i] === 1) this.#trackers[i]!.refused?.(now);
  }

  restored(now: number): void {
    this.#ejectedUntil = -Infinity;
    for (const tracker of this.#trackers) tracker.restored(now);
  }

  removed(): void {
    for (const tracker of this.#trackers) tracker.removed?.();
  }
}
