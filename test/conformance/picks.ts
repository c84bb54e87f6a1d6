/**
 * Picks by the thousand, and whether they follow the weights.
 */
import assert from 'node:assert/strict';
import type { Endpoint, PickContext, Picker, Random } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';

/** A first attempt that hangs on nothing. */
export const ANY_PICK: PickContext = { now: 0, key: 0, attempt: 0, preferred: undefined, tried: undefined };

/** The first attempt of a request with a key of its own. */
export function pickOf(keys: Random): PickContext {
  return { ...ANY_PICK, key: keys.below(2 ** 32) };
}

/** How often each endpoint comes in `picks` picks, each with another key. @param keys where the keys come from */
export function countPicks<E extends Endpoint>(
  picker: Picker<E>,
  picks: number,
  keys: Random = seeded(47),
): Map<E, number> {
  const hits = new Map<E, number>();
  for (let i = 0; i < picks; i++) {
    const endpoint = picker.pick(pickOf(keys))!;
    hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
  }
  return hits;
}

/** Adds the counts of `more` to `hits`. */
export function addPicks<E extends Endpoint>(hits: Map<E, number>, more: ReadonlyMap<E, number>): void {
  for (const [endpoint, count] of more) hits.set(endpoint, (hits.get(endpoint) ?? 0) + count);
}

/** Four standard deviations of the number of hits in `picks` independent draws: a strategy may use chance. */
export function chanceOf(share: number, picks: number): number {
  return 4 * Math.sqrt(picks * share * (1 - share));
}

/** Every share is right to 1 % and to chance. */
export function assertShares(hits: ReadonlyMap<Endpoint, number>, endpoints: readonly Endpoint[], picks: number): void {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  for (const endpoint of endpoints) {
    const expected = (picks * endpoint.weight) / total;
    const error = Math.abs((hits.get(endpoint) ?? 0) - expected);
    assert.ok(
      error < 0.01 * expected + chanceOf(endpoint.weight / total, picks),
      `${endpoint.id} of ${endpoints.length} is off by ${((100 * error) / expected).toFixed(2)} %`,
    );
  }
}
