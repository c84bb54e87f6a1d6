/**
 * What a cluster's core is made of, and whom it tells.
 */
import type { ConcurrencyLimit } from '../concurrency/concurrency-limit.ts';
import type { EjectionPolicy } from '../health/ejection.ts';
import type { HealthReason } from '../health/reasons.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { SnapshotRules } from './snapshot.ts';

/** What the core is made of. */
export interface ClusterCoreOptions extends SnapshotRules {
  readonly ejection: EjectionPolicy;
  readonly concurrencyLimit?: ConcurrencyLimit | undefined;
  readonly latencyWindowMs: number;
  readonly maxInflight: number;
  readonly maxEjectedPercent: number;
}

/** Told of the rare changes. */
export interface ClusterCoreListener {
  added(endpoint: EndpointState): void;
  removed(endpoint: EndpointState): void;
  pickable(endpoint: EndpointState): void;
  unpickable(endpoint: EndpointState, reason: HealthReason): void;
  /** An ejection that the cap forbade. */
  spared(endpoint: EndpointState): void;
  panic(isPanicking: boolean): void;
  quorum(hasQuorum: boolean): void;
}
