import type { Endpoint, LoadReport } from '@evenkeel/core';
import { latencyBucketUs } from '../../packages/core/src/lib/latency-bucket.ts';

/** An endpoint as a strategy sees it, in whatever state a test wants it. */
export interface StubEndpoint extends Endpoint {
  weight: number;
  inflight: number;
  /** What `latencyAt` gives. */
  latencyMs: number;
  /** What `waitingAgeAt` gives. */
  waitingMs: number;
  report: LoadReport | undefined;
}

/** Idle endpoints of which nothing is known, named `e0`, `e1` and so on. */
export function stubEndpoints(weights: readonly number[]): StubEndpoint[] {
  return weights.map((weight, index) => ({
    id: `e${index}`,
    origin: `http://10.0.0.${index}`,
    weight,
    priority: 0,
    zone: undefined,
    isDraining: false,
    isFallback: false,
    report: undefined,
    ignoredReports: 0,
    tags: {},
    route: `r${index}`,
    socketPath: undefined,
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
    expectedUsAt() {
      return this.latencyMs === 0 ? 0 : latencyBucketUs(Math.max(this.latencyMs, this.waitingMs));
    },
  }));
}
