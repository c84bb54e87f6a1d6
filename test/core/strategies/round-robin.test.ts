import assert from 'node:assert/strict';
import { roundRobin } from '@evenkeel/core';
import type { Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';

function build(endpoints: readonly StubEndpoint[], seed = 1, previous?: Picker<StubEndpoint>): Picker<StubEndpoint> {
  return roundRobin().build(endpoints, seeded(seed), previous);
}

function letters(picker: Picker<StubEndpoint>, picks: number): string {
  return Array.from({ length: picks }, () => 'abcdefgh'[Number(picker.pick(ANY_PICK)!.id.slice(1))]).join('');
}

describeStrategy('roundRobin()', roundRobin);

describe('roundRobin()', () => {
  it('takes endpoints of equal weight strictly in turn', () => {
    const picker = build(stubEndpoints([1, 1, 1, 1]));
    const round = letters(picker, 4);
    assert.equal(new Set(round).size, 4);
    assert.equal(letters(picker, 40), round.repeat(10));
  });

  it('spreads the turns of a heavy endpoint out instead of bursting', () => {
    for (let seed = 0; seed < 50; seed++) {
      const picks = letters(build(stubEndpoints([5, 1, 1]), seed), 700);
      assert.ok(!picks.includes('aaaaaaa'), `seed ${seed} has a burst: ${picks.slice(0, 40)}`);
      assert.equal(picks.replaceAll(/[^a]/g, '').length, 500);
    }
  });

  it('counts exactly even at 1:65535', () => {
    const endpoints = stubEndpoints([1, 65_535]);
    const hits = countPicks(build(endpoints), 65_536 * 4);
    assert.equal(hits.get(endpoints[0]!), 4);
  });

  it('goes on where it was when it is rebuilt', () => {
    const endpoints = stubEndpoints([3, 2, 1, 1]);
    const uninterrupted = letters(build(endpoints), 140);
    let picker = build(endpoints);
    let picks = '';
    for (let i = 0; i < 140; i++) {
      picks += letters(picker, 1);
      picker = build(endpoints, i, picker);
    }
    assert.equal(picks, uninterrupted);
  });

  it('keeps the others in turn when an endpoint comes or goes', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const before = build(endpoints);
    const round = letters(before, 4);
    const without = build(endpoints.slice(1), 9, before);
    assert.equal(letters(without, 3), round.replace('a', ''));
    const again = build(endpoints, 9, without);
    assert.equal(letters(again, 4).replace('a', ''), round.replace('a', ''));
  });

  it('scales what is left of a turn when a weight changes', () => {
    const endpoints = stubEndpoints([1, 1]);
    const before = build(endpoints);
    before.pick(ANY_PICK);
    endpoints[0]!.weight = 9;
    const hits = countPicks(build(endpoints, 1, before), 10);
    assert.ok(Math.abs(hits.get(endpoints[0]!)! - 9) <= 1, `the new weight holds at once: ${hits.get(endpoints[0]!)}`);
  });

  it('makes up for stuck requests with those that are free', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    const hits = new Map(endpoints.map((endpoint) => [endpoint, 0]));
    const count = (endpoint: StubEndpoint): void => void hits.set(endpoint, hits.get(endpoint)! + 1);
    for (let i = 0; i < 3_000; i++) {
      // Two of five requests stick to the first endpoint: more than its third, were the others to ignore it.
      if (i % 5 < 2) {
        picker.charge!(endpoints[0]!);
        count(endpoints[0]!);
      } else count(picker.pick(ANY_PICK)!);
    }
    assert.equal(hits.get(endpoints[0]!)! - 1_200 < 20, true, 'no free request goes to the endpoint that has too many');
    assert.ok(Math.abs(hits.get(endpoints[1]!)! - 900) < 10);
  });

  it('owes no more than a few turns after a time of stuck requests alone', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    for (let i = 0; i < 10_000; i++) picker.charge!(endpoints[0]!);
    const picks = letters(picker, 300);
    assert.ok(picks.indexOf('a') < 15, `the endpoint is back soon: ${picks.slice(0, 30)}`);
    assert.equal(picks.slice(30).replaceAll(/[^a]/g, '').length, 90);
  });

  it('stays in turn and out of phase if every request is charged evenly', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const picker = build(endpoints, 4);
    const round = letters(picker, 4);
    for (let i = 0; i < 1_000; i++) for (const endpoint of endpoints) picker.charge!(endpoint);
    assert.equal(letters(picker, 4), round);
  });

  it('ignores a charge for an endpoint that is not its own', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints.slice(0, 2));
    picker.charge!(endpoints[2]!);
    assert.equal(countPicks(picker, 2).size, 2);
  });

  it('takes no turn from an endpoint that a retry passes over', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    const round = letters(picker, 3);
    const next = endpoints['abc'.indexOf(round[0]!)]!;
    assert.notEqual(picker.pick({ ...ANY_PICK, attempt: 1, tried: [next] }), next);
    assert.equal(picker.pick(ANY_PICK), next);
  });
});
