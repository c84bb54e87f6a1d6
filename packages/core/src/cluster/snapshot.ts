/**
 * Where health and strategies meet, and the only place: which endpoints may be picked as of a moment, and a picker over them.
 */
import { OPERATOR_REASONS } from '../health/reasons.ts';
import type { Random } from '../lib/random.ts';
import type { Picker, Strategy } from '../strategies/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';

/** The pickable endpoints until something changes. */
export interface Snapshot {
  readonly pickable: readonly EndpointState[];
  /** Undefined if nothing may be picked. */
  readonly picker: Picker<EndpointState> | undefined;
  /** When the next ejection ends; infinite if none is under way. */
  readonly nextChangeAt: number;
  readonly isPanicking: boolean;
}

/** Before the first endpoint. */
export const EMPTY_SNAPSHOT: Snapshot = { pickable: [], picker: undefined, nextChangeAt: Infinity, isPanicking: false };

/**
 * Ends the ejections whose time is up and builds the picker. O(n), at change only.
 * @param panicPercent a priority level with a smaller share of well endpoints is passed over; if that leaves none, health is ignored
 */
export function takeSnapshot(
  endpoints: readonly EndpointState[],
  now: number,
  panicPercent: number,
  build: { strategy: Strategy; random: Random; previous: Picker<EndpointState> | undefined },
): Snapshot {
  let nextChangeAt = Infinity;
  for (const endpoint of endpoints) {
    if (!endpoint.has('ejected')) continue;
    if (endpoint.ejectedUntil <= now) endpoint.restore(now);
    else nextChangeAt = Math.min(nextChangeAt, endpoint.ejectedUntil);
  }
  const { pickable, isPanicking } = choose(endpoints, panicPercent);
  for (const endpoint of endpoints) endpoint.isPicked = false;
  for (const endpoint of pickable) endpoint.isPicked = true;
  const picker = pickable.length === 0 ? undefined : build.strategy.build(pickable, build.random, build.previous);
  return { pickable, picker, nextChangeAt, isPanicking };
}

/** The first priority level that is well enough; else, in panic, the first level there is. */
function choose(
  endpoints: readonly EndpointState[],
  panicPercent: number,
): { pickable: readonly EndpointState[]; isPanicking: boolean } {
  const candidates = endpoints.filter((endpoint) => (endpoint.reasons & OPERATOR_REASONS) === 0);
  const levels = [...new Set(candidates.map((endpoint) => endpoint.priority))].toSorted((a, b) => a - b);
  for (const level of levels) {
    const members = candidates.filter((endpoint) => endpoint.priority === level);
    const well = members.filter((endpoint) => endpoint.reasons === 0);
    if (well.length > 0 && well.length * 100 >= members.length * panicPercent) {
      return { pickable: well, isPanicking: false };
    }
  }
  if (panicPercent === 0) return { pickable: [], isPanicking: false };
  const pickable = candidates.filter((endpoint) => endpoint.priority === levels[0]);
  return { pickable, isPanicking: pickable.length > 0 };
}
