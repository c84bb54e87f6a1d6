/**
 * Who says that an endpoint is about to go. It is as long as one of them says so; a report's word runs out by itself.
 */
import { LEAVING_BIT, REASON_BIT } from '../health/reasons.ts';
import type { LeavingSource } from '../health/reasons.ts';
import type { EndpointState } from './endpoint-state.ts';

/** How long an endpoint's own word that it is about to go holds, unless it repeats it. */
const LEAVING_BY_REPORT_MS = 30_000;

/**
 * For so long it cannot take that back. Of several processes behind one address each speaks for itself, and anybody who answers can say
 * what he likes: not every response may change the cluster.
 */
const LEAST_LEAVING_MS = 1_000;

/** Takes somebody's word. @returns true if that makes or takes away a reason for not picking the endpoint */
export function noteLeaving(endpoint: EndpointState, source: LeavingSource, stands: boolean, now: number): boolean {
  endpoint.leaving = stands ? endpoint.leaving | LEAVING_BIT[source] : endpoint.leaving & ~LEAVING_BIT[source];
  const isLeaving = endpoint.leaving !== 0;
  if (isLeaving === endpoint.has('leaving')) return false;
  if (isLeaving) endpoint.reasons |= REASON_BIT.leaving;
  else endpoint.clear('leaving', now);
  return true;
}

/** True if what its last report says of that is not known yet, and is to be believed. */
export function isReportNews(endpoint: EndpointState, now: number): boolean {
  const isDraining = endpoint.report?.isDraining === true;
  if (isDraining) endpoint.leavingUntil = now + LEAVING_BY_REPORT_MS;
  else if (now < endpoint.leavingUntil - LEAVING_BY_REPORT_MS + LEAST_LEAVING_MS) return false;
  return isDraining !== isLeavingByReport(endpoint);
}

/** True if its last report said so, until `leavingUntil`. */
export function isLeavingByReport(endpoint: EndpointState): boolean {
  return (endpoint.leaving & LEAVING_BIT.report) !== 0;
}
