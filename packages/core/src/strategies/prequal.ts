/**
 * Prequal: endpoints say with every response how many requests they have in flight and how long those take; of a few endpoints, the
 * fastest of those that are not too full. Reports come from all that an endpoint serves, so several balancers before the same
 * endpoints see one truth, where each of them alone would count its own requests only.
 *
 * Hot and cold: an endpoint is cold while it has no more in flight (for its weight) than most of those that are compared, the
 * quantile `quantile` of what they reported. Of the cold ones the least latency wins; if none is cold, the fewest in flight.
 *
 * - A report grows old within about one latency, since by then the requests that it counted are over and the other balancers have
 *   acted on theirs. What it said fades into the average of the reports, and its latency into what this client sees. With reports
 *   that are always old this is least request by this client's own count; without it, all clients would run after the same news.
 * - A report is as of its sending. What this picker has sent since is added to it, or all that is sent between two reports would go to
 *   one endpoint; and an endpoint never counts as having less in flight than this client has there. By that, one that always
 *   claims to be idle and fast is hot as soon as it has more of this client's requests than the others report. Draws do the rest:
 *   it gets at most the share of the picks in which it is drawn, about half of them where four or more of equal weight report.
 * - An endpoint that this client itself finds more than twice as slow as usual counts as fuller, by the square of that. Failures raise what
 *   it expects, so one that fails at once, and so is idle and fast, does not draw the traffic of all (what the paper calls sinkholing).
 * - An endpoint whose report is too old takes no part; it is asked with a request of its own, about one per `maxAgeMs`, and fewer, down
 *   to a fifth, if it was slower than the others. So none is forgotten, and none gets a rush. Endpoints that never report get their
 *   part by the rule below, in proportion to their weight.
 * - With fewer than two fresh reports there is nothing to compare. Then this is `peakEwma()`, from what the client itself sees (the
 *   paper says random, but its client knows nothing else). Such picks are counted: many of them mean reports that do not come.
 * - Draws, and not a scan of all: a fleet of balancers that all see the same best endpoint must not all take it.
 *
 * When: several balancers before the same endpoints, uneven or shared machines, and `reportLoad()` in each endpoint. When not: nothing
 * reports, or fewer than one request per second reaches each endpoint (add `loadProbe()` then).
 * @see Wydrowski, Kleinberg, Rumble, Archer: "Load is not what you should balance: Introducing Prequal" (NSDI 2024)
 */
import type { Endpoint } from '../endpoint.ts';
import type { Random } from '../lib/random.ts';
import { durationMs, integerIn, numberIn, resolveOptions, v } from '../options.ts';
import { HotColdPicker } from './hot-cold-picker.ts';
import { peakEwma } from './peak-ewma.ts';
import type { Picker, Strategy } from './strategy.ts';

/** How reports are made use of. */
export interface PrequalOptions {
  /**
   * Which quantile of the requests in flight still counts as cold, 0..1: 0 is least in flight alone, 1 nearly latency alone. Between 0.6
   * and 0.9 it makes little difference. @default 2 ** -0.25, about 0.84
   */
  readonly quantile?: number;
  /** ms after which a report is too old, 1..600_000. @default 1_000 */
  readonly maxAgeMs?: number;
  /** Distinct endpoints that are compared, 2..64. @default half of them, at least 2 and at most 16 */
  readonly choices?: number;
}

/** A `prequal()`, and how well its endpoints keep it informed. */
export interface PrequalStrategy extends Strategy {
  /** Picks so far, of all clusters that use it. */
  readonly picks: number;
  /** Those for which there were too few fresh reports. */
  readonly fallbackPicks: number;
}

const schema = v.strictObject({
  quantile: v.optional(numberIn(0, 1), 2 ** -0.25),
  maxAgeMs: v.optional(durationMs(1, 600_000), 1_000),
  choices: v.optional(integerIn(2, 64)),
});

/** The least latency among endpoints that are not too full, by their own reports. A pick is O(choices). @throws INVALID_OPTIONS */
export function prequal(options: PrequalOptions = {}): PrequalStrategy {
  const counts = { picks: 0, fallbackPicks: 0 };
  const rules = { ...resolveOptions('prequal', schema, options), counts, fallback: peakEwma() };
  return {
    name: 'prequal',
    build: <E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) =>
      new HotColdPicker(endpoints, random, rules, previous instanceof HotColdPicker ? previous : undefined),
    get picks() {
      return counts.picks;
    },
    get fallbackPicks() {
      return counts.fallbackPicks;
    },
  };
}
