/**
 * The picker of `prequal()`; what it does and why is said there.
 */
import type { Endpoint, PickContext } from '../endpoint.ts';
import { decay } from '../lib/decay.ts';
import { latencyBucketUs } from '../lib/latency-bucket.ts';
import type { Random } from '../lib/random.ts';
import { Draws } from './draws.ts';
import type { Candidate, Picker, PickerExplanation, Strategy } from './strategy.ts';

/** What all pickers of a strategy share. */
export interface HotColdRules {
  readonly quantile: number;
  readonly maxAgeMs: number;
  readonly choices?: number | undefined;
  /** Picks while reports are too few. */
  readonly fallback: Strategy;
  readonly counts: { picks: number; fallbackPicks: number };
}

const DEFAULT_MOST_CHOICES = 16;
/** Times `maxAgeMs`, after which an endpoint counts as one that does not report. */
const FORGOTTEN = 10;
/** Latencies of an endpoint after which 37 % of what its report said beyond the average is left. */
const FORGETTING = 0.5;
/** How many times as long an endpoint is left alone that is slower, so that a few slow ones are not the tail of all. */
const MOST_PATIENCE = 5;
/** Times the usual latency, from where on an endpoint counts as fuller; by the square, as it is broken rather than busy. */
const MUCH_SLOWER = 2;

export class HotColdPicker<E extends Endpoint> implements Picker<E> {
  readonly #endpoints: readonly E[];
  readonly #rules: HotColdRules;
  readonly #fallback: Picker<E>;
  readonly #indexOf: ReadonlyMap<Endpoint, number>;
  readonly #idIndexOf: ReadonlyMap<string, number>;
  readonly #draws: Draws;
  readonly #part: Float64Array;
  /** When the report came that `#sent` counts from; NaN before the first. */
  readonly #reportedAt: Float64Array;
  /** What was sent to the endpoint since its last report. */
  readonly #sent: Float64Array;
  readonly #sentAt: Float64Array;
  /** ms between two requests to an endpoint that has no fresh report. */
  readonly #askEvery: Float64Array;
  #cursor: number;
  #wasAsked = false;
  /** What a healthy endpoint's latency is like to this client; 0 as long as nothing is known of any. */
  #typicalUs = 0;
  readonly #choices: number;
  // The pool of one pick: endpoints, what this client expects of them, what they reported to have in flight for their weight; and from
  // that, what they are taken to have by now, the same in order of size, and their latencies.
  readonly #pool: Int32Array;
  readonly #expectedUs: Float64Array;
  readonly #reported: Float64Array;
  readonly #fullness: Float64Array;
  readonly #sorted: Float64Array;
  readonly #latencyUs: Int32Array;
  #size = 0;
  #mean = 0.5;

  constructor(endpoints: readonly E[], random: Random, rules: HotColdRules, previous: HotColdPicker<E> | undefined) {
    const n = endpoints.length;
    const weights = Float64Array.from(endpoints, ({ weight }) => weight);
    const meanWeight = weights.reduce((sum, weight) => sum + weight, 0) / n;
    this.#choices = Math.min(n, rules.choices ?? Math.min(DEFAULT_MOST_CHOICES, Math.max(2, Math.floor(n / 2))));
    this.#endpoints = endpoints;
    this.#rules = rules;
    this.#fallback = rules.fallback.build(endpoints, random, previous === undefined ? undefined : previous.#fallback);
    this.#indexOf = new Map(endpoints.map((endpoint, index) => [endpoint, index]));
    this.#idIndexOf = new Map(endpoints.map(({ id }, index) => [id, index]));
    this.#draws = new Draws(endpoints, random, 2 * this.#choices);
    this.#part = weights.map((weight) => 1 / weight);
    this.#askEvery = weights.map((weight) => rules.maxAgeMs * Math.max(1, meanWeight / weight));
    this.#reportedAt = new Float64Array(n).fill(NaN);
    this.#sent = new Float64Array(n);
    this.#sentAt = new Float64Array(n).fill(-Infinity);
    this.#cursor = random.below(n);
    this.#pool = new Int32Array(n);
    this.#expectedUs = new Float64Array(n);
    this.#reported = new Float64Array(n);
    this.#fullness = new Float64Array(n);
    this.#sorted = new Float64Array(n);
    this.#latencyUs = new Int32Array(n);
    if (previous !== undefined) this.#adopt(previous);
  }

