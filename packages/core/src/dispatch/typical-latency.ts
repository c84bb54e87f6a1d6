/**
 * How long an attempt usually takes until its response head, as far as requests with a deadline have shown: whoever has less time than
 * that left need not start another one.
 */
import { LatencyHistogram } from '../lib/latency-histogram.ts';

/** So little time is too little on any network; it is also the measure until there is a better one. */
const LEAST_MS = 5;
const WINDOW_MS = 60_000;
/** A median of fewer says little. */
const MIN_SAMPLES = 20;

export class TypicalLatency {
  /** Made with the first sample: most clusters see no deadline. */
  private histogram: LatencyHistogram | undefined = undefined;

  /** Takes note of an attempt that got its response head. O(1). */
  observe(latencyMs: number, now: number): void {
    (this.histogram ??= new LatencyHistogram(WINDOW_MS)).observe(latencyMs, now);
  }

  /** The median of the last minute, 5 ms at least. O(buckets), asked only where something has failed or waited. */
  at(now: number): number {
    const { histogram } = this;
    if (histogram === undefined || histogram.countAt(now) < MIN_SAMPLES) return LEAST_MS;
    return Math.max(LEAST_MS, histogram.percentileAt(50, now));
  }
}
