import assert from 'node:assert/strict';
import { hash32 } from '@evenkeel/core';

describe('hash32', () => {
  it('is the same for the same text, everywhere and for ever: cookies and balancers depend on it', () => {
    assert.deepEqual(
      ['', 'a', 'http://10.0.0.1:3000'].map((text) => hash32(text)),
      [2_872_998_923, 444_641_715, 3_517_711_957],
    );
  });

  it('spreads neighbouring texts over all bits', () => {
    const ones = Array.from({ length: 32 }, () => 0);
    for (let i = 0; i < 4_096; i++) {
      const hash = hash32(`session-${i}`);
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (hash >>> bit) & 1;
    }
    for (const count of ones) assert.ok(Math.abs(count - 2_048) < 160, `${count} of 4096`);
  });

  it('has no collision among ten thousand addresses', () => {
    const hashes = new Set(Array.from({ length: 10_000 }, (_, i) => hash32(`http://10.0.${i >> 8}.${i & 255}:3000`)));
    assert.ok(hashes.size >= 9_998);
  });
});