  pick(context: PickContext): E | undefined {
    const { counts } = this.#rules;
    counts.picks++;
    if (this.#endpoints.length === 1) return this.#endpoints[0];
    if (this.#isInformed(context)) return this.#send(this.#choose(context), context.now);
    counts.fallbackPicks++;
    const endpoint = this.#fallback.pick(context);
    return endpoint === undefined ? undefined : this.#send(this.#indexOf.get(endpoint)!, context.now);
  }

  /** A stuck request is in flight too, and the last report does not know of it yet. */
  charge(endpoint: E): void {
    const index = this.#indexOf.get(endpoint);
    if (index !== undefined) this.#count(index);
    this.#fallback.charge?.(endpoint);
  }

  explain(context: PickContext): PickerExplanation {
    const { now } = context;
    const fresh = this.#endpoints.map((_, index) => index).filter((index) => this.#isFresh(index, now));
    if (fresh.length < 2) {
      const candidates = this.#endpoints.map((endpoint) => ({ endpoint, score: undefined }));
      return { regime: 'fallback', candidates: this.#fallback.explain?.(context).candidates ?? candidates };
    }
    this.#size = 0;
    for (const index of fresh) this.#add(index, this.#endpoints[index]!.expectedUsAt(now));
    this.#weigh(context);
    const threshold = this.#threshold();
    const isAnyCold = fresh.some((_, k) => this.#fullness[k]! <= threshold);
    const candidates = this.#endpoints.map((endpoint, index): Candidate => {
      const k = fresh.indexOf(index);
      if (k < 0) return { endpoint, score: undefined };
      const fullness = this.#fullness[k]!;
      if (!isAnyCold) return { endpoint, score: fullness };
      return { endpoint, score: fullness <= threshold ? this.#latencyUs[k]! / 1_000 : Infinity };
    });
    return { regime: isAnyCold ? 'cold' : 'hot', candidates };
  }

  /**
   * Draws the pool. False if it says too little; or if an endpoint that does not report was drawn first: so many picks are due to
   * those, and reports say nothing about them.
   */
  #isInformed(context: PickContext): boolean {
    const { now, tried } = context;
    this.#size = 0;
    // Others are drawn for those that are too old; but not all of hundreds.
    const most = 2 * this.#choices;
    for (let count = 0; count < most && this.#size < this.#choices; count++) {
      const index = this.#draws.draw(count, tried);
      if (index < 0) break;
      if (count === 0 && this.#isForgotten(index, now)) return false;
      if (!this.#isFresh(index, now)) continue;
      const expectedUs = this.#endpoints[index]!.expectedUsAt(context.now);
      this.#learn(expectedUs);
      this.#add(index, expectedUs);
    }
    return this.#size >= 2;
  }

  #send(index: number, now: number): E {
    this.#count(index);
    this.#sentAt[index] = now;
    return this.#endpoints[index]!;
  }

  #choose(context: PickContext): number {
    const asked = this.#wasAsked ? -1 : this.#nextToAsk(context);
    this.#wasAsked = asked >= 0;
    return asked >= 0 ? asked : this.#best(context);
  }

  /** The fastest of the cold ones, or else the emptiest; of equals the emptier one, then the one drawn first. */
  #best(context: PickContext): number {
    this.#weigh(context);
    const threshold = this.#threshold();
    let best = -1;
    let bestLatency = Infinity;
    let bestFullness = Infinity;
    for (let k = 0; k < this.#size; k++) {
      const fullness = this.#fullness[k]!;
      const latency = fullness <= threshold ? this.#latencyUs[k]! : Infinity;
      if (latency > bestLatency || (latency === bestLatency && fullness >= bestFullness)) continue;
      best = this.#pool[k]!;
      bestLatency = latency;
      bestFullness = fullness;
    }
    return best;
  }

  /** The most that still counts as cold. */
  #threshold(): number {
    return this.#sorted[Math.floor(this.#rules.quantile * (this.#size - 1))]!;
  }

