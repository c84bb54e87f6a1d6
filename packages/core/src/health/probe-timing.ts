import { durationMs, integerIn, v } from '../options.ts';
import type { ProbeTiming } from './probe.ts';

type Optional<Output> = v.GenericSchema<number | undefined, Output>;

type TimingEntries = {
  readonly intervalMs: Optional<number>;
  readonly fastIntervalMs: Optional<number | undefined>;
  readonly timeoutMs: Optional<number | undefined>;
  readonly rise: Optional<number>;
  readonly fall: Optional<number>;
};

/** The timing options that every probe takes, to be spread into its schema. */
export const timingEntries: TimingEntries = {
  intervalMs: v.optional(durationMs(10), 2_000),
  fastIntervalMs: v.optional(durationMs(10)),
  timeoutMs: v.optional(durationMs(1)),
  rise: v.optional(integerIn(1, 100), 2),
  fall: v.optional(integerIn(1, 100), 3),
};

type GivenTiming = { readonly [K in keyof TimingEntries]: v.InferOutput<TimingEntries[K]> };

/** Fills in the defaults that depend on the interval. */
export function timingOf({ intervalMs, fastIntervalMs, timeoutMs, rise, fall }: GivenTiming): ProbeTiming {
  return {
    intervalMs,
    fastIntervalMs: fastIntervalMs ?? Math.min(500, intervalMs),
    timeoutMs: timeoutMs ?? Math.min(2_000, intervalMs),
    rise,
    fall,
  };
}
