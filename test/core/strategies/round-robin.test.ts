import assert from 'node:assert/strict';
import { roundRobin } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { describeStrategy } from '../../conformance/strategy.ts';
import { describeTurns, letters } from '../../conformance/turns.ts';

describeStrategy('roundRobin()', roundRobin);
describeTurns('roundRobin()', roundRobin);

describe('roundRobin()', () => {
  it('stays in turn and out of phase if every request is charged evenly', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const picker = roundRobin().build(endpoints, seeded(4), undefined);
    const round = letters(picker, 4);
    for (let i = 0; i < 1_000; i++) for (const endpoint of endpoints) picker.charge!(endpoint);
    assert.equal(letters(picker, 4), round);
  });
});
