/**
 * Why an endpoint may not be picked. A set, not a state: an endpoint is pickable exactly if it has no reason, so there is no
 * transition that could be illegal.
 */

/**
 * One reason for not being picked. `inhibited`: a probe failed whose `onFail` is `inhibit`; `on-trial`: it was unfit, and one request at
 * a time may find out whether it still is; `leaving`: the endpoint, its agent or the discovery said that it is about to go; `draining`
 * and `disabled`: an operator said so.
 */
export type HealthReason = 'probe-failed' | 'inhibited' | 'ejected' | 'on-trial' | 'leaving' | 'draining' | 'disabled';

/** The set as bits, since it is looked at on every sticky pick. */
export const REASON_BIT = {
  'probe-failed': 1,
  inhibited: 2,
  ejected: 4,
  'on-trial': 8,
  leaving: 16,
  draining: 32,
  disabled: 64,
} as const;

/** Reasons that an operator gave; panic does not override them. */
export const OPERATOR_REASONS: number = REASON_BIT.draining | REASON_BIT.disabled;

/** Reasons that keep new work away, and not what sticks to the endpoint. */
export const SESSION_KEEPING_REASONS: number = REASON_BIT.inhibited | REASON_BIT.leaving;

/** Who can say that an endpoint is about to go. */
export const LEAVING_BIT = { discovery: 1, agent: 2, weight: 4, report: 8 } as const;

export type LeavingSource = keyof typeof LEAVING_BIT;
