import type { Endpoint } from '@evenkeel/core';

/** An endpoint as a strategy sees it, in whatever state a test wants it. */
export interface StubEndpoint extends Endpoint {
  weight: number;
  inflight: number;
  /** What `latencyAt` gives. */
  latencyMs: number;
  /** What `waitingAgeAt` gives. */
  waitingMs: number;
}

/** Idle endpoints of which nothing is known, named `e0`, `e1` and so on. */
export function stubEndpoints(weights: readonly number[]): StubEndpoint[] {
  return weights.map((weight, index) => ({
    id: `e${index}`,
    origin: `http://10.0.0.${index}`,
    weight,
    priority: 0,
    tags: {},
    route: `r${index}`,
    isRouteNamed: false,
    inflight: 0,
    latencyMs: 0,
    waitingMs: 0,
    latencyAt() {
      return this.latencyMs;
    },
    waitingAgeAt() {
      return this.waitingMs;
    },
  }));
}
