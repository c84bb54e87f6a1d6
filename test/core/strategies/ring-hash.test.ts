import assert from 'node:assert/strict';
import { isBalancerError, ringHash } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { describeStrategy } from '../../conformance/strategy.ts';
import { keyed, movedBetweenOthers, orderOf, overProvision, ownersOf } from './keys.ts';

const reason = 'shares are as uneven as gaps on a ring; see below';
describeStrategy('ringHash()', ringHash, {
  skip: [
    { law: 'respects the weights to 1 % while all endpoints are idle', reason },
    { law: 'respects weights that are no whole numbers', reason },
    { law: 'keeps the shares if it is rebuilt all the time', reason },
    { law: 'keeps the shares of the others when an endpoint comes or goes', reason },
    { law: 'keeps every share while an endpoint comes and goes all the time', reason },
  ],
});

const ones = (n: number) => stubEndpoints(Array.from({ length: n }, () => 1));

describe('ringHash()', () => {
  it('has no endpoint with most of the keys: one of ten got 94 of 100 in zalando/skipper#1796', () => {
    const worst = Array.from({ length: 20 }, (_, seed) =>
      overProvision(ownersOf(ringHash({ seed }), ones(10), 20_000), ones(10)),
    );
    assert.ok(Math.max(...worst) < 1.4, `${Math.max(...worst)} times its share`);
    const single = overProvision(ownersOf(ringHash({ pointsPerWeight: 1 }), ones(10), 20_000), ones(10));
    assert.ok(single > 1.6, 'and one point per endpoint is what does it');
  });

  it('is evener with more points', () => {
    const [few, many] = [160, 4_000].map((pointsPerWeight) =>
      overProvision(ownersOf(ringHash({ pointsPerWeight }), ones(20), 200_000), ones(20)),
    );
    assert.ok(many! < 1.06 && few! > many!, `${few} and ${many}`);
  });

  it('sends a retry to the endpoint that would have the key without the first one', () => {
    const endpoints = ones(6);
    const picker = ringHash().build(endpoints, seeded(), undefined);
    for (let key = 1; key <= 300; key++) {
      const [home, next] = orderOf(picker, key, 2);
      const left = endpoints.filter(({ id }) => id !== home);
      assert.equal(ringHash().build(left, seeded(), undefined).pick(keyed(key))!.id, next);
    }
  });

  it('moves no key between others, however many endpoints there are: it does in envoyproxy/envoy#22558', () => {
    for (let n = 2; n < 14; n++) {
      const before = ownersOf(ringHash(), ones(n), 5_000);
      const after = ownersOf(ringHash(), ones(n + 1), 5_000);
      assert.equal(movedBetweenOthers(before, after, `e${n}`), 0);
    }
  });

  it('stays below its largest size, with points for every endpoint', () => {
    const endpoints = stubEndpoints([1, 60_000, 30_000]);
    const owners = ownersOf(ringHash({ maxRingSize: 1_024 }), endpoints, 100_000);
    const share = owners.filter((id) => id === 'e1').length / 100_000;
    assert.ok(Math.abs(share - 2 / 3) < 0.06, `${share}`);
    assert.ok(owners.includes('e0'));
  });

  it('refuses sizes that make no sense', () => {
    for (const [options, message] of [
      [{ pointsPerWeight: 0 }, /`pointsPerWeight` must be an integer from 1 to 65536, got 0/],
      [{ maxRingSize: 9e6 }, /`maxRingSize` must be an integer from 1024 to 8388608/],
      [{ minRingSize: 1_024 }, /`minRingSize` is not a known option/],
    ] as const) {
      assert.throws(
        () => ringHash(options as object),
        (error) => isBalancerError(error) && message.test((error as Error).message),
      );
    }
  });
});
