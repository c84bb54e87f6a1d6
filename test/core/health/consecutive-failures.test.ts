import assert from 'node:assert/strict';
import { consecutiveFailures } from '@evenkeel/core';
import type { Outcome } from '@evenkeel/core';
import { assertRefused, tell, trackMany, trackOne } from './judging.ts';

const FAILURES: readonly Outcome[] = ['server-error', 'timeout', 'reset', 'connect-error'];

describe('consecutiveFailures()', () => {
  it('ejects at the fifth failure in a row, of whatever kind', () => {
    for (const outcome of FAILURES) {
      const tracker = trackOne(consecutiveFailures());
      const times = Array.from({ length: 5 }, (_, i) => tell(tracker, outcome, i));
      assert.deepEqual(times.slice(0, 4), [0, 0, 0, 0]);
      assert.ok(times[4]! > 0, outcome);
    }
  });

  it('starts counting anew after a success', () => {
    const tracker = trackOne(consecutiveFailures({ threshold: 3 }));
    for (const outcome of ['reset', 'reset', 'success', 'reset', 'reset'] as const) {
      assert.equal(tell(tracker, outcome, 0), 0);
    }
    assert.ok(tell(tracker, 'reset', 0) > 0);
  });

  it('neither counts a rate limit nor takes it for a success', () => {
    const tracker = trackOne(consecutiveFailures({ threshold: 2 }));
    for (const outcome of ['rate-limited', 'rate-limited', 'timeout', 'rate-limited'] as const) {
      assert.equal(tell(tracker, outcome, 0), 0);
    }
    assert.ok(tell(tracker, 'timeout', 0) > 0);
  });

  it('does not take a good head for a success if its body is cut short', () => {
    const tracker = trackOne(consecutiveFailures());
    for (let i = 0; i < 4; i++) {
      assert.equal(tell(tracker, 'success', i), 0);
      assert.equal(tell(tracker, 'reset', i, -1), 0);
    }
    tell(tracker, 'success', 4);
    assert.ok(tell(tracker, 'reset', 4, -1) > 0, 'the fifth body in a row');
  });

  it('forgets cut bodies after a response that was whole', () => {
    const tracker = trackOne(consecutiveFailures({ threshold: 2 }));
    tell(tracker, 'success', 0);
    tell(tracker, 'reset', 0, -1);
    tell(tracker, 'success', 1);
    tell(tracker, 'success', 2);
    assert.equal(tell(tracker, 'reset', 2, -1), 0);
  });

  it('keeps one count per endpoint', () => {
    const [first, second] = trackMany(consecutiveFailures({ threshold: 2 }), 2);
    tell(first!, 'reset', 0);
    assert.equal(tell(second!, 'reset', 0), 0);
  });

  it('refuses options that it does not know or that make no sense', () => {
    assertRefused(consecutiveFailures, [
      [{ limit: 3 }, /consecutiveFailures: `limit` is not a known option/],
      [{ threshold: 0 }, /`threshold` must be an integer from 1 to 1000, got 0/],
      [{ baseMs: 10, maxMs: 5 }, /`maxMs` must be at least `baseMs`/],
    ]);
  });
});
