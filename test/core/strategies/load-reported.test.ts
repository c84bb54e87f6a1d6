import assert from 'node:assert/strict';
import { isBalancerError, loadReported } from '@evenkeel/core';
import type { LoadReportedOptions, Picker } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { reportOf } from '../../conformance/reports.ts';
import { ANY_PICK, describeStrategy } from '../../conformance/strategy.ts';
import { describeTurns } from '../../conformance/turns.ts';

describeStrategy('loadReported()', loadReported);
describeTurns('loadReported()', loadReported);

/** Endpoints that each report a capacity in requests per second, as of now. */
function report(endpoints: readonly StubEndpoint[], capacities: readonly number[], receivedAt: number): void {
  capacities.forEach((capacity, i) => {
    endpoints[i]!.report = reportOf({ receivedAt, requestsPerSecond: capacity / 2, utilization: 0.5 });
  });
}

function build(
  endpoints: readonly StubEndpoint[],
  options: LoadReportedOptions = {},
  previous?: Picker<StubEndpoint>,
): Picker<StubEndpoint> {
  return loadReported(options).build(endpoints, seeded(), previous);
}

/** How many of 1200 picks each endpoint gets, all at one moment. */
function hitsAt(now: number, picker: Picker<StubEndpoint>, endpoints: readonly StubEndpoint[]): number[] {
  const hits = endpoints.map(() => 0);
  for (let i = 0; i < 1_200; i++) hits[endpoints.indexOf(picker.pick({ ...ANY_PICK, now })!)]!++;
  return hits;
}

function assertHits(
  now: number,
  picker: Picker<StubEndpoint>,
  endpoints: readonly StubEndpoint[],
  expected: readonly number[],
): void {
  const hits = hitsAt(now, picker, endpoints);
  const isRight = hits.every((count, i) => Math.abs(count - expected[i]!) <= 3);
  assert.ok(isRight, `${hits.join()} instead of ${expected.join()}`);
}

