import assert from 'node:assert/strict';
import { hash32 } from '@evenkeel/core';
import { membersOf } from '../../../packages/core/src/lib/members.ts';
import { RendezvousTable, rendezvousScore } from '../../../packages/core/src/lib/rendezvous.ts';
import { except, idsOf } from './placements.ts';

describe('rendezvousScore', () => {
  it('is the same everywhere and for ever: balancers agree on successors by it', () => {
    const score = rendezvousScore(hash32('a session'), hash32('http://10.0.0.1:3000'), 2);
    assert.equal(score, 2.964_712_926_283_094);
  });
});

describe('RendezvousTable', () => {
  it('is exact: who wins is who would win if every logarithm were worked out', () => {
    const weights = Float64Array.from({ length: 50 }, (_, i) => 0.1 + (i % 7) * 1.3);
    const members = membersOf(idsOf(50), 0);
    const table = new RendezvousTable(members, weights);
    const hits = new Set<number>();
    for (let key = 1; key <= 5_000; key++) {
      let left = Array.from({ length: 50 }, (_, i) => i);
      const order: number[] = [];
      for (let rank = 0; rank < 3; rank++) order.push(table.ownerExcept(key, except(order)));
      for (const winner of order) {
        // By itself against each of the others: a table of two.
        const rivals = left.filter((i) => i !== winner && i % 5 === key % 5);
        for (const rival of rivals) assert.equal(duel(members, weights, key, winner, rival), winner);
        left = left.filter((i) => i !== winner);
      }
      assert.equal(table.owner(key), order[0]);
      hits.add(order[0]!);
    }
    assert.ok(hits.size > 45, 'nearly all of them win some keys');
  });

  it('has an owner for every key however little its members weigh', () => {
    const table = new RendezvousTable(membersOf(idsOf(2), 0), Float64Array.of(5e-324, 5e-324));
    for (let key = 1; key <= 100; key++) assert.ok(table.owner(key) >= 0);
  });

  it('has nobody left when all were tried or are full', () => {
    const table = new RendezvousTable(membersOf(idsOf(3), 0), Float64Array.of(1, 1, 1));
    assert.equal(table.ownerExcept(1, except([0, 1], [2])), -1);
    assert.equal(table.ownerExcept(1, except([0], [2])), 1);
  });
});

function duel(
  { order, first, second }: ReturnType<typeof membersOf>,
  weights: Float64Array,
  key: number,
  a: number,
  b: number,
): number {
  const isOne = (_: number, i: number): boolean => i === a || i === b;
  const two = { order: order.filter(isOne), first: first.filter(isOne), second: second.filter(isOne) };
  const winner = new RendezvousTable(two, weights.filter(isOne)).owner(key);
  return (winner === 0) === a < b ? a : b;
}
