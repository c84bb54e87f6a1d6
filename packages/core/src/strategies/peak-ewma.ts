/**
 * Peak EWMA: of a few endpoints, the one with the least latency for its requests in flight and its weight. The default strategy.
 *
 * Latency is the greater of two readings: the peak-sensitive average of what was answered, and the mean age of what still waits
 * for an answer, which shows an endpoint that got stuck before a single answer is late.
 *
 * - Latencies are rounded to buckets of about 20 %, so that an endpoint that is a little slower still gets its part.
 * - Up to twice the usual latency, twice the latency means half the requests in flight, which suits endpoints that are slow because
 *   they are busy. Beyond, it counts squared: an endpoint that is ten times slower is broken rather than busy, and by the first
 *   rule it would get a request whenever ten wait elsewhere.
 * - An endpoint of which nothing is known gets one request, and the next one when that is answered; others, of whom something is
 *   known, carry the load meanwhile.
 * - The average decays while an endpoint is left alone, so each one is asked again in time, by one request first.
 *
 * When: almost always. When not: the time to the response head says nothing about load (long polling, one socket for many
 * requests), or the split must follow the weights whatever the endpoints' speeds.
 * @see Finagle's `PeakEwma.scala`; nginx's `least_time`, for the age of requests in flight
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import type { ChoiceOptions, Metric } from './choices.ts';
import { resolveChoices } from './choices.ts';
import type { Picker, Strategy } from './strategy.ts';
import { choicePicker, metricOf } from './weighted-choices.ts';

/** Times the usual latency, from where on latency counts squared. */
const MUCH_SLOWER = 2;

/**
 * Slowness of what is to be taken after all others. A name of the module's own: the global `Infinity`, where it has not been reached yet,
 * is an unknown value to V8, and every number that meets it is boxed.
 */
const LAST = Infinity;

/** The least latency for the requests in flight and the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export function peakEwma(options: ChoiceOptions = {}): Strategy {
  const choices = resolveChoices('peakEwma', options);
  return {
    name: 'peak-ewma',
    build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) {
      const known = metricOf(previous);
      const metric = known instanceof PeakLatency ? known : new PeakLatency();
      return choicePicker(endpoints, random, choices, metric, previous);
    },
  };
}

class PeakLatency implements Metric {
  /** What a healthy endpoint's latency is like; 0 as long as nothing is known of any. */
  #typical = 0;

  slownessOf(endpoint: Endpoint, context: PickContext): number {
    const expected = endpoint.expectedUsAt(context.now);
    if (expected !== 0 && expected <= MUCH_SLOWER * this.#typical) return expected;
    return expected === 0 ? this.#slownessOfUnknown(endpoint, context) : this.#slownessOfSlow(expected);
  }

  /** Follows the lower readings, so that one slow endpoint of many does not become the measure of itself. */
  chose(slowness: number): void {
    const typical = this.#typical;
    if (slowness > MUCH_SLOWER * typical) this.#choseSlow(slowness);
    else if (slowness !== 0) this.#typical = typical + (slowness - typical) * (slowness < typical ? 1 / 8 : 1 / 64);
  }

  /** A far greater reading than usual counts by the latency that it stands for: see `#slownessOfSlow`. */
  #choseSlow(slowness: number): void {
    const typical = this.#typical;
    if (typical === 0 || slowness === LAST) return;
    this.#typical = typical + (Math.sqrt(slowness * MUCH_SLOWER * typical) - typical) / 64;
  }

  #slownessOfSlow(expected: number): number {
    if (this.#typical === 0) this.#typical = expected;
    const muchSlower = MUCH_SLOWER * this.#typical;
    return expected <= muchSlower ? expected : (expected * expected) / muchSlower;
  }

  /**
   * Least request, as long as nothing is known of any endpoint. Then one trial, before all others; and nothing more until it
   * ends. An endpoint with more than that in flight got it before, and counts as a usual one.
   */
  #slownessOfUnknown(endpoint: Endpoint, { now }: PickContext): number {
    if (this.#typical === 0) return 1;
    if (endpoint.inflight < 2) return endpoint.inflight === 0 ? 0 : LAST;
    return Math.max(this.#typical, endpoint.waitingAgeAt(now) * 1_000);
  }
}
