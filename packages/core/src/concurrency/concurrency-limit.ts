/**
 * How many attempts one endpoint may have in flight, where nobody knows a good number: a limit that follows what it sees.
 */
import type { Outcome } from '../outcome.ts';

/** A way to find the number. */
export interface ConcurrencyLimit {
  readonly name: string;
  /** A fresh limiter for one endpoint. */
  start(): ConcurrencyLimiter;
}

/** The limiter of one endpoint. */
export interface ConcurrencyLimiter {
  /** Attempts that may be in flight now; a whole number, at least 1. */
  readonly limit: number;
  /**
   * Takes note of an attempt that ended at `now`; `cancelled` never reaches it. Allocates nothing.
   * @param latencyMs ms from its start to its response head or failure
   * @param inflight attempts in flight, it included
   */
  observe(outcome: Outcome, latencyMs: number, inflight: number, now: number): void;
}
