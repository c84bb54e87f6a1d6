/**
 * What goes on behind the calls: trials of a store that is down, the hand-over of what waits, and the question whether the master has
 * changed. One thing at a time, by a timer that keeps no process alive; what fails is tried again after the breaker's back-off.
 */
import type { Clock } from '@evenkeel/core';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { NO_CHANGES } from '../fields/merge.ts';
import type { SessionStore } from '../store.ts';
import type { Breaker } from './breaker.ts';

/** What is to be done, in this order. Each rejects if the store does not answer. */
export interface TrialWork {
  /** Whether the store is there: only asked while it is down. */
  readonly isThere: () => Promise<void>;
  /** Everything that waits for the store. */
  readonly catchUp: () => Promise<void>;
}

/** Runs the work when it is due. */
export interface Trials {
  /** In the given time at the latest. */
  soon(delayMs: number): void;
  /** When the next one is due, on the clock; undefined if none is. */
  readonly dueAt: number | undefined;
  close(): void;
}

export function trials(breaker: Breaker, clock: Clock, { isThere, catchUp }: TrialWork): Trials {
  let dueAt: number | undefined;
  let cancel = (): void => undefined;
  let isRunning = false;
  let isClosed = false;
  async function run(): Promise<void> {
    dueAt = undefined;
    isRunning = true;
    try {
      if (breaker.isDown) {
        await isThere();
        breaker.restored();
      }
      await catchUp();
      isRunning = false;
      if (dueAt !== undefined) schedule(dueAt - clock.now());
    } catch {
      isRunning = false;
      schedule(breaker.nextTrialMs());
    }
  }
  function schedule(delayMs: number): void {
    cancel();
    if (isClosed) return;
    dueAt = clock.now() + delayMs;
    cancel = clock.schedule(Math.max(0, delayMs), () => void run(), true);
  }
  return {
    get dueAt() {
      return dueAt;
    },
    soon(delayMs) {
      const at = clock.now() + delayMs;
      if (dueAt !== undefined && dueAt <= at) return;
      if (isRunning) dueAt = at;
      else schedule(delayMs);
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}

/** How long the session of a trial lives if it cannot be destroyed, in ms. */
const TRIAL_LIFE_MS = 1_000;

/** Writes and removes a session: a server that only lacks the right to write (a replica, one out of memory) is down for sessions. */
export async function assertWritable(store: SessionStore, now: number): Promise<void> {
  const id = newSessionId();
  await store.commit(id, { mode: 'create', createdAt: now, expiresAt: now + TRIAL_LIFE_MS, ...NO_CHANGES }, now);
  await store.destroy(id, now);
}