  #add(index: number, expectedUs: number): void {
    this.#pool[this.#size] = index;
    this.#expectedUs[this.#size] = expectedUs;
    this.#reported[this.#size] = this.#endpoints[index]!.report!.inflight * this.#part[index]!;
    this.#size++;
  }

  /** Follows the lower readings, so that one slow endpoint of many does not become the measure of itself. */
  #learn(expectedUs: number): void {
    if (expectedUs === 0) return;
    const gain = this.#typicalUs === 0 ? 1 : expectedUs < this.#typicalUs ? 1 / 8 : 1 / 128;
    this.#typicalUs += (expectedUs - this.#typicalUs) * gain;
  }

  /** Works out how full and how slow those in the pool are by now. */
  #weigh(context: PickContext): void {
    let sum = 0;
    for (let k = 0; k < this.#size; k++) sum += this.#reported[k]!;
    this.#mean = sum / this.#size;
    for (let k = 0; k < this.#size; k++) this.#weighOne(k, context);
  }

  #weighOne(k: number, { now }: PickContext): void {
    const index = this.#pool[k]!;
    const endpoint = this.#endpoints[index]!;
    const report = endpoint.report!;
    const part = this.#part[index]!;
    const expectedUs = this.#expectedUs[k]!;
    const paceUs = FORGETTING * (expectedUs > 0 ? expectedUs : this.#typicalUs);
    const left = paceUs > 0 ? decay((Math.max(0, now - report.receivedAt) * 1_000) / paceUs) : 1;
    const estimate = this.#mean + (this.#reported[k]! - this.#mean) * left;
    this.#sort(k, estimate);
    const sent = report.receivedAt === this.#reportedAt[index] ? this.#sent[index]! : 0;
    const fullness = Math.max(estimate + sent * part, endpoint.inflight * part);
    const usualUs = MUCH_SLOWER * this.#typicalUs;
    const excess = usualUs > 0 && expectedUs > usualUs ? expectedUs / usualUs : 0;
    this.#fullness[k] = excess > 0 ? (fullness + part) * excess * excess : fullness;
    const ownMs = expectedUs / 1_000;
    this.#latencyUs[k] = latencyBucketUs(report.latencyMs >= 0 ? ownMs + (report.latencyMs - ownMs) * left : ownMs);
  }

  /** Puts an estimate among the `k` sorted ones. */
  #sort(k: number, estimate: number): void {
    let place = k;
    for (; place > 0 && this.#sorted[place - 1]! > estimate; place--) this.#sorted[place] = this.#sorted[place - 1]!;
    this.#sorted[place] = estimate;
  }

  /** An endpoint whose report has grown too old, that has nothing in flight that would bring one, and was left alone for long enough. */
  #nextToAsk({ now, tried, isRetryable }: PickContext): number {
    const index = this.#cursor;
    this.#cursor = index + 1 === this.#endpoints.length ? 0 : index + 1;
    if (tried !== undefined || isRetryable === false) return -1;
    if (this.#isFresh(index, now) || this.#isForgotten(index, now) || this.#endpoints[index]!.inflight > 0) return -1;
    const slowness = this.#endpoints[index]!.expectedUsAt(now) / this.#typicalUs;
    const patience = slowness > 1 ? Math.min(MOST_PATIENCE, slowness) : 1;
    return now - this.#sentAt[index]! >= this.#askEvery[index]! * patience ? index : -1;
  }

  #isFresh(index: number, now: number): boolean {
    return this.#isYounger(index, now - this.#rules.maxAgeMs);
  }

  #isForgotten(index: number, now: number): boolean {
    return !this.#isYounger(index, now - FORGOTTEN * this.#rules.maxAgeMs);
  }

  /** True if the endpoint has reported its requests in flight since then. */
  #isYounger(index: number, since: number): boolean {
    const { report } = this.#endpoints[index]!;
    return report !== undefined && report.inflight >= 0 && report.receivedAt >= since;
  }

  /** One request more since the endpoint's last report. */
  #count(index: number): void {
    const { report } = this.#endpoints[index]!;
    if (report !== undefined && report.receivedAt !== this.#reportedAt[index]) {
      this.#reportedAt[index] = report.receivedAt;
      this.#sent[index] = 0;
    }
    this.#sent[index] = this.#sent[index]! + 1;
  }

  /** What is known of those that stay. */
  #adopt(previous: HotColdPicker<E>): void {
    this.#typicalUs = previous.#typicalUs;
    this.#endpoints.forEach(({ id }, index) => {
      const before = previous.#idIndexOf.get(id);
      if (before === undefined) return;
      this.#reportedAt[index] = previous.#reportedAt[before]!;
      this.#sent[index] = previous.#sent[before]!;
      this.#sentAt[index] = previous.#sentAt[before]!;
    });
  }
}
