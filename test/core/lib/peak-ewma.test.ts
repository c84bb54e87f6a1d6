import assert from 'node:assert/strict';
import { PeakEwma } from '../../../packages/core/src/lib/peak-ewma.ts';

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

describe('PeakEwma', () => {
  it('reads 0 and is unseen before the first sample', () => {
    const ewma = new PeakEwma(1_000);
    assert.equal(ewma.isSeen, false);
    assert.equal(ewma.at(5_000), 0);
  });

  it('takes the first sample and every peak over at once', () => {
    const ewma = new PeakEwma(1_000);
    ewma.observe(10, 0);
    assert.equal(ewma.isSeen, true);
    assert.equal(ewma.at(0), 10);
    ewma.observe(250, 1);
    assert.equal(ewma.at(1), 250);
  });

  it('approaches lower samples by the time that passed, not by their number', () => {
    const often = new PeakEwma(1_000);
    const once = new PeakEwma(1_000);
    often.observe(100, 0);
    once.observe(100, 0);
    for (let now = 1; now <= 1_000; now++) often.observe(20, now);
    once.observe(20, 1_000);
    near(once.at(1_000), 20 + 80 / Math.E);
    near(often.at(1_000), once.at(1_000));
  });

  it('falls to 1/e in one window without a sample', () => {
    const ewma = new PeakEwma(1_000);
    ewma.observe(100, 500);
    near(ewma.at(1_500), 100 / Math.E);
  });

  it('is not changed by being read', () => {
    const ewma = new PeakEwma(1_000);
    ewma.observe(100, 0);
    ewma.at(9_000);
    assert.equal(ewma.at(0), 100);
  });

  it('treats a time before the last sample as that moment', () => {
    const ewma = new PeakEwma(1_000);
    ewma.observe(100, 1_000);
    assert.equal(ewma.at(0), 100);
    ewma.observe(50, 0);
    assert.equal(ewma.at(1_000), 100);
  });

  it('counts a negative latency and one that is not a number as none at all', () => {
    const ewma = new PeakEwma(1_000);
    ewma.observe(Number.NaN, 0);
    ewma.observe(-5, 0);
    assert.equal(ewma.at(0), 0);
    assert.equal(ewma.isSeen, true);
  });
});
