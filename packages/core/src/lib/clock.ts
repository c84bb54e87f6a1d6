/**
 * The one place where core reads time. Everything below the shell takes `now` as an argument; the shell takes a `Clock`.
 */

/** Stops a scheduled task. Calling it again, or after the task ran, does nothing. */
export type Cancel = () => void;

/** A source of monotonic time and of timers. `systemClock` is the real one, `manualClock()` of `@evenkeel/core/testing` the other. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number;
  /**
   * Runs `task` once after `delayMs` milliseconds. Somebody waits for it, so it keeps the process alive, unless it `isBackground`.
   * @param isBackground true for work that nobody waits for, such as probes. @default false
   */
  schedule(delayMs: number, task: () => void, isBackground?: boolean): Cancel;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, task, isBackground = false) {
    const timer = setTimeout(task, delayMs);
    if (isBackground) timer.unref();
    return () => clearTimeout(timer);
  },
};
