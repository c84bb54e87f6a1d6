/**
 * The one place where core reads time. Everything below the shell takes `now` as an argument; the shell takes a `Clock`.
 */

/** Stops a scheduled task. Calling it again, or after the task ran, does nothing. */
export type Cancel = () => void;

/** A source of monotonic time and of timers. `systemClock` is the real one, `manualClock()` of `@evenkeel/core/testing` the other. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number;
  /** Runs `task` once after `delayMs` milliseconds. A pending task never keeps the process alive. */
  schedule(delayMs: number, task: () => void): Cancel;
}

/** The machine's monotonic clock with unreferenced timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
