import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cookieLifeMs,
  expiryOf,
  isCookieDue,
  isTouchDue,
  touchIntervalMs,
} from '../../../packages/session-store/src/session/lifetime.ts';

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

  it('has a rolling cookie that outlives it for any pattern of use, though one response in a row is lost', () => {
    const gaps = fc.array(fc.tuple(fc.nat({ max: 90_000 }), fc.boolean()), { minLength: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 60_000 }), gaps, (idleMs, pattern) => {
        const lifetime = { idleMs, absoluteMs: Number.MAX_SAFE_INTEGER };
        let [used, touched, sent, wasLost] = [0, 0, 0, false];
        for (const [gap, isLost] of pattern) {
          used += gap;
          if (used >= expiryOf(lifetime, 0, touched)) return;
          assert.ok(used < sent + cookieLifeMs(lifetime), 'the cookie is gone and the session is not');
          if (!isTouchDue(lifetime, touched, used)) continue;
          const isDue = isCookieDue(lifetime, 0, touched, used);
          touched = used;
          if (!isDue) continue;
          if (isLost && !wasLost) wasLost = true;
          else [sent, wasLost] = [used, false];
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has its rolling cookie sent at most once in a third of the cookie’s life', () => {
    const lifetime = { idleMs: 100_000, absoluteMs: Number.MAX_SAFE_INTEGER };
    assert.equal(cookieLifeMs(lifetime), 315_000);
    const due = [104_999, 105_000, 209_999, 210_000].map((now) => isCookieDue(lifetime, 0, 104_999, now));
    assert.deepEqual(due, [false, true, true, true]);
    assert.equal(isCookieDue(lifetime, 0, 105_000, 209_999), false);
  });
});
