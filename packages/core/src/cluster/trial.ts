/**
 * Coming back: an endpoint that was unfit gets one request at a time, until one succeeds; everybody else goes elsewhere meanwhile. So
 * an endpoint that is still broken costs one request, and that one preferably a request that can be repeated on another endpoint.
 * A trial that nobody takes for a few seconds is over: where all requests stick to other endpoints, or the endpoint only stands by,
 * there is none to take it, and none that an endpoint could hurt either.
 * @see Finagle's `FailureAccrualFactory.scala` (probing), for the single request
 */
import type { PickContext } from '../endpoint.ts';
import { REASON_BIT } from '../health/reasons.ts';
import { NEVER } from '../lib/never.ts';
import { isFree } from './candidates.ts';
import type { EndpointState } from './endpoint-state.ts';

/** For so long an endpoint on trial waits for a request that could be repeated elsewhere; then any will do. */
const CHOOSY_MS = 1_000;

/** For so long a trial is kept for whoever picked it without a word of what came of it. */
const HELD_MS = 1_000;

/** For so long it is kept while something is under way: a call of `execute` may take hours, and says only then how it went. */
const HELD_MOST_MS = 60_000;

/** For so long an endpoint waits for somebody to try it. */
const PATIENCE_MS = 5_000;

/** From now on it may prove itself by one request. */
export function putOnTrial(endpoint: EndpointState, now: number): void {
  endpoint.reasons = (endpoint.reasons & ~REASON_BIT.ejected) | REASON_BIT['on-trial'];
  reopenTrial(endpoint, now);
  endpoint.tracker.restored(now);
  endpoint.isAtRest = false;
}

/** It waits for the next request to prove itself by. */
export function reopenTrial(endpoint: EndpointState, now: number): void {
  endpoint.onTrialSince = now;
  endpoint.trialTakenAt = NEVER;
}

/** When the wait for somebody to try the endpoint is over; Infinity while somebody does, or if it is not on trial. */
export function trialEndsAt(endpoint: EndpointState): number {
  const isWaiting = endpoint.has('on-trial') && endpoint.trialTakenAt === NEVER;
  return isWaiting ? endpoint.onTrialSince + PATIENCE_MS : Infinity;
}

/** True if this request may be what the endpoint proves itself by. */
export function mayTry(endpoint: EndpointState, context: PickContext): boolean {
  if (endpoint.reasons !== REASON_BIT['on-trial'] || isHeld(endpoint, context.now) || !isFree(endpoint, context))
    return false;
  return context.isRetryable !== false || context.now - endpoint.onTrialSince >= CHOOSY_MS;
}

function isHeld(endpoint: EndpointState, now: number): boolean {
  // `NEVER` is longer ago than any of these.
  const heldFor = now - endpoint.trialTakenAt;
  return heldFor < HELD_MS || (heldFor < HELD_MOST_MS && endpoint.inflight > 0);
}
