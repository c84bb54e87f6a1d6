import assert from 'node:assert/strict';
import { anyOf, consecutiveFailures, failurePercentage, successRate } from '@evenkeel/core';
import type { EjectionPolicy, EjectionTracker } from '@evenkeel/core';
import { assertRefused, tell, tellMany, trackOne } from './judging.ts';

/** A policy that asks for `forMs` at every failure, and writes down what it is told. */
function scripted(forMs: number): { policy: EjectionPolicy; calls: string[] } {
  const calls: string[] = [];
  const tracker: EjectionTracker = {
    observe(outcome, now, latencyMs) {
      calls.push(`${outcome} ${now} ${latencyMs}`);
      return outcome === 'success' ? 0 : forMs;
    },
    refused: (now) => void calls.push(`refused ${now}`),
    restored: (now) => void calls.push(`restored ${now}`),
    removed: () => void calls.push('removed'),
  };
  return { policy: { name: 'scripted', start: () => ({ track: () => tracker }) }, calls };
}

describe('anyOf()', () => {
  it('ejects when one of its policies does', () => {
    const policy = anyOf(consecutiveFailures(), successRate());
    assert.ok(tellMany(trackOne(policy), 'reset', 5, 0) > 0, 'five in a row');
    const tracker = trackOne(policy);
    let requests = 0;
    while (tell(tracker, requests++ % 2 === 0 ? 'success' : 'reset', 0) === 0) assert.ok(requests < 50);
    assert.equal(requests, 20, 'every second one of twenty');
  });

  it('ejects for the longest time that is asked for', () => {
    assert.equal(tell(trackOne(anyOf(scripted(0).policy, scripted(70).policy, scripted(50).policy)), 'reset', 0), 70);
  });

  it('asks nobody while the endpoint is ejected, and everybody when it is back', () => {
    const [quiet, asking] = [scripted(0), scripted(100)];
    const tracker = trackOne(anyOf(quiet.policy, asking.policy));
    tell(tracker, 'reset', 0, 5);
    assert.equal(tell(tracker, 'reset', 99, 5), 0);
    tracker.restored(100);
    tell(tracker, 'success', 110, 5);
    assert.deepEqual(quiet.calls, ['reset 0 5', 'restored 100', 'success 110 5']);
    assert.deepEqual(asking.calls, quiet.calls);
  });

  it('asks again at once if the endpoint is back before its time', () => {
    const { policy, calls } = scripted(100);
    const tracker = trackOne(anyOf(policy));
    tell(tracker, 'reset', 0, 5);
    tracker.restored(50);
    assert.equal(tell(tracker, 'reset', 60, 5), 100);
    assert.equal(calls.length, 3);
  });

  it('tells of a refusal whoever asked, and nobody else', () => {
    const [quiet, asking] = [scripted(0), scripted(100)];
    const tracker = trackOne(anyOf(quiet.policy, asking.policy));
    tell(tracker, 'reset', 0, 5);
    tracker.refused?.(0);
    assert.deepEqual(quiet.calls, ['reset 0 5']);
    assert.deepEqual(asking.calls, ['reset 0 5', 'refused 0']);
    assert.equal(tell(tracker, 'reset', 1, 5), 100, 'the endpoint is still judged');
  });

  it('tells everybody that the endpoint left', () => {
    const [one, other] = [scripted(0), scripted(100)];
    trackOne(anyOf(one.policy, other.policy)).removed?.();
    assert.deepEqual([...one.calls, ...other.calls], ['removed', 'removed']);
  });

  it('works with trackers that know neither refusal nor removal', () => {
    const tracker: EjectionTracker = { observe: () => 10, restored: () => undefined };
    const jury = trackOne(anyOf({ name: 'plain', start: () => ({ track: () => tracker }) }));
    assert.equal(tell(jury, 'reset', 0), 10);
    jury.refused?.(0);
    jury.removed?.();
  });

  it('puts an endpoint on trial before all of its policies, whichever ejected it', () => {
    const tracker = trackOne(anyOf(consecutiveFailures(), successRate({ baseMs: 60_000 })));
    const first = tellMany(tracker, 'reset', 5, 0);
    assert.ok(first >= 60_000, 'both asked, the longer one wins');
    tracker.restored(first);
    assert.ok(tell(tracker, 'reset', first + 20) >= 120_000);
  });

  it('starts with an empty slate after an ejection, for those too that did not ask for it', () => {
    const share = failurePercentage({ thresholdPercent: 50, minRequests: 8 });
    const tracker = trackOne(anyOf(consecutiveFailures({ threshold: 4 }), share));
    const now = tellMany(tracker, 'reset', 4, 0);
    tracker.restored(now);
    for (const outcome of ['success', 'reset', 'reset', 'reset', 'success', 'reset', 'success'] as const) {
      assert.equal(tell(tracker, outcome, now + 20), 0);
    }
    assert.ok(tell(tracker, 'reset', now + 20) > 0, 'five of eight since the return');
  });

  it('is named for its policies', () => {
    assert.equal(anyOf(consecutiveFailures(), successRate()).name, 'any-of(consecutive-failures, success-rate)');
  });

  it('refuses nothing at all, and what is no policy', () => {
    assertRefused(
      (policies: readonly EjectionPolicy[]) => anyOf(...policies),
      [
        [[], /anyOf: `policies` must be at least one ejection policy, got an empty array/],
        [[successRate(), 5], /anyOf: `policies\[1\]` must be an ejection policy such as consecutiveFailures\(\)/],
      ],
    );
  });
});
