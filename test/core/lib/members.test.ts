import assert from 'node:assert/strict';
import { hash32 } from '@evenkeel/core';
import { membersOf } from '../../../packages/core/src/lib/members.ts';

/** Two identities with the same hash, found by search. */
function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const id = `http://10.0.0.1:${i}`;
    const other = seen.get(hash32(id));
    if (other !== undefined) return [other, id];
    seen.set(hash32(id), id);
  }
}

describe('membersOf', () => {
  it('puts the same identities in the same order, however the list is ordered', () => {
    const ids = Array.from({ length: 500 }, (_, i) => `http://10.0.0.${i}:3000`);
    const namesOf = (list: string[]) => Array.from(membersOf(list, 0).order, (index) => list[index]);
    assert.deepEqual(namesOf(ids.toReversed()), namesOf(ids));
    assert.deepEqual(namesOf(ids).toSorted(), ids.toSorted());
  });

  it('tells two identities apart that have a hash in common', () => {
    const [one, two] = collision();
    for (const ids of [
      [one, 'x', two],
      [two, one, 'x'],
    ]) {
      const { order, first, second } = membersOf(ids, 0);
      const names = Array.from(order, (index) => ids[index]!);
      const [a, b] = [names.indexOf(one), names.indexOf(two)];
      assert.equal(first[a], first[b]);
      assert.notEqual(second[a], second[b]);
      assert.equal(Math.sign(a - b), one < two ? -1 : 1, 'and in an order that the list has no part in');
    }
  });

  it('gives other numbers for another seed', () => {
    const [a, b] = [membersOf(['x', 'y'], 0), membersOf(['x', 'y'], 1)];
    assert.notDeepEqual([...a.first].toSorted(), [...b.first].toSorted());
    assert.notDeepEqual([...a.second].toSorted(), [...b.second].toSorted());
  });
});
