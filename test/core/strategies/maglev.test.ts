import assert from 'node:assert/strict';
import { isBalancerError, maglev } from '@evenkeel/core';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import { describeStrategy } from '../../conformance/strategy.ts';
import { movedBetweenOthers, overProvision, ownersOf } from './keys.ts';

describeStrategy('maglev()', maglev, {
  skip: [
    {
      law: 'keeps every share while an endpoint comes and goes all the time',
      reason: '2,000 large tables take seconds; kept by small ones below',
    },
  ],
});
describeStrategy('maglev({ tableSize: 4_099 })', () => maglev({ tableSize: 4_099 }), {
  skip: [
    {
      law: 'respects the weights to 1 % while all endpoints are idle',
      reason: 'a hundred endpoints have too few slots; kept by large tables above',
    },
  ],
});

const ones = (n: number) => stubEndpoints(Array.from({ length: n }, () => 1));

describe('maglev()', () => {
  it('shares keys out by weight to 1 % and what chance does with so many keys', () => {
    for (const weights of [[1, 1], [1, 2, 3.5], [0.1, 1, 1], Array.from({ length: 100 }, (_, i) => 1 + (i % 3))]) {
      const endpoints = stubEndpoints(weights);
      const most = overProvision(ownersOf(maglev(), endpoints, 400_000), endpoints);
      const least = (400_000 * Math.min(...weights)) / weights.reduce((sum, weight) => sum + weight, 0);
      assert.ok(most < 1.01 + 4 / Math.sqrt(least), `${most} times its share`);
    }
  });

  it('moves at most 1 in 150 of all keys between endpoints that did not change', () => {
    for (const [n, share] of [
      [4, 0.002],
      [10, 0.004],
      [100, 1 / 150],
      [1_000, 1 / 150],
    ] as const) {
      const before = ownersOf(maglev(), ones(n), 100_000);
      const after = ownersOf(maglev(), ones(n).toSpliced(1, 1), 100_000);
      const others = movedBetweenOthers(before, after, 'e1');
      assert.ok(others <= 100_000 * share, `${others} of 100000 move among ${n}`);
    }
  });

  it('leaves no endpoint without keys, even if there are more than the table has room for', () => {
    const endpoints = stubEndpoints(Array.from({ length: 300 }, (_, i) => (i === 0 ? 60_000 : 1)));
    assert.equal(new Set(ownersOf(maglev({ tableSize: 251 }), endpoints, 400_000)).size, 300);
  });

  it('refuses a size that is no prime', () => {
    for (const tableSize of [65_536, 65_537.5, 13, 5_000_077, Number.NaN]) {
      assert.throws(
        () => maglev({ tableSize }),
        (error) =>
          isBalancerError(error) &&
          (error as Error).message.includes(`maglev: \`tableSize\` must be a prime number from 251 to 5000011, got `),
      );
    }
  });
});
