import assert from 'node:assert/strict';
import { random } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';

describeStrategy('random()', random);

describe('random()', () => {
  it('draws each pick independently of the one before', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    const picker = random().build(endpoints, seeded(), undefined);
    let repeats = 0;
    let last = picker.pick(ANY_PICK);
    for (let i = 0; i < 40_000; i++) {
      const next = picker.pick(ANY_PICK);
      if (next === last) repeats++;
      last = next;
    }
    assert.ok(Math.abs(repeats - 10_000) < 350, `${repeats} of 40 000 picks repeat the one before`);
  });

  it('shares retries out by weight too, though a tried endpoint has nearly all of it', () => {
    const endpoints = stubEndpoints([65_535, 1, 2.5, 0.5]);
    const picker = random().build(endpoints, seeded(), undefined);
    const hits = new Map(endpoints.map((endpoint) => [endpoint, 0]));
    for (let i = 0; i < 40_000; i++) {
      const endpoint = picker.pick({ ...ANY_PICK, attempt: 1, tried: [endpoints[0]!] })!;
      hits.set(endpoint, hits.get(endpoint)! + 1);
    }
    assert.deepEqual(
      [...hits.values()].map((count) => Math.round(count / 1_000)),
      [0, 10, 25, 5],
    );
  });

  it('draws from all if all were tried', () => {
    const endpoints = stubEndpoints([1, 3]);
    const picker = random().build(endpoints, seeded(), undefined);
    let first = 0;
    for (let i = 0; i < 10_000; i++) {
      if (picker.pick({ ...ANY_PICK, attempt: 2, tried: endpoints }) === endpoints[0]) first++;
    }
    assert.ok(Math.abs(first - 2_500) < 180, `${first}`);
  });

  it('has no order to explain', () => {
    const endpoints = stubEndpoints([1, 3]);
    const picker = random().build(endpoints, seeded(), undefined);
    assert.deepEqual(picker.explain!(ANY_PICK), {
      regime: 'draw',
      candidates: endpoints.map((endpoint) => ({ endpoint, score: undefined })),
    });
    assert.equal(countPicks(picker, 100).size, 2);
  });
});
