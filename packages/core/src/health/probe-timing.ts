import { durationMs, integerIn, numberIn, v } from '../options.ts';
import type { ProbeTiming } from './probe.ts';

type Optional<Input, Output = Input> = v.GenericSchema<Input | undefined, Output>;

type TimingEntries = {
  readonly intervalMs: Optional<number>;
  readonly fastIntervalMs: Optional<number, number | undefined>;
  readonly downIntervalMs: Optional<number, number | undefined>;
  readonly spreadPercent: Optional<number>;
  readonly timeoutMs: Optional<number, number | undefined>;
  readonly rise: Optional<number>;
  readonly fall: Optional<number>;
  readonly onFail: Optional<'remove' | 'inhibit'>;
};

/** The timing options that every probe takes, to be spread into its schema. */
export const timingEntries: TimingEntries = {
  intervalMs: v.optional(durationMs(10), 2_000),
  fastIntervalMs: v.optional(durationMs(10)),
  downIntervalMs: v.optional(durationMs(10)),
  spreadPercent: v.optional(numberIn(0, 50, 'percent'), 5),
  timeoutMs: v.optional(durationMs(1)),
  rise: v.optional(integerIn(1, 100), 2),
  fall: v.optional(integerIn(1, 100), 3),
  onFail: v.optional(v.picklist(['remove', 'inhibit'], '"remove" or "inhibit"'), 'remove'),
};

type GivenTiming = { readonly [K in keyof TimingEntries]: v.InferOutput<TimingEntries[K]> };

/** Fills in the defaults that depend on the interval. */
export function timingOf(given: GivenTiming): ProbeTiming {
  const { intervalMs, fastIntervalMs, downIntervalMs, spreadPercent, timeoutMs, rise, fall, onFail } = given;
  return {
    intervalMs,
    fastIntervalMs: fastIntervalMs ?? Math.min(500, intervalMs),
    downIntervalMs: downIntervalMs ?? intervalMs,
    spreadPercent,
    timeoutMs: timeoutMs ?? Math.min(2_000, intervalMs),
    rise,
    fall,
    onFail,
  };
}
