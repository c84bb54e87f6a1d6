/**
 * A bound on what hashing may put on one endpoint: `ceil(factor * (total + 1) * share)` requests in flight, where the total is that of
 * all endpoints and the share is the endpoint's part of the weight. A key that is hot, or unlucky neighbours, spill over to others.
 * @see Mirrokni, Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads", https://arxiv.org/abs/1608.01350
 */
import type { Endpoint } from '../endpoint.ts';
import { numberIn, v } from '../options.ts';

/** How much more than its share an endpoint may have. */
export interface BoundedLoadOptions {
  /**
   * Requests in flight, as a multiple of the endpoint's share of them all, 1.01..10. The less, the evener, and the more keys are not where
   * they belong; 1.25 is common.
   */
  readonly factor: number;
}

export const boundedLoadSchema: v.GenericSchema<unknown, BoundedLoadOptions> = v.pipe(
  v.looseObject({}),
  v.strictObject({ factor: numberIn(1.01, 10) }),
);

/** Up to this many endpoints are counted for every pick; of more, each pick pays for so many. */
const COUNTED_PER_PICK = 64;

/** No total is older than that, however rare picks are. */
const MAX_AGE_MS = 10;

/**
 * Knows the total without adding it up for every pick: with up to 64 endpoints it is exact; with n of them it is at most n / 64 picks
 * and 10 ms old. So a pick costs 64 reads at most, on average, and none where the endpoint is idle.
 */
export class LoadBound {
  readonly #endpoints: readonly Endpoint[];
  /** By which part of the total plus one an endpoint is full. */
  readonly #part: Float64Array;
  readonly #picksPerCount: number;
  #total = 0;
  #picksLeft = 0;
  #countedAt = -Infinity;

  constructor(endpoints: readonly Endpoint[], factor: number) {
    this.#endpoints = endpoints;
    const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
    this.#part = Float64Array.from(endpoints, ({ weight }) => (factor * weight) / total);
    this.#picksPerCount = Math.ceil(endpoints.length / COUNTED_PER_PICK);
  }

  /** Call it once before the questions of one pick. */
  refresh(now: number): void {
    this.#picksLeft--;
    if (this.#picksLeft < 0 || now - this.#countedAt >= MAX_AGE_MS) this.count(now);
  }

  /** @returns true if that changed anything */
  count(now: number): boolean {
    const before = this.#total;
    let total = 0;
    for (let i = 0; i < this.#endpoints.length; i++) total += this.#endpoints[i]!.inflight;
    this.#total = total;
    this.#countedAt = now;
    this.#picksLeft = this.#picksPerCount - 1;
    return total !== before;
  }

  /** True if another request would be above the bound. An idle endpoint never is full. */
  isFull(index: number): boolean {
    const { inflight } = this.#endpoints[index]!;
    return inflight > 0 && inflight >= this.#part[index]! * (this.#total + 1);
  }
}
