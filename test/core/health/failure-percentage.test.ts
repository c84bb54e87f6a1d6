import assert from 'node:assert/strict';
import { failurePercentage } from '@evenkeel/core';
import { drive, failing, well } from './fleet.ts';
import { assertRefused, tell, tellMany, trackMany, trackOne } from './judging.ts';

describe('failurePercentage()', () => {
  it('ejects at 85 % of the requests, from fifty on', () => {
    const tracker = trackOne(failurePercentage());
    tellMany(tracker, 'success', 9, 0);
    assert.equal(tellMany(tracker, 'timeout', 50, 0), 0, '50 of 59 are less');
    assert.ok(tell(tracker, 'timeout', 0) > 0, '51 of 60 are 85 %');
    const quiet = trackOne(failurePercentage());
    assert.equal(tellMany(quiet, 'timeout', 49, 0), 0);
    assert.ok(tell(quiet, 'timeout', 0) > 0);
  });

  it('takes a rate limit for a request that did not fail', () => {
    const tracker = trackOne(failurePercentage({ thresholdPercent: 50, minRequests: 1 }));
    assert.equal(tellMany(tracker, 'rate-limited', 100, 0), 0);
    assert.equal(tellMany(tracker, 'reset', 99, 0), 0);
    assert.ok(tell(tracker, 'reset', 0) > 0);
  });

  it('takes whole percentages as they are meant', () => {
    for (const thresholdPercent of [7, 29, 57, 58]) {
      const tracker = trackOne(failurePercentage({ thresholdPercent, minRequests: 100 }));
      tellMany(tracker, 'success', 100 - thresholdPercent, 0);
      assert.equal(tellMany(tracker, 'reset', thresholdPercent - 1, 0), 0);
      assert.ok(tell(tracker, 'reset', 0) > 0);
    }
  });

  it('takes fractions of a percent as they are meant', () => {
    // 1.1 * 3_000 is a little more than 3_300.
    const tracker = trackOne(failurePercentage({ thresholdPercent: 1.1, minRequests: 3_000 }));
    tellMany(tracker, 'success', 2_967, 0);
    assert.equal(tellMany(tracker, 'reset', 32, 0), 0);
    assert.ok(tell(tracker, 'reset', 0) > 0);
  });

  it('never ejects at a success', () => {
    const tracker = trackOne(failurePercentage());
    tellMany(tracker, 'reset', 49, 0);
    assert.equal(tell(tracker, 'success', 0), 0);
    assert.ok(tell(tracker, 'reset', 0) > 0);
  });

  it('forgets what is older than its window', () => {
    const tracker = trackOne(failurePercentage({ windowMs: 1_000 }));
    tellMany(tracker, 'reset', 49, 0);
    assert.equal(tellMany(tracker, 'reset', 49, 1_000), 0);
    assert.ok(tell(tracker, 'reset', 1_899) > 0);
  });

  it('asks nothing of the other endpoints', () => {
    for (const tracker of trackMany(failurePercentage(), 3)) assert.ok(tellMany(tracker, 'reset', 50, 0) > 0);
  });

  it('is rid of an endpoint that fails nine of ten', () => {
    const [record, ...others] = drive(failurePercentage(), [failing(9, 10), well, well], 10, 600_000);
    assert.equal(record!.ejections[0]!.sent, 50);
    assert.ok(record!.failed < 500, `${record!.failed} of 60,000 requests failed`);
    assert.ok(others.every(({ ejections }) => ejections.length === 0));
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(failurePercentage, [
      [{ percent: 50 }, /failurePercentage: `percent` is not a known option/],
      [{ thresholdPercent: 0 }, /`thresholdPercent` must be a number from 1 to 100, got 0/],
      [{ minRequests: 0 }, /`minRequests` must be an integer from 1 to 1000000, got 0/],
      [{ windowMs: '1s' }, /`windowMs` must be a number of milliseconds/],
      [{ maxMs: 1 }, /`maxMs` must be at least `baseMs`/],
    ]);
  });
});
