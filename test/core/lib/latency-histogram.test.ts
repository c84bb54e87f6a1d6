import assert from 'node:assert/strict';
import { LatencyHistogram } from '../../../packages/core/src/lib/latency-histogram.ts';

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) <= 0.049, `${actual} is not near ${expected}`);
}

describe('LatencyHistogram', () => {
  it('gives percentiles of what it has seen', () => {
    const histogram = new LatencyHistogram(1_000);
    for (let ms = 1; ms <= 1_000; ms++) histogram.observe(ms, 0);
    for (const percent of [1, 10, 50, 95, 99, 99.9, 100]) {
      assertNear(histogram.percentileAt(percent, 0), Math.ceil(percent * 10));
    }
  });

  it('takes the one of twenty that is meant by the 95th percentile', () => {
    const histogram = new LatencyHistogram(1_000);
    for (let i = 0; i < 19; i++) histogram.observe(10, 0);
    histogram.observe(5_000, 0);
    assertNear(histogram.percentileAt(95, 0), 10);
    assertNear(histogram.percentileAt(95.1, 0), 5_000);
  });

  it('takes the thirty-third of three thousand for 1.1 %, though 1.1 * 3_000 is a little more than 3_300', () => {
    const histogram = new LatencyHistogram(1_000);
    for (let i = 0; i < 3_000; i++) histogram.observe(i < 33 ? 1 : 100, 0);
    assertNear(histogram.percentileAt(1.1, 0), 1);
  });

  it('is no more than 5 % off between a tenth of a ms and a quarter of an hour', () => {
    for (let ms = 0.101; ms < 900_000; ms *= 1.013) {
      const histogram = new LatencyHistogram(1_000);
      histogram.observe(ms, 0);
      assertNear(histogram.percentileAt(50, 0), ms);
    }
  });

  it('counts what lies outside as the nearest that it knows', () => {
    for (const [ms, expected] of [
      [0, 0.1],
      [-1, 0.1],
      [Number.NaN, 0.1],
      [1e9, 1e6],
      [Infinity, 1e6],
    ] as const) {
      const histogram = new LatencyHistogram(1_000);
      histogram.observe(ms, 0);
      assert.equal(histogram.countAt(0), 1);
      const got = histogram.percentileAt(50, 0);
      assert.ok(got > expected * 0.9 && got < expected * 1.1, `${ms} is ${got}`);
    }
  });

  it('is 0 before it has seen anything', () => {
    assert.equal(new LatencyHistogram(1_000).percentileAt(50, 0), 0);
  });

  it('forgets slot by slot', () => {
    const histogram = new LatencyHistogram(1_000);
    for (let now = 0; now < 1_000; now += 10) histogram.observe(now < 500 ? 10 : 100, now);
    assert.equal(histogram.countAt(999), 100);
    assertNear(histogram.percentileAt(50, 999), 10);
    assert.equal(histogram.countAt(1_000), 90);
    assertNear(histogram.percentileAt(50, 1_000), 100);
    assert.equal(histogram.countAt(1_899), 10);
    assert.equal(histogram.countAt(1_900), 0);
    histogram.observe(7, 1e6);
    assert.equal(histogram.countAt(1e6), 1);
  });

  it('forgets everything on demand, and goes on', () => {
    const histogram = new LatencyHistogram(1_000);
    histogram.observe(10, 0);
    histogram.clear();
    assert.equal(histogram.countAt(0), 0);
    histogram.observe(100, 0);
    assertNear(histogram.percentileAt(1, 0), 100);
    assert.equal(histogram.countAt(1_000), 0);
  });
});
