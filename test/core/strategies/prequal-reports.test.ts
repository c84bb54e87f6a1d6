import assert from 'node:assert/strict';
import { prequal } from '@evenkeel/core';
import type { Endpoint, PickContext } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { at, report, reporting } from '../../conformance/load-reports.ts';
import { ANY_PICK, countPicks } from '../../conformance/picks.ts';

describe('prequal()', () => {
  describe('without fresh reports', () => {
    it('goes by what the client itself sees, and counts it', () => {
      const strategy = prequal();
      const endpoints = stubEndpoints([1, 1, 1, 1]);
      endpoints.forEach((endpoint, i) => (endpoint.inflight = i === 2 ? 0 : 4));
      const picker = strategy.build(endpoints, seeded(), undefined);
      assert.equal(countPicks(picker, 100).get(endpoints[2]!), 100);
      assert.deepEqual([strategy.picks, strategy.fallbackPicks], [100, 100]);
    });

    it('takes reports for too old after maxAgeMs', () => {
      const strategy = prequal({ maxAgeMs: 100 });
      const endpoints = reporting([9, 1], [1, 1]);
      const picker = strategy.build(endpoints, seeded(), undefined);
      picker.pick(at(100));
      assert.equal(strategy.fallbackPicks, 0);
      picker.pick(at(101));
      assert.equal(strategy.fallbackPicks, 1);
    });

    it('does not count a single endpoint, where there is nothing to choose', () => {
      const strategy = prequal();
      strategy.build(stubEndpoints([1]), seeded(), undefined).pick(ANY_PICK);
      assert.equal(strategy.fallbackPicks, 0);
    });

    it('gives endpoints that never report their part, by weight', () => {
      const endpoints = stubEndpoints([1, 1, 2, 2]);
      const picker = prequal().build(endpoints, seeded(), undefined);
      const hits = new Map<Endpoint, number>();
      for (let now = 0; now < 20_000; now++) {
        for (const endpoint of endpoints.slice(0, 2)) endpoint.report = report(1, 10, now);
        const endpoint = picker.pick(at(now))!;
        hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
      }
      const silent = (hits.get(endpoints[2]!)! + hits.get(endpoints[3]!)!) / 20_000;
      assert.ok(silent > 0.35 && silent < 0.7, `${silent} of the picks, for two thirds of the weight`);
    });
  });

  describe('an endpoint whose report is too old', () => {
    /** Endpoint 0 answers nothing of its own accord; others report all the time. Times at which it is picked. */
    function asked(
      prepare: (endpoint: StubEndpoint, now: number) => void,
      context: Partial<PickContext> = {},
    ): number[] {
      const endpoints = reporting([9, 500], [1, 10], [1, 10], [1, 10]);
      const picker = prequal().build(endpoints, seeded(2), undefined);
      const times: number[] = [];
      for (let now = 0; now < 9_000; now += 10) {
        for (const endpoint of endpoints.slice(1)) {
          endpoint.report = report(1, 10, now);
          endpoint.latencyMs = 10;
        }
        prepare(endpoints[0]!, now);
        if (picker.pick({ ...at(now), ...context }) === endpoints[0]) times.push(now);
      }
      return times;
    }

    it('is asked about once in maxAgeMs', () => {
      const times = asked((endpoint) => (endpoint.latencyMs = 10));
      assert.ok(times.length >= 7 && times.length <= 9, `${times}`);
      for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! >= 1_000);
    });

    it('is asked up to five times less often if it was slower', () => {
      const times = asked((endpoint) => (endpoint.latencyMs = 500));
      assert.equal(times.length, 2, `${times}`);
    });

    it('is not asked while it has something to answer', () => {
      assert.deepEqual(
        asked((endpoint) => (endpoint.inflight = 1)),
        [],
      );
    });

    it('is not asked with a request that cannot be tried again', () => {
      assert.deepEqual(
        asked(() => undefined, { isRetryable: false }),
        [],
      );
    });

    it('takes at most every other request, however many of them there are', () => {
      const endpoints = reporting(...Array.from({ length: 30 }, () => [1, 10] as const));
      const picker = prequal({ choices: 30 }).build(endpoints, seeded(), undefined);
      for (const endpoint of endpoints.slice(2)) endpoint.report = report(1, 10, -2_000);
      let stale = 0;
      for (let i = 0; i < 20; i++) if (endpoints.indexOf(picker.pick(ANY_PICK)!) >= 2) stale++;
      assert.ok(stale > 0 && stale <= 10, `${stale} of 20`);
    });
  });
});
