import assert from 'node:assert/strict';
import { latencyBucket } from '../../../packages/core/src/lib/latency-bucket.ts';

describe('latencyBucket', () => {
  it('knows four values per power of two', () => {
    const values = new Set(Array.from({ length: 1_024 }, (_, i) => latencyBucket(64 + i / 16)));
    assert.deepEqual([...values], [64, 80, 96, 112]);
  });

  it('rounds down by at most a fifth, on any scale', () => {
    for (let ms = 1e-6; ms < 1e9; ms *= 1.01) {
      const ratio = latencyBucket(ms) / ms;
      assert.ok(ratio <= 1 + 1e-6 && ratio > 0.8 - 1e-6, `${ms} becomes ${latencyBucket(ms)}`);
    }
  });

  it('leaves 0 and Infinity as they are', () => {
    assert.equal(latencyBucket(0), 0);
    assert.equal(latencyBucket(Infinity), Infinity);
  });
});
