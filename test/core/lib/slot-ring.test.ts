import assert from 'node:assert/strict';
import { SlotRing } from '../../../packages/core/src/lib/slot-ring.ts';

describe('SlotRing', () => {
  it('asks to empty all slots first, then those whose turn it is', () => {
    const ring = new SlotRing(1_000);
    assert.equal(ring.turn(50), 10);
    assert.equal(ring.turn(99), 0);
    assert.equal(ring.turn(100), 1);
    assert.equal(ring.turn(499), 3);
    assert.equal(ring.turn(1_499), 10);
    assert.equal(ring.turn(9_999), 10);
  });

  it('names the slots of the past', () => {
    const ring = new SlotRing(1_000);
    ring.turn(0);
    const first = ring.slot;
    ring.turn(300);
    assert.equal(ring.before(3), first);
    assert.equal(ring.before(0), ring.slot);
    assert.equal(new Set(Array.from({ length: 10 }, (_, age) => ring.before(age))).size, 10);
  });

  it('takes a time that lies back for the present', () => {
    const ring = new SlotRing(1_000);
    ring.turn(500);
    const { slot } = ring;
    assert.equal(ring.turn(100), 0);
    assert.equal(ring.slot, slot);
  });

  it('works with times below zero, for a clock has any origin', () => {
    const ring = new SlotRing(1_000);
    ring.turn(-250);
    assert.ok(ring.slot >= 0 && ring.slot < 10);
    assert.equal(ring.turn(-150), 1);
    assert.equal(ring.turn(0), 2);
  });
});
