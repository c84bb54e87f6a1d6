/**
 * When a store counts as down, and when to try it again. Pure: it takes no time and keeps no timer.
 *
 * Three failures with no success between them are one too many: a single lost packet must not turn the sessions of a whole instance
 * away, and a dead server must not cost each request its deadline. While the store is down nobody's request is sent as the trial;
 * the owner of the breaker makes one of its own after `nextTrialMs()`, so that no user waits for a server that is still dead.
 * @see Nygard, "Release It!" (2nd ed. 2018), ch. 5
 */
import type { Random } from '@evenkeel/core';

/** Failures in a row after which the store is taken for down. */
export const MAX_FAILURES = 3;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/** Counts the failures of one store. */
export interface Breaker {
  readonly isDown: boolean;
  /** A call has failed. True if that takes the store down; later failures, and those of trials, change nothing. */
  failed(): boolean;
  /** A call has succeeded. What was under way when the store went down does not bring it back: a trial does. */
  succeeded(): void;
  /** A trial has succeeded. */
  restored(): void;
  /** How long to wait before the next trial, in ms: doubles from 100 to 2,000, and half of it is chance. */
  nextTrialMs(): number;
}

/** @param random for the jitter: the instances of an application must not come back all at once */
export function breaker(random: Random): Breaker {
  let failures = 0;
  let trials = 0;
  let isDown = false;
  return {
    get isDown() {
      return isDown;
    },
    failed() {
      if (isDown || ++failures < MAX_FAILURES) return false;
      isDown = true;
      return true;
    },
    succeeded() {
      if (isDown) return;
      failures = 0;
      trials = 0;
    },
    restored() {
      isDown = false;
      failures = 0;
      trials = 0;
    },
    nextTrialMs() {
      const longest = Math.min(MAX_BACKOFF_MS, 2 * MIN_BACKOFF_MS * 2 ** trials++);
      return (longest / 2) * (1 + random.unit());
    },
  };
}
