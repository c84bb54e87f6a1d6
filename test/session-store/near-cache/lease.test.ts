import assert from 'node:assert/strict';
import { lease } from '../../../packages/session-store/src/near-cache/lease.ts';

describe('a lease', () => {
  it('lasts from the moment at which the answered question was sent', () => {
    const held = lease(600);
    assert.deepEqual([held.epoch, held.until], [0, 0]);
    held.begin(1_000);
    assert.deepEqual([held.epoch, held.until], [1, 1_600]);
    held.confirm(1, 1_200);
    assert.equal(held.until, 1_800);
  });

  it('is never shortened by an answer that came out of order', () => {
    const held = lease(600);
    held.begin(1_000);
    held.confirm(1, 1_200);
    held.confirm(1, 1_100);
    assert.equal(held.until, 1_800);
  });

  it('is over at once when it is lost, and a late answer does not bring it back', () => {
    const held = lease(600);
    held.begin(1_000);
    held.lose();
    held.confirm(1, 1_100);
    held.confirm(0, 1_100);
    assert.deepEqual([held.epoch, held.until], [0, 0]);
  });

  it('begins a new epoch each time, and remembers how long the last ones were good', () => {
    const held = lease(600);
    for (let i = 1; i <= 10; i++) {
      held.begin(i * 1_000);
      held.confirm(held.epoch, i * 1_000 + 10);
      held.lose();
    }
    held.begin(99_000);
    assert.equal(held.epoch, 11);
    assert.equal(held.confirmedAt(10), 10_010);
    assert.equal(held.confirmedAt(4), 4_010);
    assert.equal(held.confirmedAt(3), -Infinity);
  });
});