describe('loadReported()', () => {
  it('weighs endpoints by the requests per second that they could serve', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints, { blackoutMs: 0 });
    endpoints[0]!.report = reportOf({ requestsPerSecond: 100, utilization: 0.5 });
    endpoints[1]!.report = reportOf({ requestsPerSecond: 300, utilization: 1.5 });
    endpoints[2]!.report = reportOf({ requestsPerSecond: 20, utilization: 0.025 });
    assertHits(0, picker, endpoints, [200, 200, 800]);
  });

  it('counts errors as utilization, times the penalty', () => {
    for (const [penalty, expected] of [
      [0, [600, 600]],
      [1, [800, 400]],
      [3, [960, 240]],
    ] as const) {
      const endpoints = stubEndpoints([1, 1]);
      endpoints[0]!.report = reportOf({ requestsPerSecond: 100, utilization: 0.2, errorsPerSecond: 0 });
      endpoints[1]!.report = reportOf({ requestsPerSecond: 100, utilization: 0.2, errorsPerSecond: 20 });
      const picker = build(endpoints, { blackoutMs: 0, errorUtilizationPenalty: penalty });
      assertHits(0, picker, endpoints, expected);
    }
  });

  it('multiplies that by the configured weight', () => {
    const endpoints = stubEndpoints([3, 1]);
    report(endpoints, [100, 100], 0);
    assertHits(0, build(endpoints, { blackoutMs: 0 }), endpoints, [900, 300]);
  });

  it('goes by the configured weights until two endpoints report', () => {
    const endpoints = stubEndpoints([1, 3, 2]);
    const picker = build(endpoints, { blackoutMs: 0 });
    assertHits(0, picker, endpoints, [200, 600, 400]);
    report(endpoints, [1_000], 1_000);
    assertHits(1_000, picker, endpoints, [200, 600, 400]);
    assert.equal(picker.explain!(ANY_PICK).regime, 'configured-weights');
    report(endpoints, [100, 100], 2_000);
    assertHits(2_000, picker, endpoints, [200, 600, 400]);
    assert.equal(picker.explain!(ANY_PICK).regime, 'reported-weights');
  });

  it('gives an endpoint that does not report the mean weight, not more and not less', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    report(endpoints, [1_000, 5_000], 0);
    assertHits(0, build(endpoints, { blackoutMs: 0 }), endpoints, [133, 667, 400]);
  });

  it('believes an endpoint when its first report is ten seconds old', () => {
    const endpoints = stubEndpoints([1, 1]);
    const picker = build(endpoints);
    assertHits(0, picker, endpoints, [600, 600]);
    for (let now = 5_000; now <= 14_000; now += 1_000) {
      report(endpoints, [100, 500], now);
      assertHits(now, picker, endpoints, [600, 600]);
    }
    assertHits(15_000, picker, endpoints, [200, 1_000]);
  });

  it('forgets a report after three minutes, and starts over with the blackout', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    report(endpoints, [100, 100, 400], 0);
    hitsAt(0, picker, endpoints);
    assertHits(10_000, picker, endpoints, [200, 200, 800]);
    report(endpoints, [100, 100], 180_000);
    assertHits(180_000, picker, endpoints, [200, 200, 800]);
    assertHits(181_000, picker, endpoints, [400, 400, 400]);
    report(endpoints, [100, 100, 400], 182_000);
    assertHits(182_000, picker, endpoints, [400, 400, 400]);
    assertHits(191_000, picker, endpoints, [400, 400, 400]);
    assertHits(192_000, picker, endpoints, [200, 200, 800]);
  });

  it('does not start over for a report that says nothing of use', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const picker = build(endpoints);
    report(endpoints, [100, 100, 400], 0);
    hitsAt(0, picker, endpoints);
    endpoints[2]!.report = reportOf({ receivedAt: 19_000, requestsPerSecond: 0, utilization: 0 });
    assertHits(19_000, picker, endpoints, [400, 400, 400]);
    endpoints[2]!.report = reportOf({ receivedAt: 20_000, requestsPerSecond: -200, utilization: -0.5 });
    assertHits(20_000, picker, endpoints, [400, 400, 400]);
    report(endpoints, [100, 100, 400], 21_000);
    assertHits(21_000, picker, endpoints, [200, 200, 800]);
  });

  it('works the weights out anew once a second, or as often as it is told to', () => {
    for (const [options, updateMs] of [
      [{}, 1_000],
      [{ updateMs: 100 }, 100],
    ] as const) {
      const endpoints = stubEndpoints([1, 1]);
      const picker = build(endpoints, { blackoutMs: 0, ...options });
      report(endpoints, [100, 100], 0);
      assertHits(0, picker, endpoints, [600, 600]);
      report(endpoints, [100, 500], 1);
      assertHits(updateMs - 1, picker, endpoints, [600, 600]);
      assertHits(updateMs, picker, endpoints, [200, 1_000]);
    }
  });

  it('keeps everyone in turn when the weights are worked out anew', () => {
    const endpoints = stubEndpoints([1, 1, 1, 1]);
    report(endpoints, [100, 300, 200, 500], 0);
    const steady = build(endpoints, { blackoutMs: 0, updateMs: 1e9 });
    const updated = build(endpoints, { blackoutMs: 0, updateMs: 100 });
    for (let now = 0; now < 30_000; now += 100) {
      assert.equal(updated.pick({ ...ANY_PICK, now }), steady.pick({ ...ANY_PICK, now }));
    }
  });

  it('remembers over a rebuild who is past the blackout, and when the next update is due', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    const before = build(endpoints.slice(0, 2));
    report(endpoints, [100, 500, 9_000], 0);
    hitsAt(0, before, endpoints);
    hitsAt(10_000, before, endpoints);
    report(endpoints, [500, 100, 9_000], 10_001);
    const after = build(endpoints, {}, before);
    assertHits(10_999, after, endpoints, [133, 667, 400]);
    assertHits(11_000, after, endpoints, [667, 133, 400]);
  });

  it('starts over with the blackout for an endpoint that was away, whatever it reported before', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    let picker = build(endpoints);
    report(endpoints, [100, 100, 400], 0);
    hitsAt(0, picker, endpoints);
    assertHits(10_000, picker, endpoints, [200, 200, 800]);
    picker = build(endpoints.slice(0, 2), {}, picker);
    hitsAt(11_000, picker, endpoints);
    picker = build(endpoints, {}, picker);
    assertHits(30_000, picker, endpoints, [400, 400, 400]);
    assertHits(39_000, picker, endpoints, [400, 400, 400]);
    assertHits(40_000, picker, endpoints, [200, 200, 800]);
  });

  it('lets no endpoint draw more than ten times what the median one does, or less than a tenth', () => {
    for (const [capacity, relative] of [
      [1e9, 10],
      [1e-9, 0.1],
    ] as const) {
      const endpoints = stubEndpoints([1, 1, 1]);
      report(endpoints, [100, 100, capacity], 0);
      const other = 1_200 / (2 + relative);
      assertHits(0, build(endpoints, { blackoutMs: 0 }), endpoints, [other, other, other * relative]);
    }
  });

  it('still tells the others apart when one of them lies', () => {
    const endpoints = stubEndpoints([1, 1, 1]);
    report(endpoints, [100, 400, 1e9], 0);
    assertHits(0, build(endpoints, { blackoutMs: 0 }), endpoints, [27, 107, 1_067]);
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ blackout: 2 }, /loadReported: `blackout` is not a known option/],
      [{ blackoutMs: -1 }, /`blackoutMs` must be a number of milliseconds from 0 to /],
      [{ expirationMs: 0 }, /`expirationMs` must be a number of milliseconds from 1 to /],
      [{ updateMs: 99 }, /`updateMs` must be a number of milliseconds from 100 to .*, got 99/],
      [{ errorUtilizationPenalty: NaN }, /`errorUtilizationPenalty` must be a number from 0 to 1000, got NaN/],
    ] as const) {
      assert.throws(
        () => loadReported(options as object),
        (error) => isBalancerError(error) && message.test((error as Error).message),
      );
    }
  });
});
