import assert from 'node:assert/strict';
import { isBalancerError, retryBudget } from '@evenkeel/core';
import type { RetryBudget } from '@evenkeel/core';

function deposit(budget: RetryBudget, requests: number, now: number): void {
  for (let i = 0; i < requests; i++) budget.deposit(now);
}

function withdrawAll(budget: RetryBudget, now: number): number {
  let granted = 0;
  while (budget.tryWithdraw(now)) granted++;
  return granted;
}

describe('retryBudget()', () => {
  it('grants its percentage of the requests, and its floor', () => {
    const budget = retryBudget({ percent: 20, minPerSecond: 3, windowMs: 10_000 });
    deposit(budget, 1_000, 0);
    assert.equal(withdrawAll(budget, 0), 200 + 30);
  });

  it('lets a client with next to no traffic retry: six requests that fail together are all tried again', () => {
    const budget = retryBudget();
    deposit(budget, 6, 0);
    for (let i = 0; i < 6; i++) assert.equal(budget.tryWithdraw(100), true);
  });

  it('grants whole percentages without losing one to rounding', () => {
    for (const percent of [7, 29, 57, 58]) {
      const budget = retryBudget({ percent, minPerSecond: 0 });
      deposit(budget, 100, 0);
      assert.equal(withdrawAll(budget, 0), percent);
    }
  });

  it('says what is left without taking it', () => {
    const budget = retryBudget({ minPerSecond: 0 });
    deposit(budget, 50, 0);
    assert.equal(budget.balance(0), 10);
    assert.equal(budget.balance(50_000), 0);
    assert.equal(budget.balance(0), 10, 'a question about later changes nothing');
    budget.tryWithdraw(0);
    assert.equal(budget.balance(0), 9);
  });

  it('forgets requests after a window', () => {
    const budget = retryBudget({ minPerSecond: 0, windowMs: 1_000 });
    deposit(budget, 100, 0);
    assert.equal(budget.balance(899), 20);
    assert.equal(budget.balance(1_000), 0);
  });

  it('gives retries back after a whole window, and a tenth of one more at most', () => {
    const budget = retryBudget({ percent: 0, minPerSecond: 3, windowMs: 10_000 });
    assert.equal(withdrawAll(budget, 999), 30);
    assert.equal(withdrawAll(budget, 10_998), 0);
    assert.equal(withdrawAll(budget, 11_000), 30);
  });

  it('knows nothing of the past after a long silence', () => {
    const budget = retryBudget({ minPerSecond: 0, windowMs: 1_000 });
    deposit(budget, 100, 0);
    // So long that the slots of then and now have the same places.
    assert.equal(budget.balance(1_100), 0);
    deposit(budget, 10, 1_100);
    assert.equal(withdrawAll(budget, 1_100), 2);
  });

  it('works with times below zero, for a clock has any origin', () => {
    const budget = retryBudget({ minPerSecond: 0 });
    deposit(budget, 10, -123_456);
    assert.equal(withdrawAll(budget, -123_456), 2);
  });

  it('grants nothing with 0 percent and no floor', () => {
    const budget = retryBudget({ percent: 0, minPerSecond: 0 });
    deposit(budget, 1_000, 0);
    assert.equal(budget.tryWithdraw(0), false);
  });

  it('shares its floor among workers, and not its percentage', () => {
    for (const [workers, floor] of [
      [1, 30],
      [3, 10],
      [8, 3],
      [64, 0],
    ] as const) {
      const budget = retryBudget({ workers });
      assert.equal(withdrawAll(budget, 0), floor);
      deposit(budget, 100, 0);
      assert.ok(Math.abs(withdrawAll(budget, 0) - 20) <= 1, 'what is left of the floor may make up one');
    }
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ ratio: 0.2 }, /retryBudget: `ratio` is not a known option/],
      [{ percent: 101 }, /`percent` must be a number from 0 to 100, got 101/],
      [{ windowMs: 1 }, /`windowMs` must be a number of milliseconds from 100/],
      [{ minPerSecond: Number.NaN }, /`minPerSecond` must be/],
      [{ workers: 0 }, /`workers` must be an integer from 1 to 1024, got 0/],
      [{ workers: 1_025 }, /`workers` must be an integer from 1 to 1024, got 1025/],
    ] as const) {
      assert.throws(
        () => retryBudget(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
