/**
 * What tests of balancing need: time that stands still until it is turned, and chance that repeats itself.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { xorshift } from '../lib/random.ts';

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /**
   * Moves time forward by `ms` and runs every task that falls due, in order of time, each at its own moment; tasks that they schedule
   * run too if they fall due by then. @throws RangeError if `ms` is negative: time never goes back
   */
  advance(ms: number): void;
  /** How many tasks are waiting. */
  readonly pending: number;
  /** How many of them would hold a process: somebody waits for them. */
  readonly holding: number;
}

/** @param start the first `now()`, in ms. @default 0 */
export function manualClock(start = 0): ManualClock {
  let now = start;
  let serial = 0;
  const tasks = new Map<number, { at: number; run: () => void; isBackground: boolean }>();
  function nextDue(until: number): number | undefined {
    let due: number | undefined;
    for (const [id, task] of tasks) {
      if (task.at <= until && (due === undefined || task.at < tasks.get(due)!.at)) due = id;
    }
    return due;
  }
  return {
    now: () => now,
    schedule(delayMs, task, isBackground = false) {
      const id = serial++;
      tasks.set(id, { at: now + Math.max(0, delayMs), run: task, isBackground });
      return () => void tasks.delete(id);
    },
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`time cannot be advanced by ${ms} ms`);
      const until = now + ms;
      for (let id = nextDue(until); id !== undefined; id = nextDue(until)) {
        const task = tasks.get(id)!;
        tasks.delete(id);
        now = task.at;
        task.run();
      }
      now = until;
    },
    get pending() {
      return tasks.size;
    },
    get holding() {
      let count = 0;
      for (const { isBackground } of tasks.values()) if (!isBackground) count++;
      return count;
    },
  };
}

/** A random source that gives the same sequence for the same seed. @param seed any integer. @default 1 */
export function seeded(seed = 1): Random {
  return xorshift(seed);
}
