import assert from 'node:assert/strict';
import { manualClock, seeded } from '@evenkeel/core/testing';

describe('manualClock()', () => {
  it('stands still until it is advanced', () => {
    const clock = manualClock(5);
    assert.equal(clock.now(), 5);
    clock.advance(10);
    assert.equal(clock.now(), 15);
  });

  it('runs each task once, at its own moment, in the order of time', () => {
    const clock = manualClock();
    const ran: [string, number][] = [];
    for (const [name, delayMs] of [
      ['b', 20],
      ['a', 10],
      ['c', 20],
      ['late', 31],
    ] as const) {
      clock.schedule(delayMs, () => ran.push([name, clock.now()]));
    }
    clock.advance(30);
    assert.deepEqual(ran, [
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
    assert.equal(clock.pending, 1);
  });

  it('runs tasks that tasks schedule', () => {
    const clock = manualClock();
    const ran: number[] = [];
    function tick(): void {
      ran.push(clock.now());
      clock.schedule(10, tick);
    }
    clock.schedule(10, tick);
    clock.advance(35);
    assert.deepEqual(ran, [10, 20, 30]);
  });

  it('does not run a cancelled task', () => {
    const clock = manualClock();
    const cancel = clock.schedule(1, () => assert.fail('cancelled'));
    cancel();
    cancel();
    clock.advance(5);
    assert.equal(clock.pending, 0);
  });

  it('refuses to go back', () => {
    assert.throws(() => manualClock().advance(-1), RangeError);
    assert.throws(() => manualClock().advance(Number.NaN), RangeError);
  });
});

describe('seeded()', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const draw = (seed?: number): number[] =>
      Array.from(
        { length: 20 },
        (
          (random) => () =>
            random.below(100)
        )(seeded(seed)),
      );
    assert.deepEqual(draw(), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it('gives integers from 0 to n - 1, all of them', () => {
    const random = seeded(0);
    const seen = new Set(Array.from({ length: 1_000 }, () => random.below(7)));
    assert.deepEqual([...seen].toSorted(), [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(random.below(1), 0);
  });

  it('gives numbers from 0 up to, but not, 1', () => {
    const random = seeded(7);
    const units = Array.from({ length: 10_000 }, () => random.unit());
    assert.ok(units.every((unit) => unit >= 0 && unit < 1));
    assert.ok(Math.abs(units.reduce((sum, unit) => sum + unit, 0) / 10_000 - 0.5) < 0.02);
  });
});
