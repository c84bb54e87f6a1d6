import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import { AliasTable } from '../../../packages/core/src/lib/alias-table.ts';

function counts(weights: readonly number[], draws: number): number[] {
  const table = new AliasTable(weights, seeded());
  const hits = weights.map(() => 0);
  for (let i = 0; i < draws; i++) hits[table.draw()]!++;
  return hits;
}

describe('AliasTable', () => {
  it('draws in proportion to the weights', () => {
    for (const weights of [
      [1],
      [1, 1],
      [1, 3],
      [5, 1, 1, 13],
      [0.25, 0.5, 8],
      Array.from({ length: 50 }, (_, i) => i + 1),
    ]) {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      counts(weights, 200_000).forEach((hits, i) => {
        const expected = (200_000 * weights[i]!) / total;
        assert.ok(Math.abs(hits - expected) < 4 * Math.sqrt(expected) + 1, `${weights[i]} of ${total}: ${hits}`);
      });
    }
  });

  it('draws an index of tiny weight now and then, and never one that does not exist', () => {
    const [light, heavy] = counts([1, 65_535], 1_000_000);
    assert.ok(light! > 2 && light! < 50, `${light} of a million, where 15 are expected`);
    assert.equal(light! + heavy!, 1_000_000);
  });
});
