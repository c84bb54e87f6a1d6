import assert from 'node:assert/strict';
import { isBalancerError, leastRequest } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';

describeStrategy('leastRequest()', leastRequest);
describeStrategy('leastRequest({ fullScanUpTo: 0 })', () => leastRequest({ fullScanUpTo: 0 }));

function shareOfFirst(endpoints: readonly StubEndpoint[], picks = 100_000): number {
  return (countPicks(leastRequest().build(endpoints, seeded(), undefined), picks).get(endpoints[0]!) ?? 0) / picks;
}

describe('leastRequest()', () => {
  it('picks the endpoint with the fewest requests in flight', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    endpoints.forEach((endpoint, i) => (endpoint.inflight = i === 2 ? 3 : 4));
    assert.equal(countPicks(leastRequest().build(endpoints, seeded(), undefined), 100).get(endpoints[2]!), 100);
  });

  it('counts requests in flight relative to the weight', () => {
    const endpoints = stubEndpoints([4, 1]);
    endpoints[0]!.inflight = 7;
    endpoints[1]!.inflight = 2;
    assert.equal(shareOfFirst(endpoints, 100), 1);
    endpoints[0]!.inflight = 13;
    assert.equal(shareOfFirst(endpoints, 100), 0);
  });

  it('gives a small endpoint its share beside a large one that is a little busy', () => {
    const endpoints = stubEndpoints([1, 99]);
    endpoints[1]!.inflight = 3;
    assert.ok(Math.abs(shareOfFirst(endpoints) - 0.01) < 0.002, 'neither all of it, being idle, nor nothing');
  });

  it('breaks ties among busy endpoints in proportion to the weights', () => {
    const endpoints = stubEndpoints([1, 3]);
    endpoints[0]!.inflight = 2;
    endpoints[1]!.inflight = 6;
    assert.ok(Math.abs(shareOfFirst(endpoints) - 0.25) < 0.01);
  });

  it('compares all of up to eight endpoints, and two of more', () => {
    for (const [n, least] of [
      [8, 1],
      [9, 2 / 9],
    ] as const) {
      const endpoints = stubEndpoints(Array.from({ length: n }, () => 1));
      for (const endpoint of endpoints.slice(1)) endpoint.inflight = 1;
      assert.ok(Math.abs(shareOfFirst(endpoints) - least) < 0.01, `of ${n} endpoints`);
    }
  });

  it('chooses at random with a single choice, however few endpoints there are', () => {
    const endpoints = stubEndpoints([1, 1]);
    endpoints[0]!.inflight = 5;
    const picker = leastRequest({ choices: 1 }).build(endpoints, seeded(), undefined);
    assert.ok(Math.abs(countPicks(picker, 10_000).get(endpoints[0]!)! - 5_000) < 200);
  });

  it('draws as many distinct endpoints as it is told to', () => {
    const endpoints = stubEndpoints(Array.from({ length: 10 }, () => 1));
    for (const endpoint of endpoints.slice(1)) endpoint.inflight = 1;
    for (const choices of [1, 3, 10, 16]) {
      const picker = leastRequest({ choices, fullScanUpTo: 0 }).build(endpoints, seeded(), undefined);
      const share = countPicks(picker, 50_000).get(endpoints[0]!)! / 50_000;
      assert.ok(Math.abs(share - Math.min(1, choices / 10)) < 0.01, `${choices} choices: ${share}`);
    }
  });

  it('finds another endpoint for the second draw though one has nearly all the weight', () => {
    const endpoints = stubEndpoints([65_535, ...Array.from({ length: 20 }, () => 1)]);
    endpoints[0]!.inflight = 10_000_000;
    const hits = countPicks(leastRequest().build(endpoints, seeded(), undefined), 1_000);
    assert.equal(hits.get(endpoints[0]!), undefined);
    assert.equal(hits.size, 20);
  });

  it('holds the weights under load', () => {
    // Each endpoint ends one request per weight and round; as many arrive.
    const endpoints = stubEndpoints([1, 2, 3, 6]);
    const picker = leastRequest().build(endpoints, seeded(), undefined);
    const hits = new Map(endpoints.map((endpoint) => [endpoint, 0]));
    for (let round = 0; round < 10_000; round++) {
      for (let i = 0; i < 12; i++) {
        const endpoint = picker.pick(ANY_PICK)!;
        endpoint.inflight++;
        hits.set(endpoint, hits.get(endpoint)! + 1);
      }
      if (round >= 5)
        for (const endpoint of endpoints) endpoint.inflight = Math.max(0, endpoint.inflight - endpoint.weight);
    }
    for (const [{ weight }, count] of hits) assert.ok(Math.abs(count / (10_000 * weight) - 1) < 0.01);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ choice: 2 }, /leastRequest: `choice` is not a known option/],
      [{ choices: 0 }, /`choices` must be an integer from 1 to 16, got 0/],
      [{ fullScanUpTo: 1.5 }, /`fullScanUpTo` must be an integer from 0 to 64, got 1.5/],
    ] as const) {
      assert.throws(
        () => leastRequest(options as object),
        (error) => isBalancerError(error) && message.test((error as Error).message),
      );
    }
  });
});
