import assert from 'node:assert/strict';
import { latencyBucketUs } from '../../../packages/core/src/lib/latency-bucket.ts';

describe('latencyBucketUs', () => {
  it('knows four values per power of two', () => {
    const values = new Set(Array.from({ length: 1_024 }, (_, i) => latencyBucketUs((64 + i / 16) * 1.024)));
    assert.deepEqual(
      [...values],
      [64, 80, 96, 112].map((value) => value * 1_024),
    );
  });

  it('rounds down by at most a fifth, to whole microseconds, on any scale', () => {
    for (let ms = 1e-3; ms < 1e6; ms *= 1.01) {
      const us = latencyBucketUs(ms);
      assert.ok(Number.isInteger(us));
      assert.ok(us <= ms * 1_000 + 1 && us > ms * 800 - 1e-6, `${ms} becomes ${us}`);
    }
  });

  it('never makes something nothing, and counts more than 18 minutes as that', () => {
    assert.equal(latencyBucketUs(0), 0);
    assert.equal(latencyBucketUs(1e-9), 1);
    assert.equal(latencyBucketUs(1e9), 2 ** 30);
    assert.equal(latencyBucketUs(Infinity), 2 ** 30);
  });
});
