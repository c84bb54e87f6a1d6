import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hedging } from '@evenkeel/core';

describe('hedging() for any sequence of calls', () => {
  it('never grants more hedges than its percentage of the requests of the last window', () => {
    const options = fc.record({
      maxExtraPercent: fc.double({ min: 0, max: 100, noNaN: true }),
      windowMs: fc.integer({ min: 100, max: 20_000 }),
    });
    const calls = fc.array(
      fc.record({ afterMs: fc.double({ min: 0, max: 500, noNaN: true }), requests: fc.nat(40), hedges: fc.nat(5) }),
      { maxLength: 150 },
    );
    fc.assert(
      fc.property(options, calls, (given, sequence) => {
        const policy = hedging(given);
        const log: { at: number; requests: number; hedges: number }[] = [];
        let now = 0;
        for (const { afterMs, requests, hedges } of sequence) {
          now += afterMs;
          for (let i = 0; i < requests; i++) policy.deposit(now);
          let granted = 0;
          for (let i = 0; i < hedges; i++) if (policy.tryWithdraw(now)) granted++;
          log.push({ at: now, requests, hedges: granted });
          if (granted === 0) continue;
          const recent = log.filter(({ at }) => at > now - given.windowMs);
          const sum = (key: 'requests' | 'hedges'): number => recent.reduce((total, each) => total + each[key], 0);
          assert.ok(sum('hedges') <= (sum('requests') * given.maxExtraPercent) / 100 + 1e-6);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('waits for no less than minDelayMs and for no more than the slowest it has seen, or slowdown times a median', () => {
    const latencies = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 300 });
    const delays = fc.double({ min: 1, max: 100, noNaN: true });
    const slowdowns = fc.double({ min: 1, max: 10, noNaN: true });
    fc.assert(
      fc.property(latencies, delays, slowdowns, (given, minDelayMs, slowdown) => {
        const policy = hedging({ minDelayMs, slowdown, minSamples: given.length });
        given.forEach((ms, i) => {
          assert.equal(policy.delayMs(i), Infinity);
          policy.observe(ms, i);
        });
        const delayMs = policy.delayMs(given.length);
        const median = given.toSorted((a, b) => a - b)[Math.ceil(given.length / 2) - 1]!;
        assert.ok(delayMs >= Math.max(minDelayMs, (slowdown * median) / 1.05));
        assert.ok(delayMs <= Math.max(minDelayMs, slowdown * Math.max(0.1, median), ...given) * 1.05);
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});
