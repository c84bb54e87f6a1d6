import assert from 'node:assert/strict';
import { isBalancerError, peakEwma } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';

describeStrategy('peakEwma()', peakEwma);
describeStrategy('peakEwma({ fullScanUpTo: 0 })', () => peakEwma({ fullScanUpTo: 0 }));

function known(latencies: readonly number[], weights = latencies.map(() => 1)): StubEndpoint[] {
  const endpoints = stubEndpoints(weights);
  endpoints.forEach((endpoint, i) => (endpoint.latencyMs = latencies[i]!));
  return endpoints;
}

function hitsOf(endpoints: readonly StubEndpoint[], picks = 10_000): number[] {
  const hits = countPicks(peakEwma().build(endpoints, seeded(), undefined), picks);
  return endpoints.map((endpoint) => hits.get(endpoint) ?? 0);
}

/** The number of requests in flight on the first endpoint from where on the second, which has `other` of them, is preferred. */
function toleratedInflight(endpoints: readonly StubEndpoint[], other: number): number {
  endpoints[1]!.inflight = other;
  const picker = peakEwma().build(endpoints, seeded(), undefined);
  countPicks(picker, 500);
  for (let inflight = 0; ; inflight++) {
    endpoints[0]!.inflight = inflight;
    if (picker.pick(ANY_PICK) === endpoints[1]) return inflight;
  }
}

describe('peakEwma()', () => {
  it('prefers the faster of idle endpoints', () => {
    assert.deepEqual(hitsOf(known([40, 10])), [0, 10_000]);
  });

  it('lets the weights stand as long as they say more than the latencies', () => {
    const [heavy, light] = hitsOf(known([12, 10], [99, 1]));
    assert.ok(light! > 50 && light! < 150, 'a canary that is a little faster, being idle, must not draw all traffic');
    assert.equal(heavy! + light!, 10_000);
    assert.deepEqual(hitsOf(known([2_000, 10], [9, 1])), [0, 10_000]);
  });

  it('treats latencies as equal that differ by a tenth', () => {
    const [first, second] = hitsOf(known([100, 110]));
    assert.ok(Math.abs(first! - second!) < 500);
  });

  it('weighs requests in flight against latency, one for one up to twice the usual', () => {
    const tolerated = toleratedInflight(known([64, 128]), 9);
    assert.ok(tolerated === 19 || tolerated === 20, `${tolerated}`);
  });

  it('counts latency more than one for one beyond that', () => {
    const tolerated = toleratedInflight(known([64, 512]), 0);
    assert.ok(tolerated > 16, `eight times the latency is as bad as ${tolerated} in flight`);
  });

  it('learns anew what is usual when all endpoints change', () => {
    const endpoints = known([1, 1]);
    const picker = peakEwma().build(endpoints, seeded(), undefined);
    countPicks(picker, 10);
    endpoints[0]!.latencyMs = 64;
    endpoints[1]!.latencyMs = 128;
    endpoints[1]!.inflight = 9;
    countPicks(picker, 1_000);
    endpoints[0]!.inflight = 18;
    assert.equal(picker.pick(ANY_PICK), endpoints[0]);
    endpoints[0]!.inflight = 20;
    assert.equal(picker.pick(ANY_PICK), endpoints[1]);
  });

  it('sees an endpoint that is stuck by the age of what waits there', () => {
    const endpoints = known([100, 100]);
    endpoints[0]!.inflight = endpoints[1]!.inflight = 5;
    endpoints[0]!.waitingMs = 300;
    assert.deepEqual(hitsOf(endpoints, 100), [0, 100]);
  });

  it('tries an endpoint of which nothing is known with one request at a time', () => {
    for (const n of [3, 20]) {
      const endpoints = known(Array.from({ length: n }, (_, i) => (i === 0 ? 0 : 50)));
      const picker = peakEwma({ choices: 3 }).build(endpoints, seeded(), undefined);
      countPicks(picker, 100);
      for (let i = 0; i < 1_000; i++) picker.pick(ANY_PICK)!.inflight++;
      assert.equal(endpoints[0]!.inflight, 1, `one of ${n} is new`);
    }
  });

  it('keeps to that over a rebuild', () => {
    const endpoints = known([50, 50]);
    const before = peakEwma().build(endpoints, seeded(), undefined);
    countPicks(before, 10);
    const joined = [...known([0]), ...endpoints];
    joined[0]!.inflight = 1;
    const after = peakEwma().build(joined, seeded(), before);
    assert.equal(countPicks(after, 100).get(joined[0]!), undefined);
  });

  it('spreads requests by their number as long as nothing is known of any endpoint', () => {
    const endpoints = known([0, 0, 0, 0]);
    const picker = peakEwma().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 100; i++) picker.pick(ANY_PICK)!.inflight++;
    for (const endpoint of endpoints) assert.equal(endpoint.inflight, 25);
  });

  it('does not send everything to the endpoint that answers first after a start', () => {
    const endpoints = known([0, 0, 0, 0]);
    for (const endpoint of endpoints) endpoint.inflight = 25;
    endpoints[0]!.latencyMs = 50;
    const picker = peakEwma().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 40; i++) picker.pick(ANY_PICK)!.inflight++;
    for (const endpoint of endpoints) assert.ok(Math.abs(endpoint.inflight - 35) <= 1, `${endpoint.inflight}`);
  });

  it('counts requests in flight relative to the weight', () => {
    const endpoints = known([50, 50], [3, 1]);
    const picker = peakEwma().build(endpoints, seeded(), undefined);
    for (let i = 0; i < 400; i++) picker.pick(ANY_PICK)!.inflight++;
    assert.ok(Math.abs(endpoints[0]!.inflight - 300) <= 3, `${endpoints[0]!.inflight}`);
  });

  it('refuses options that it does not know', () => {
    assert.throws(
      () => peakEwma({ window: 3 } as object),
      (error) => isBalancerError(error) && error.code === 'INVALID_OPTIONS' && /`window`/.test(error.message),
    );
  });
});
