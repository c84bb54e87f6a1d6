/**
 * Peak EWMA: of a few endpoints, the one with the least latency for its requests in flight and its weight. The default strategy.
 *
 * Latency is the greater of two readings: the peak-sensitive average of what was answered, and twice the mean age of what waits for
 * an answer. A request that is looked at while it waits is half-way through on average, hence twice; it shows an endpoint that got
 * stuck before a single answer is late.
 *
 * - Latencies are rounded to buckets of about 20 %, so that an endpoint that is a little slower still gets its part.
 * - An endpoint of which nothing is known gets one request, and the next one when that is answered; others, of whom something is
 *   known, carry the load meanwhile.
 * - The average decays while an endpoint is left alone, so each one is asked again in time, by one request first.
 *
 * When: almost always. When not: time to the response head says nothing about load (long polling, one socket for many requests), or
 * the split must follow the weights exactly whatever the endpoints' speeds.
 * @see Finagle's `PeakEwma.scala`; nginx's `least_time`, for the age of requests in flight
 */
import type { Endpoint } from '../endpoint.ts';
import { latencyBucket } from '../lib/latency-bucket.ts';
import type { Random } from '../lib/random.ts';
import type { ChoiceOptions, Metric } from './choices.ts';
import { ChoicePicker, resolveChoices } from './choices.ts';
import type { Picker, Strategy } from './strategy.ts';

/** The least latency for the requests in flight and the weight. A pick is O(choices). @throws INVALID_OPTIONS */
export function peakEwma(options: ChoiceOptions = {}): Strategy {
  const choices = resolveChoices('peakEwma', options);
  return {
    name: 'peak-ewma',
    build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) {
      const known =
        previous instanceof ChoicePicker && previous.metric instanceof PeakLatency ? previous.metric : undefined;
      return new ChoicePicker(endpoints, random, choices, known ?? new PeakLatency());
    },
  };
}

class PeakLatency implements Metric {
  /** What some endpoint's average was when last looked at; 0 as long as nothing is known of any. */
  #typical = 0;

  slowness(endpoint: Endpoint, now: number): number {
    const average = endpoint.latencyAt(now);
    if (average === 0) return this.#slownessOfUnseen(endpoint, now);
    this.#typical = average;
    return slownessOf(Math.max(average, 2 * endpoint.waitingAgeAt(now)));
  }

  #slownessOfUnseen(endpoint: Endpoint, now: number): number {
    if (this.#typical === 0) return 1;
    if (endpoint.inflight === 0) return 0;
    if (endpoint.inflight === 1) return Infinity;
    // It has more than its trial, so it got them when nothing was known of any endpoint.
    return slownessOf(Math.max(this.#typical, 2 * endpoint.waitingAgeAt(now)));
  }
}

function slownessOf(latencyMs: number): number {
  const bucket = latencyBucket(latencyMs);
  return bucket * bucket;
}
