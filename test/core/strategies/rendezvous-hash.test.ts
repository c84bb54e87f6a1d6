import assert from 'node:assert/strict';
import { rendezvousHash } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { describeStrategy } from '../../conformance/strategy.ts';
import { keyed, orderOf, overProvision, ownersOf } from './keys.ts';

describeStrategy('rendezvousHash()', rendezvousHash);

describe('rendezvousHash()', () => {
  it('shares keys out by weight, as exactly as chance is', () => {
    for (const weights of [[1, 1], [1, 2, 3.5], [0.1, 1, 1], Array.from({ length: 100 }, (_, i) => 1 + (i % 3))]) {
      const endpoints = stubEndpoints(weights);
      const most = overProvision(ownersOf(rendezvousHash(), endpoints, 400_000), endpoints);
      const least = (400_000 * Math.min(...weights)) / weights.reduce((sum, weight) => sum + weight, 0);
      assert.ok(most < 1 + 4 / Math.sqrt(least), `${most} times its share`);
    }
  });

  it('sends a retry to the endpoint that would have the key without the first one', () => {
    const endpoints = stubEndpoints([1, 2, 1, 3, 1, 1]);
    const picker = rendezvousHash().build(endpoints, seeded(), undefined);
    for (let key = 1; key <= 300; key++) {
      const order = orderOf(picker, key, 6);
      for (let gone = 1; gone < 6; gone++) {
        const left = endpoints.filter(({ id }) => !order.slice(0, gone).includes(id));
        assert.equal(rendezvousHash().build(left, seeded(), undefined).pick(keyed(key))!.id, order[gone]);
      }
    }
  });

  it('answers the same for a key that it remembers as for one that it does not', () => {
    const endpoints = stubEndpoints(Array.from({ length: 200 }, (_, i) => 1 + (i % 2)));
    const picker = rendezvousHash().build(endpoints, seeded(), undefined);
    const first = Array.from({ length: 30_000 }, (_, i) => picker.pick(keyed(i - 15_000)));
    for (let i = 29_999; i >= 0; i--) if (i !== 15_000) assert.equal(picker.pick(keyed(i - 15_000)), first[i]);
    const fresh = rendezvousHash().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 3_000; i++) assert.equal(fresh.pick(keyed(i - 15_000)), first[i]);
  });
});
