/**
 * Passive health: judging an endpoint by how real attempts ended. A policy makes one tracker per endpoint; a tracker says for how
 * long to eject. What that does to balancing is the cluster's business.
 */
import type { Random } from '../lib/random.ts';
import type { Outcome } from '../outcome.ts';

/** When an endpoint is ejected and for how long. */
export interface EjectionPolicy {
  readonly name: string;
  /** A fresh judge for one endpoint. */
  track(random: Random): EjectionTracker;
}

/** The judge of one endpoint. */
export interface EjectionTracker {
  /**
   * Takes note of an attempt that ended at `now`. `cancelled` never reaches a tracker.
   * @returns for how many ms to eject, or 0 to keep. Allocates nothing.
   */
  observe(outcome: Outcome, now: number): number;
  /** Called when nothing came of the ejection that `observe` has just asked for: the endpoint is still in use, and still judged. */
  refused?(now: number): void;
  /** Called when the endpoint may be picked again after an ejection. */
  restored(now: number): void;
}
