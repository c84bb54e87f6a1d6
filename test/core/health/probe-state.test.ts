import assert from 'node:assert/strict';
import { ProbeState, weightRatioOf } from '../../../packages/core/src/health/probe-state.ts';

/** The results, `+` or `-`, and what the state was after each: `W`ell or `u`nfit, `?` if in doubt. */
function walk(state: ProbeState, results: string): string {
  return results
    .split('')
    .map((result) => {
      const before = state.isWell;
      assert.equal(state.observe(result === '+'), before !== state.isWell, 'says whether the state changed');
      return (state.isWell ? 'W' : 'u') + (state.isInDoubt ? '?' : '');
    })
    .join(' ');
}

describe('ProbeState', () => {
  it('is well, and not in doubt, before the first probe', () => {
    const state = new ProbeState(2, 3);
    assert.equal(state.isWell, true);
    assert.equal(state.isInDoubt, false);
  });

  it('becomes unfit after `fall` failures in a row and well again after `rise` passes in a row', () => {
    assert.equal(walk(new ProbeState(2, 3), '---++'), 'W? W? u u? W');
  });

  it('starts counting anew after a result that agrees with the state', () => {
    assert.equal(walk(new ProbeState(2, 3), '--+--+---'), 'W? W? W W? W? W W? W? u');
    assert.equal(walk(new ProbeState(3, 1), '-++-+++'), 'u u? u? u u? u? W');
  });

  it('turns at once with rise 1 and fall 1', () => {
    assert.equal(walk(new ProbeState(1, 1), '-+-+'), 'u W u W');
  });

  it('turns at once on the word of whoever answers, whatever `rise` and `fall` are', () => {
    const state = new ProbeState(2, 3);
    state.take({ isDown: true });
    assert.equal(state.isWell, false);
    state.observe(true);
    state.take({ isDown: false });
    assert.deepEqual([state.isWell, state.isInDoubt], [true, false]);
  });

  it('counts an answer that does not say so as passed', () => {
    const state = new ProbeState(2, 1);
    state.observe(false);
    state.take({});
    assert.equal(state.isInDoubt, true);
    state.take({ weightRatio: 0.5 });
    assert.equal(state.isWell, true);
  });

  it('keeps what was said until something else is', () => {
    const state = new ProbeState(2, 3);
    assert.deepEqual([state.isDraining, state.weightRatio], [false, undefined]);
    state.take({ isDraining: true, weightRatio: 0.5 });
    state.take({});
    state.observe(false);
    assert.deepEqual([state.isDraining, state.weightRatio], [true, 0.5]);
    state.take({ isDraining: false, weightRatio: 0 });
    assert.deepEqual([state.isDraining, state.weightRatio], [false, 0]);
  });

  it('passes over what makes no sense', () => {
    const state = new ProbeState(2, 3);
    state.take({ weightRatio: 0.5 });
    for (const weightRatio of [NaN, -1, '3']) state.take({ weightRatio: weightRatio as number });
    state.take({ isDown: 'yes', isDraining: 1 } as object);
    assert.deepEqual([state.isWell, state.isDraining, state.weightRatio], [true, false, 0.5]);
    state.take({ weightRatio: Infinity });
    assert.equal(state.weightRatio, 10);
  });
});

describe('weightRatioOf()', () => {
  it('multiplies what several probes said, up to ten', () => {
    const saying = (weightRatio?: number): ProbeState => {
      const state = new ProbeState(1, 1);
      state.take(weightRatio === undefined ? {} : { weightRatio });
      return state;
    };
    assert.equal(weightRatioOf([]), undefined);
    assert.equal(weightRatioOf([saying(), saying()]), undefined);
    assert.equal(weightRatioOf([saying(), saying(0.5), saying(0.5)]), 0.25);
    assert.equal(weightRatioOf([saying(0), saying(2)]), 0);
    assert.equal(weightRatioOf([saying(5), saying(5)]), 10);
  });
});
