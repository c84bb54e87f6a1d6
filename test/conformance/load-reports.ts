/**
 * Endpoints that say something about themselves.
 */
import type { LoadReport, PickContext } from '@evenkeel/core';
import { ANY_PICK } from './picks.ts';
import { stubEndpoints } from './endpoints.ts';
import type { StubEndpoint } from './endpoints.ts';

/** A report of that and nothing else. */
export function report(inflight: number, latencyMs: number = NaN, receivedAt = 0): LoadReport {
  return {
    receivedAt,
    inflight,
    latencyMs,
    utilization: NaN,
    requestsPerSecond: NaN,
    errorsPerSecond: NaN,
    loopUtilization: NaN,
    loopDelayMs: NaN,
    queueAgeMs: NaN,
    isDraining: false,
  };
}

/** A first attempt at that moment. */
export function at(now: number): PickContext {
  return { ...ANY_PICK, now };
}

/** Endpoints with one report each, `[inflight, latencyMs]`. */
export function reporting(...figures: readonly (readonly [number, number])[]): StubEndpoint[] {
  const endpoints = stubEndpoints(figures.map(() => 1));
  endpoints.forEach((endpoint, i) => (endpoint.report = report(...figures[i]!)));
  return endpoints;
}
