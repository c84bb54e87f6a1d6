import assert from 'node:assert/strict';
import { ProbeState } from '../../../packages/core/src/health/probe-state.ts';

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
});
