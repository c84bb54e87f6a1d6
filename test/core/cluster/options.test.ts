import assert from 'node:assert/strict';
import { createCluster, isBalancerError } from '@evenkeel/core';

const WRONG: readonly [options: unknown, message: RegExp][] = [
  [undefined, /`options` must be an object, got undefined/],
  [{}, /`endpoints` is missing/],
  [{ endpoints: [] }, /`endpoints` must be at least one endpoint, got an empty array/],
  [
    { endpoints: 'http://a' },
    /`endpoints` must be an array of endpoints, or a resolver such as dnsResolver\(\) \(an object with resolve\(\)\), got "http:\/\/a"/,
  ],
  [{ endpoints: ['a:80'] }, /`endpoints\[0\]\.url` must be an origin such as/],
  [{ endpoints: ['http://a/b'] }, /`endpoints\[0\]\.url` must be an origin .*no path.*got "http:\/\/a\/b"/],
  [{ endpoints: ['http://a?'] }, /`endpoints\[0\]\.url` must be an origin/],
  [{ endpoints: ['http://u:p@a'] }, /`endpoints\[0\]\.url` must be an origin .*credentials/],
  [{ endpoints: ['ftp://a'] }, /`endpoints\[0\]\.url` must be an origin/],
  [{ endpoints: ['http://a', 'http://a:80'] }, /`endpoints\[1\]` must be an endpoint with its own id/],
  [
    {
      endpoints: [
        { url: 'http://a', route: 'x' },
        { url: 'http://b', route: 'x' },
      ],
    },
    /`endpoints\[1\]` must be an endpoint with its own route/,
  ],
  [
    { endpoints: [{ url: 'http://a', weight: 0 }] },
    /`endpoints\[0\]\.weight` must be an integer from 1 to 65535, got 0/,
  ],
  [
    { endpoints: [{ url: 'http://a', route: 'a.b' }] },
    /`endpoints\[0\]\.route` must be 1 to 64 characters of A-Z a-z 0-9 _ -/,
  ],
  [{ endpoints: [{ url: 'http://a', wieght: 2 }] }, /`endpoints\[0\]\.wieght` is not a known option/],
  [{ endpoints: ['http://a'], headTimeout: 5 }, /`headTimeout` is not a known option/],
  [
    { endpoints: ['http://a'], headTimeoutMs: '5' },
    /`headTimeoutMs` must be a number of milliseconds from 1 to 2147483647, got "5"/,
  ],
  [{ endpoints: ['http://a'], headTimeoutMs: NaN }, /`headTimeoutMs` must be a number of milliseconds/],
  [{ endpoints: ['http://a'], strategy: 'round-robin' }, /`strategy` must be a strategy such as peakEwma\(\)/],
  [
    { endpoints: ['http://a'], maxEjectedPercent: 101 },
    /`maxEjectedPercent` must be a number of percent from 0 to 100, got 101/,
  ],
  [{ endpoints: ['http://a'], tls: { rejectUnauthorised: false } }, /`tls` must be an object with some of ca, cert/],
];

describe('createCluster options', () => {
  for (const [options, message] of WRONG) {
    it(`names path, expectation and value: ${message.source}`, () => {
      assert.throws(
        () => createCluster(options as never),
        (error: unknown) => isBalancerError(error) && error.code === 'INVALID_OPTIONS' && message.test(error.message),
      );
    });
  }

  it('takes a URL alone as an endpoint and gives it an opaque route', () => {
    const { endpoints } = createCluster({
      endpoints: ['http://10.1.2.3:4567', { url: 'https://[::1]/', id: 'six', weight: 7 }],
    });
    const [first, second] = endpoints;
    assert.equal(first!.id, 'http://10.1.2.3:4567');
    assert.match(first!.route, /^[a-z0-9]{8,16}$/);
    assert.equal(second!.origin, 'https://[::1]');
    assert.equal(second!.weight, 7);
  });
});
