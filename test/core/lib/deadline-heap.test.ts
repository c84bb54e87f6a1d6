import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import { DeadlineHeap } from '../../../packages/core/src/lib/deadline-heap.ts';

describe('DeadlineHeap', () => {
  it('has the earliest deadline first, whichever are postponed', () => {
    const random = seeded(3);
    const deadlines = Float64Array.from({ length: 37 }, () => random.unit());
    const heap = new DeadlineHeap(deadlines.slice());
    for (let i = 0; i < 5_000; i++) {
      // Half of the time the first one, as a picker does; else any, as a charge does.
      const index = i % 2 === 0 ? heap.first : random.below(37);
      const span = random.unit();
      heap.postpone(index, span);
      deadlines[index] = deadlines[index]! + span;
      assert.equal(heap.deadlineOf(index), deadlines[index]);
      assert.equal(deadlines[heap.first], Math.min(...deadlines));
    }
  });

  it('takes equal deadlines in the order of their index', () => {
    const heap = new DeadlineHeap(new Float64Array(9));
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 9; index++) {
        assert.equal(heap.first, index);
        heap.postpone(index, 1);
      }
    }
  });
});
