import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expiryOf, isTouchDue, touchIntervalMs } from '../../packages/session-store/src/lifetime.ts';

describe('a session’s lifetime', () => {
  it('has a touch interval of a twentieth of the idle time, 1 s to 60 s', () => {
    const intervals = [1_000, 20_000, 100_000, 1_200_000, 1_800_000].map((idleMs) =>
      touchIntervalMs({ idleMs, absoluteMs: 1 }),
    );
    assert.deepEqual(intervals, [1_000, 1_000, 5_000, 60_000, 60_000]);
  });

  it('never ends early and is late by at most the touch interval, for any pattern of use', () => {
    const gaps = fc.array(fc.nat({ max: 90_000 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 60_000 }), gaps, (idleMs, pattern) => {
        const lifetime = { idleMs, absoluteMs: Number.MAX_SAFE_INTEGER };
        let [used, touched, expires] = [0, 0, expiryOf(lifetime, 0, 0)];
        for (const gap of pattern) {
          const now = used + gap;
          if (gap < idleMs) assert.ok(now < expires, 'early');
          if (gap > idleMs + touchIntervalMs(lifetime)) assert.ok(now >= expires, 'late');
          if (now >= expires) return;
          used = now;
          if (isTouchDue(lifetime, touched, now)) [touched, expires] = [now, expiryOf(lifetime, 0, now)];
        }
      }),
    );
  });

  it('ends at the absolute time at the latest', () => {
    assert.equal(expiryOf({ idleMs: 1_000, absoluteMs: 5_000 }, 100, 5_000), 5_100);
  });
});
