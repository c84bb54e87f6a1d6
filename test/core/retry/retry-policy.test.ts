import assert from 'node:assert/strict';
import { isBalancerError, retryPolicy } from '@evenkeel/core';
import type { FailedTry } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';

const RESET: FailedTry = { outcome: 'reset', status: 0, isSent: true, isIdempotent: true, isReplayable: true };

function answered(status: number, outcome: FailedTry['outcome'] = 'server-error'): FailedTry {
  return { ...RESET, status, outcome };
}

describe('retryPolicy()', () => {
  it('makes three attempts in all by default', () => {
    assert.equal(retryPolicy().maxAttempts, 3);
    assert.equal(retryPolicy({ maxAttempts: 1 }).maxAttempts, 1);
  });

  it('retries what was never sent, whatever the method and body, at no charge', () => {
    const policy = retryPolicy();
    const failed = {
      ...RESET,
      outcome: 'connect-error',
      isSent: false,
      isIdempotent: false,
      isReplayable: false,
    } as const;
    assert.equal(policy.isRetryable(failed), true);
    assert.equal(policy.isCharged(failed), false);
  });

  it('retries what was sent only if it is idempotent and can be replayed, and charges it', () => {
    const policy = retryPolicy();
    for (const outcome of ['reset', 'timeout'] as const) {
      assert.equal(policy.isRetryable({ ...RESET, outcome }), true);
      assert.equal(policy.isRetryable({ ...RESET, outcome, isIdempotent: false }), false);
      assert.equal(policy.isRetryable({ ...RESET, outcome, isReplayable: false }), false);
    }
    assert.equal(policy.isCharged(RESET), true);
  });

  it('never retries what the caller cancelled', () => {
    for (const isSent of [true, false]) {
      assert.equal(retryPolicy().isRetryable({ ...RESET, outcome: 'cancelled', isSent }), false);
    }
  });

  it('retries the statuses that mean "not now", and no others', () => {
    const policy = retryPolicy();
    for (const status of [502, 503, 504]) assert.equal(policy.isRetryable(answered(status)), true, `${status}`);
    for (const status of [500, 501, 505]) assert.equal(policy.isRetryable(answered(status)), false, `${status}`);
    assert.equal(policy.isRetryable(answered(429, 'rate-limited')), false);
    assert.equal(policy.isRetryable(answered(200, 'success')), false);
    assert.equal(policy.isRetryable({ ...answered(503), isIdempotent: false }), false);
  });

  it('retries the statuses that it is given instead', () => {
    const policy = retryPolicy({ statuses: [429, 500] });
    assert.equal(policy.isRetryable(answered(429, 'rate-limited')), true);
    assert.equal(policy.isRetryable(answered(500)), true);
    assert.equal(policy.isRetryable(answered(503)), false);
    assert.equal(policy.isRetryable(RESET), true, 'a broken connection is no status');
  });

  it('retries a rate limit only on demand, and then whatever the method: what was turned away was not done', () => {
    const policy = retryPolicy({ statuses: [429, 503] });
    const limited = { ...answered(429, 'rate-limited'), isIdempotent: false };
    assert.equal(policy.isRetryable(limited), true);
    assert.equal(policy.isCharged(limited), true);
    assert.equal(policy.isRetryable({ ...limited, isReplayable: false }), false);
    assert.equal(policy.isRetryable({ ...answered(503), isIdempotent: false }), false);
    assert.equal(retryPolicy().isRetryable(limited), false);
  });

  it('waits for a random part of 25, 75, 175 and then 250 ms', () => {
    const random = seeded();
    const policy = retryPolicy();
    for (const [attempt, longest] of [
      [1, 25],
      [2, 75],
      [3, 175],
      [4, 250],
      [9, 250],
    ] as const) {
      const delays = Array.from({ length: 1_000 }, () => policy.delayMs(attempt, random));
      assert.ok(Math.min(...delays) >= 0 && Math.min(...delays) < longest / 50);
      assert.ok(Math.max(...delays) < longest && Math.max(...delays) > longest * 0.98);
    }
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ attempts: 2 }, /retryPolicy: `attempts` is not a known option/],
      [{ maxAttempts: 0 }, /`maxAttempts` must be an integer from 1 to 10, got 0/],
      [{ statuses: [42] }, /`statuses\.?\[0\]` must be an integer from 400 to 599, got 42/],
    ] as const) {
      assert.throws(
        () => retryPolicy(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
