/**
 * The scenarios of `pnpm sim` that take no more than a moment, and the bars that they have to pass.
 */
import assert from 'node:assert/strict';
import { SCENARIOS } from './scenarios.ts';
import { isKept, play } from './suite.ts';

describe('the suite of pnpm sim', function () {
  this.timeout(60_000);

  for (const scenario of SCENARIOS.filter(({ isSlow }) => isSlow !== true)) {
    it(`${scenario.id}, ${scenario.title}: passes its bars`, () => {
      const { rows } = play(scenario, 1, (name) => scenario.held?.includes(name) ?? true);
      const barred = rows.filter(({ bar }) => bar !== undefined);
      assert.ok(barred.length > 0);
      for (const row of barred) {
        const said = `${row.value.toFixed(row.digits ?? 1)}${row.unit ?? ''}, the bar is ${row.bar!.text}`;
        assert.ok(isKept(row), `${row.strategy}: ${row.measure} is ${said}`);
      }
    });
  }

  it('has no id twice', () => {
    assert.equal(new Set(SCENARIOS.map(({ id }) => id)).size, SCENARIOS.length);
  });
});
