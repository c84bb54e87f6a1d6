/**
 * Where health and strategies meet, and the only place: which endpoints may be picked as of a moment, with which weights, and a
 * picker over them.
 */
import { REASON_BIT } from '../health/reasons.ts';
import type { Random } from '../lib/random.ts';
import type { Picker, Strategy } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';
import { isLeavingByReport, noteLeaving } from './leaving.ts';
import { TierPicker } from './tier-picker.ts';
import { split } from './tiers.ts';
import type { Locality, Tier } from './tiers.ts';
import { putOnTrial, trialEndsAt } from './trial.ts';

/** The pickable endpoints until something changes. */
export interface Snapshot {
  readonly pickable: readonly EndpointState[];
  readonly tiers: readonly Tier[];
  /** Undefined if nothing may be picked. */
  readonly picker: Picker<EndpointState> | undefined;
  /** The picker of each tier by its key. */
  readonly pickers: ReadonlyMap<string, Picker<EndpointState>>;
  /** Those that one request at a time may try out. */
  readonly trials: readonly EndpointState[];
  /** When an ejection or a step of a slow start ends; infinite if nothing of that kind is under way. */
  readonly nextChangeAt: number;
  /** There is a picker and nobody to try out: a request that sticks to nothing has only the picker to ask. */
  readonly isPlain: boolean;
  readonly isPanicking: boolean;
  readonly isOnFallback: boolean;
  readonly hasQuorum: boolean;
}

/** How much has to be well for the cluster to count as up. */
export interface Quorum {
  readonly weight: number;
  readonly hysteresis: number;
}

/** What a snapshot is taken by. */
export interface SnapshotRules {
  readonly strategy: Strategy;
  readonly random: Random;
  readonly panicPercent: number;
  readonly slowStartMs: number;
  readonly locality?: Locality | undefined;
  readonly quorum?: Quorum | undefined;
}

/** Before the first endpoint. */
export const EMPTY_SNAPSHOT: Snapshot = {
  pickable: [],
  tiers: [],
  picker: undefined,
  pickers: new Map(),
  trials: [],
  nextChangeAt: Infinity,
  isPlain: false,
  isPanicking: false,
  isOnFallback: false,
  hasQuorum: true,
};

/** The weight of a slow start begins with this share of the whole (Envoy's `min_weight_percent`). */
const SLOW_START_RATIO = 0.1;
const SLOW_START_STEPS = 10;

/**
 * Ends what has run out, sets the weights and builds the picker. O(n), at change only.
 * @param before the snapshot that this one replaces
 */
export function takeSnapshot(
  endpoints: readonly EndpointState[],
  now: number,
  rules: SnapshotRules,
  before: Snapshot,
): Snapshot {
  const nextChangeAt = Math.min(expire(endpoints, now), setWeights(endpoints, now, rules.slowStartMs));
  const regular = endpoints.filter(({ isFallback }) => !isFallback);
  const fallback = endpoints.filter(({ isFallback, reasons }) => isFallback && reasons === 0);
  const hasQuorum = isQuorate(regular, rules.quorum, before.hasQuorum);
  const isFallbackDue = !hasQuorum || !regular.some(({ reasons }) => reasons === 0);
  const isOnFallback = fallback.length > 0 && isFallbackDue;
  // A sorry server is there so that nobody is sent to an endpoint that is known to be unfit.
  const panicPercent = fallback.length > 0 ? 0 : rules.panicPercent;
  const { tiers, isPanicking, lastPriority } = isOnFallback
    ? { tiers: [{ key: 'fallback', share: 1, endpoints: fallback }], isPanicking: false, lastPriority: Infinity }
    : split(regular, panicPercent, rules.locality);
  const pickable = tiers.length === 1 ? tiers[0]!.endpoints : tiers.flatMap((tier) => tier.endpoints);
  for (const endpoint of endpoints) endpoint.isPicked = false;
  tiers.forEach((tier, index) => {
    for (const endpoint of tier.endpoints) {
      endpoint.isPicked = true;
      endpoint.tier = index;
    }
  });
  const pickers = new Map(
    tiers.map(({ key, endpoints: members }) => [
      key,
      rules.strategy.build(members, rules.random, before.pickers.get(key)),
    ]),
  );
  const built = [...pickers.values()];
  const picker = built.length < 2 ? built[0] : new TierPicker(tiers, built, rules.random);
  // Not a sorry server while others serve, nor one of a level that is not needed: whoever was sent there would notice.
  const mayBeTried = ({ isFallback, priority }: EndpointState): boolean =>
    isFallback ? isFallbackDue : priority <= lastPriority;
  const trials = endpoints.filter(
    (endpoint) => endpoint.reasons === REASON_BIT['on-trial'] && !endpoint.isPicked && mayBeTried(endpoint),
  );
  const isPlain = picker !== undefined && trials.length === 0;
  return { pickable, tiers, picker, pickers, trials, nextChangeAt, isPlain, isPanicking, isOnFallback, hasQuorum };
}

/** Ends the ejections, trials and words of reports whose time is up. @returns when the next one's is */
function expire(endpoints: readonly EndpointState[], now: number): number {
  let nextAt = Infinity;
  for (const endpoint of endpoints) {
    if (endpoint.has('ejected')) {
      if (endpoint.ejectedUntil <= now) putOnTrial(endpoint, now);
      else nextAt = Math.min(nextAt, endpoint.ejectedUntil);
    }
    if (endpoint.has('on-trial')) {
      if (trialEndsAt(endpoint) <= now) endpoint.clear('on-trial', now);
      else nextAt = Math.min(nextAt, trialEndsAt(endpoint));
    }
    if (isLeavingByReport(endpoint)) {
      // Its report said that it is about to go, and then it was still there.
      if (endpoint.leavingUntil <= now) noteLeaving(endpoint, 'report', false, now);
      else nextAt = Math.min(nextAt, endpoint.leavingUntil);
    }
  }
  return nextAt;
}

/** @returns when a weight changes next by itself */
function setWeights(endpoints: readonly EndpointState[], now: number, slowStartMs: number): number {
  let nextAt = Infinity;
  for (const endpoint of endpoints) {
    const age = now - endpoint.slowSince;
    endpoint.weight = endpoint.fullWeight;
    if (age >= slowStartMs) continue;
    endpoint.weight *= Math.max(SLOW_START_RATIO, age / slowStartMs);
    // One grid for all, so that many slow starts cost no more rebuilds than one.
    nextAt = now + slowStartMs / SLOW_START_STEPS;
  }
  return nextAt;
}

/** With hysteresis, as in keepalived: lost below `weight - hysteresis`, regained at `weight + hysteresis`. */
function isQuorate(endpoints: readonly EndpointState[], quorum: Quorum | undefined, before: boolean): boolean {
  if (quorum === undefined) return true;
  let well = 0;
  for (const { reasons, fullWeight } of endpoints) if (reasons === 0) well += fullWeight;
  return before ? well >= quorum.weight - quorum.hysteresis : well >= quorum.weight + quorum.hysteresis;
}
