/**
 * Passive health: judging endpoints by how real attempts ended. A policy is started once per cluster and makes one tracker per
 * endpoint, so that trackers may compare their endpoints; a tracker says for how long to eject. What that does to balancing is the
 * cluster's business: it ejects only as many as its cap allows, and lets a returning endpoint prove itself with one request.
 */
import type { Random } from '../lib/random.ts';
import type { Outcome } from '../outcome.ts';

/** When endpoints are ejected and for how long. */
export interface EjectionPolicy {
  readonly name: string;
  /** The judges of one cluster. */
  start(random: Random): EjectionJudges;
}

/** All judges of one cluster, who may know of one another. */
export interface EjectionJudges {
  /** A fresh judge for one endpoint. */
  track(): EjectionTracker;
}

/** The judge of one endpoint. */
export interface EjectionTracker {
  /**
   * Takes note of an attempt that ended at `now`. `cancelled` never reaches a tracker.
   * @param latencyMs ms from the attempt's start to its response head or failure; -1 for a second judgement of the same attempt, whose
   *   body was cut short
   * @returns for how many ms to eject, or 0 to keep. Allocates nothing.
   */
  observe(outcome: Outcome, now: number, latencyMs: number): number;
  /** True while a success would change nothing, so that nobody need tell of one. @default never */
  readonly isAtRest?: boolean;
  /** Called when nothing came of the ejection that `observe` has just asked for: the endpoint is still in use, and still judged. */
  refused?(now: number): void;
  /**
   * Called when the endpoint may be tried again after an ejection. The first request sent since then decides: unless it succeeds, the
   * endpoint is ejected again, for longer. What was seen before is forgotten.
   */
  restored(now: number): void;
  /** Called when the endpoint is no longer a member. */
  removed?(): void;
}
