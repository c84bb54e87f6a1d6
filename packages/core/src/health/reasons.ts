/**
 * Why an endpoint may not be picked. A set, not a state: an endpoint is pickable exactly if it has no reason, so there is no
 * transition that could be illegal.
 */

/** One reason for not being picked. */
export type HealthReason = 'probe-failed' | 'ejected' | 'draining' | 'disabled';

/** The set as bits, since it is looked at on every sticky pick. */
export const REASON_BIT = { 'probe-failed': 1, ejected: 2, draining: 4, disabled: 8 } as const;

/** Reasons that an operator gave; panic does not override them. */
export const OPERATOR_REASONS: number = REASON_BIT.draining | REASON_BIT.disabled;
