import type { LoadReport } from '@evenkeel/core';

/** What an endpoint says about itself; nothing but what is given. */
export function reportOf(report: Partial<LoadReport>): LoadReport {
  return {
    receivedAt: 0,
    inflight: NaN,
    latencyMs: NaN,
    utilization: NaN,
    requestsPerSecond: NaN,
    errorsPerSecond: NaN,
    loopUtilization: NaN,
    loopDelayMs: NaN,
    queueAgeMs: NaN,
    isDraining: false,
    ...report,
  };
}
