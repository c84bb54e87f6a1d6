/**
 * How many endpoints may be out of use for how their attempts ended: the integer rule, in one place.
 */
import { REASON_BIT } from '../health/reasons.ts';
import type { EndpointState } from './endpoint-state.ts';

const OUT = REASON_BIT.ejected | REASON_BIT['on-trial'];

/**
 * True if `endpoint` may not be ejected: `floor(n * maxEjectedPercent / 100)` others, at least 1, are out already, or it is the last
 * one that is well.
 */
export function isRefused(
  endpoint: EndpointState,
  endpoints: readonly EndpointState[],
  maxEjectedPercent: number,
): boolean {
  const limit = Math.max(1, Math.floor((endpoints.length * maxEjectedPercent) / 100));
  let out = 0;
  let well = 0;
  for (const other of endpoints) {
    if (other === endpoint) continue;
    if ((other.reasons & OUT) !== 0) out++;
    if (other.reasons === 0) well++;
  }
  return out >= limit || well === 0;
}

/** Of the others that nothing but their ejection keeps out, the one that is back first. */
export function soonestBack(endpoints: readonly EndpointState[], endpoint: EndpointState): EndpointState | undefined {
  let soonest: EndpointState | undefined;
  for (const other of endpoints) {
    if (other === endpoint || other.reasons !== REASON_BIT.ejected) continue;
    if (soonest === undefined || other.ejectedUntil < soonest.ejectedUntil) soonest = other;
  }
  return soonest;
}
