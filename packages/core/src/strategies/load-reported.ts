/**
 * Weighted round robin whose weights come from the endpoints' own load reports: as many requests as each says it can take.
 *
 * An endpoint that serves `requestsPerSecond` at a `utilization` could serve their quotient; errors count as utilization too. That
 * capacity, relative to the others' and times the configured weight, is its weight. (gRFC A58.)
 *
 * - Weights are worked out anew during a pick, once in `updateMs`.
 * - An endpoint counts as one of mean capacity while it reports nothing that can be used, for `blackoutMs` from its first report on,
 *   since the first figures of a process that starts are no measure, and once its last report is older than `expirationMs`, after
 *   which the blackout starts over.
 * - Below two endpoints whose reports count, the configured weights hold alone: `weightedRoundRobin()`.
 * - Reports are hints from outside. A capacity counts as at most ten times and at least a tenth of the median one, so an endpoint that
 *   lies, while more than half tell the truth, draws at most ten times the traffic of a median endpoint of its configured weight.
 *
 * When: endpoints of unlike or changing capacity that report it, and requests so short or few that latency tells little. When not: it
 * evens out utilization, not latency, and follows with a delay of `updateMs` and more; `peakEwma()` sees a stall at once.
 * @see gRFC A58 (https://github.com/grpc/proposal/blob/master/A58-client-side-weighted-round-robin-lb-policy.md)
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import { Capacities } from './capacities.ts';
import type { CapacityOptions } from './capacities.ts';
import { durationMs, numberIn, resolveOptions, v } from '../options.ts';
import type { Picker, PickerExplanation, Strategy } from './strategy.ts';
import { TurnPicker } from './turn-picker.ts';

/** How endpoints' reports become weights. */
export interface LoadReportedOptions {
  /** How long reports are not believed yet, from an endpoint's first one on, in ms. @default 10_000 */
  readonly blackoutMs?: number;
  /** How long a report counts, in ms, 1 or more. @default 180_000 */
  readonly expirationMs?: number;
  /** How often weights are worked out anew, in ms, 100 or more. @default 1_000 */
  readonly updateMs?: number;
  /** How much utilization it counts as if all requests fail, 0..1000. @default 1 */
  readonly errorUtilizationPenalty?: number;
}

const schema = v.strictObject({
  blackoutMs: v.optional(durationMs(0), 10_000),
  expirationMs: v.optional(durationMs(1), 180_000),
  updateMs: v.optional(durationMs(100), 1_000),
  errorUtilizationPenalty: v.optional(numberIn(0, 1_000), 1),
});

/** In turn, as often as reports and weights say. A pick is O(1) amortised, plus O(n log n) once in `updateMs`. @throws INVALID_OPTIONS */
export function loadReported(options: LoadReportedOptions = {}): Strategy {
  const resolved = resolveOptions('loadReported', schema, options);
  return {
    name: 'load-reported',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new ReportedPicker(endpoints, random, resolved, previous instanceof ReportedPicker ? previous : undefined),
  };
}

class ReportedPicker<E extends Endpoint> implements Picker<E> {
  readonly #endpoints: readonly E[];
  readonly #turns: TurnPicker<E>;
  readonly #capacities: Capacities;
  readonly #weights: Float64Array;
  readonly #updateMs: number;
  /** On the cluster's clock; the first pick of all tells what time it is. */
  #updateAt: number;

  constructor(
    endpoints: readonly E[],
    random: Random,
    options: CapacityOptions & { readonly updateMs: number },
    previous: ReportedPicker<E> | undefined,
  ) {
    this.#endpoints = endpoints;
    this.#updateMs = options.updateMs;
    this.#updateAt = previous === undefined ? -Infinity : previous.#updateAt;
    this.#capacities = new Capacities(endpoints.length, options);
    if (previous !== undefined) this.#remember(previous);
    this.#weights = new Float64Array(endpoints.length);
    this.#weigh();
    this.#turns = new TurnPicker(
      endpoints,
      this.#weights,
      random,
      previous === undefined ? undefined : previous.#turns,
    );
  }

  pick(context: PickContext): E | undefined {
    if (context.now >= this.#updateAt) this.#update(context);
    return this.#turns.pick(context);
  }

  /** A stuck request takes up its endpoint's next turn. What an endpoint can owe is bounded to about a round. */
  charge(endpoint: E): void {
    this.#turns.charge(endpoint);
  }

  /** As of the last update of the weights. */
  explain(context: PickContext): PickerExplanation {
    return {
      regime: this.#capacities.areKnown ? 'reported-weights' : 'configured-weights',
      candidates: this.#turns.explain(context),
    };
  }

  #update(context: PickContext): void {
    this.#updateAt = context.now + this.#updateMs;
    for (let i = 0; i < this.#endpoints.length; i++) this.#capacities.observe(i, this.#endpoints[i]!.report, context);
    this.#capacities.compare();
    this.#weigh();
    this.#turns.reweigh(this.#weights);
  }

  #weigh(): void {
    for (let i = 0; i < this.#weights.length; i++) {
      this.#weights[i] = this.#endpoints[i]!.weight * this.#capacities.relative[i]!;
    }
  }

  #remember(previous: ReportedPicker<E>): void {
    this.#endpoints.forEach(({ id }, index) => {
      const old = previous.#turns.indexOf(id);
      if (old !== undefined) this.#capacities.adopt(index, previous.#capacities, old);
    });
    this.#capacities.compare();
  }
}
