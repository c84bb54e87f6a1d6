import assert from 'node:assert/strict';
import fc from 'fast-check';
import { retryBudget } from '@evenkeel/core';

const options = fc.record({
  percent: fc.double({ min: 0, max: 100, noNaN: true }),
  minPerSecond: fc.double({ min: 0, max: 20, noNaN: true }),
  windowMs: fc.integer({ min: 100, max: 20_000 }),
});

/** ms to the next call, and whether that is a request or a retry. */
const calls = fc.array(
  fc.record({
    afterMs: fc.oneof(
      fc.constant(0),
      fc.double({ min: 0, max: 50, noNaN: true }),
      fc.double({ min: 0, max: 5_000, noNaN: true }),
    ),
    isRetry: fc.boolean(),
    times: fc.integer({ min: 1, max: 20 }),
  }),
  { maxLength: 200 },
);

function countSince(times: readonly number[], since: number): number {
  return times.filter((at) => at > since).length;
}

describe('retryBudget() for any sequence of calls', () => {
  it('never grants more than its percentage of the last window plus its floor', () => {
    fc.assert(
      fc.property(options, calls, (given, sequence) => {
        const budget = retryBudget(given);
        const { percent, minPerSecond, windowMs } = given;
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const { afterMs, isRetry, times } of sequence) {
          now += afterMs;
          for (let i = 0; i < times; i++) {
            if (!isRetry) {
              budget.deposit(now);
              requests.push(now);
            } else if (budget.tryWithdraw(now)) retries.push(now);
          }
          const allowed = (countSince(requests, now - windowMs) * percent) / 100 + (minPerSecond * windowMs) / 1_000;
          if (retries.at(-1) === now) assert.ok(countSince(retries, now - windowMs) <= allowed + 1e-6);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('grants as many as its balance says, and no more', () => {
    fc.assert(
      fc.property(options, calls, (given, sequence) => {
        const budget = retryBudget(given);
        let now = 0;
        for (const { afterMs, isRetry, times } of sequence) {
          now += afterMs;
          const before = budget.balance(now);
          for (let i = 0; i < times; i++) {
            if (isRetry) assert.equal(budget.tryWithdraw(now), i < before);
            else budget.deposit(now);
          }
          if (isRetry) assert.equal(budget.balance(now), Math.max(0, before - times));
          else assert.ok(budget.balance(now) >= before);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('gives the whole floor back after a silence', () => {
    fc.assert(
      fc.property(options, calls, (given, sequence) => {
        const budget = retryBudget(given);
        let now = 0;
        for (const { afterMs, isRetry } of sequence) {
          now += afterMs;
          if (isRetry) budget.tryWithdraw(now);
          else budget.deposit(now);
        }
        const floor = Math.floor((given.minPerSecond * given.windowMs) / 1_000 + 1e-9);
        assert.equal(budget.balance(now + 1.11 * given.windowMs), floor);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
