import assert from 'node:assert/strict';
import { OutcomeWindow } from '../../../packages/core/src/health/outcome-window.ts';

function countsAt(window: OutcomeWindow, now: number): readonly [total: number, failed: number] {
  window.turn(now);
  return [window.total, window.failed];
}

describe('OutcomeWindow', () => {
  it('counts requests and failures', () => {
    const window = new OutcomeWindow(1_000);
    for (let i = 0; i < 10; i++) window.add(i % 5 === 0, i * 10);
    assert.deepEqual([window.total, window.failed], [10, 2]);
  });

  it('forgets slot by slot, and after a window everything', () => {
    const window = new OutcomeWindow(1_000);
    window.add(true, 0);
    window.add(false, 99);
    window.add(true, 100);
    assert.deepEqual(countsAt(window, 999), [3, 2]);
    assert.deepEqual(countsAt(window, 1_000), [1, 1]);
    assert.deepEqual(countsAt(window, 1_100), [0, 0]);
    window.add(true, 2_050);
    // So long that the slots of then and now have the same places.
    assert.deepEqual(countsAt(window, 1e9 + 50), [0, 0]);
  });

  it('forgets everything on demand, and goes on', () => {
    const window = new OutcomeWindow(1_000);
    window.add(true, 0);
    window.clear();
    window.add(false, 10);
    assert.deepEqual(countsAt(window, 20), [1, 0]);
    assert.deepEqual(countsAt(window, 1_000), [0, 0]);
  });
});
