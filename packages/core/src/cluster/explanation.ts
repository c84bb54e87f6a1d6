/**
 * Why a pick would go where it would: for a debug page, a span attribute, a puzzled operator.
 */
import type { HealthReason } from '../health/reasons.ts';

/** An endpoint that could be picked, as the strategy sees it. */
export interface ExplainedCandidate {
  readonly endpoint: string;
  /** The least one wins; only comparable within one explanation. Undefined where the strategy has no order. */
  readonly score: number | undefined;
  readonly weight: number;
  readonly inflight: number;
  readonly latencyMs: number;
  readonly waitingAgeMs: number;
  /** Which share of the traffic its priority level and zone get now, 0..1. */
  readonly tierShare: number;
}

/** An endpoint that cannot, and everything that speaks against it. */
export interface ExcludedEndpoint {
  readonly endpoint: string;
  /**
   * `lower-priority`: a level or zone that gets no traffic now; `fallback`: a sorry server while others serve; `not-considered`: the
   * strategy, a trial or stickiness has somebody else in mind.
   */
  readonly reasons: readonly (HealthReason | 'tried' | 'full' | 'lower-priority' | 'fallback' | 'not-considered')[];
}

/** What `cluster.explain(context)` says. */
export interface Explanation {
  readonly strategy: string;
  /**
   * `sticky`: the endpoint of `preferred` serves; `successor`: it does not, another one was chosen for the key; `trial`: this
   * request tries out an endpoint that comes back; `panic`: health is ignored; `fallback`: only sorry servers are left; `none`:
   * nothing may be picked.
   */
  readonly regime: 'strategy' | 'sticky' | 'successor' | 'trial' | 'panic' | 'fallback' | 'none';
  /** The strategy's own word for the rule at work, such as `full-scan` or `cold`; undefined if it has one only. */
  readonly rule: string | undefined;
  /** Best first. */
  readonly candidates: readonly ExplainedCandidate[];
  readonly excluded: readonly ExcludedEndpoint[];
}
