import assert from 'node:assert/strict';
import { weightedRoundRobin } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';
import { describeTurns, letters } from '../../conformance/turns.ts';

describeStrategy('weightedRoundRobin()', weightedRoundRobin);
describeTurns('weightedRoundRobin()', weightedRoundRobin);

describe('weightedRoundRobin()', () => {
  it('picks a million times within the time limit from 10 000 endpoints of which one has nearly all the weight', function () {
    // Ten steps to a pick are some hundred milliseconds, as many steps as endpoints would be ten seconds.
    this.timeout(3_000);
    const endpoints = stubEndpoints(Array.from({ length: 10_000 }, (_, i) => (i === 0 ? 2 ** 32 : 1)));
    const picker = weightedRoundRobin().build(endpoints, seeded(), undefined);
    const others = 1_000_000 - countPicks(picker, 1_000_000).get(endpoints[0]!)!;
    assert.ok(Math.abs(others - (1_000_000 * 9_999) / (2 ** 32 + 9_999)) < 12, `${others}`);
  });

  it('owes no more than a few turns if every request passes over the same endpoint', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = weightedRoundRobin().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 10_000; i++) picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoints[0]!] });
    const picks = letters(picker, 60);
    assert.ok(/^a{1,8}[bc]/.test(picks), `the others are back soon: ${picks}`);
    assert.equal(picks.slice(30), picks.slice(30, 33).repeat(10));
  });

  it('is as quick where retries pass over an endpoint that has nearly all the weight', function () {
    this.timeout(3_000);
    const endpoints = stubEndpoints([65_535, 0.001]);
    const picker = weightedRoundRobin().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 100_000; i++) {
      assert.equal(picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoints[0]!] }), endpoints[1]);
      assert.equal(picker.pick(ANY_PICK), endpoints[0]);
    }
  });
});
