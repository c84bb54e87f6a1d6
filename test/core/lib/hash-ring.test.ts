import assert from 'node:assert/strict';
import { HashRing } from '../../../packages/core/src/lib/hash-ring.ts';
import { mix32 } from '../../../packages/core/src/lib/hash.ts';
import { membersOf } from '../../../packages/core/src/lib/members.ts';
import { except, idsOf } from './placements.ts';

function ringOf(counts: readonly number[]): HashRing {
  return new HashRing(membersOf(idsOf(counts.length), 0), Uint32Array.from(counts));
}

describe('HashRing', () => {
  it('gives a key to the owner of the next point, as a plain search over sorted points does', () => {
    const members = membersOf(idsOf(9), 0);
    const counts = [1, 200, 3, 50, 1, 1, 7, 160, 160];
    const ring = new HashRing(members, Uint32Array.from(counts));
    // Every member's points as its own ring of one, so that only the order of points is known from the code under test.
    const points = counts.flatMap((count, member) =>
      Array.from({ length: count }, (_, k) => ({
        member,
        at: mix32(members.first[member]! + Math.imul(k, members.second[member]! | 1)),
      })),
    );
    points.sort((a, b) => a.at - b.at);
    for (let key = 0; key < 5_000; key++) {
      const next = points.find(({ at }) => at >= mix32(key)) ?? points[0]!;
      assert.equal(ring.owner(key), next.member);
    }
    assert.equal(ring.size, 583);
  });

  it('works with a single point', () => {
    const ring = ringOf([1]);
    for (let key = 0; key < 100; key++) assert.equal(ring.owner(key), 0);
  });

  it('goes on to the next point of somebody untried, but jumps where that one is full', () => {
    const ring = ringOf([100, 100, 100, 100, 100, 100]);
    const heirs = new Set<number>();
    for (let key = 1; key < 400; key++) {
      const home = ring.owner(key);
      const next = ring.ownerExcept(key, except([home]));
      assert.notEqual(next, home);
      heirs.add(ring.ownerExcept(key, except([home], [next])) === ring.ownerExcept(key, except([home, next])) ? 1 : 0);
    }
    assert.equal(heirs.size, 2, 'a jump ends elsewhere, as a rule');
  });

  it('has nobody left when all were tried or are full, and finds the last one', () => {
    const ring = ringOf([5_000, 1, 1]);
    for (let key = 0; key < 100; key++) {
      assert.equal(ring.ownerExcept(key, except([0, 1], [2])), -1);
      assert.equal(ring.ownerExcept(key, except([0], [2])), 1);
      assert.equal(ring.ownerExcept(key, except([], [0, 2])), 1);
    }
  });
});
