import assert from 'node:assert/strict';
import { createCluster, isBalancerError, prequal } from '@evenkeel/core';
import type { Endpoint, Picker } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { latencyBucketUs } from '../../../packages/core/src/lib/latency-bucket.ts';
import { at, report, reporting } from '../../conformance/load-reports.ts';
import { stubEndpoints } from '../../conformance/endpoints.ts';
import type { StubEndpoint } from '../../conformance/endpoints.ts';
import { assertShares } from '../../conformance/picks.ts';
import { ANY_PICK, countPicks, describeStrategy } from '../../conformance/strategy.ts';

describeStrategy('prequal()', prequal);
describeStrategy('prequal({ choices: 3 })', () => prequal({ choices: 3 }));

/** All of them are compared. */
function pickerOf(endpoints: readonly StubEndpoint[], options = {}, seed = 1): Picker<StubEndpoint> {
  return prequal({ choices: 64, ...options }).build(endpoints, seeded(seed), undefined);
}

describe('prequal()', () => {
  it('picks the fastest of those that are not too full', () => {
    const endpoints = reporting([9, 1], [3, 20], [2, 30], [1, 40]);
    // The quantile 0.84 of 1, 2, 3 and 9 is 3.
    for (let seed = 1; seed <= 20; seed++) assert.equal(pickerOf(endpoints, {}, seed).pick(ANY_PICK), endpoints[1]);
  });

  it('picks the one with the fewest in flight if the quantile is 0, and the fastest of equals', () => {
    const endpoints = reporting([9, 1], [3, 20], [1, 30], [1, 40]);
    for (let seed = 1; seed <= 20; seed++) {
      assert.equal(pickerOf(endpoints, { quantile: 0 }, seed).pick(ANY_PICK), endpoints[2]);
    }
  });

  it('picks the fastest of all if the quantile is 1', () => {
    const endpoints = reporting([9, 1], [3, 20], [1, 30], [1, 40]);
    assert.equal(pickerOf(endpoints, { quantile: 1 }).pick(ANY_PICK), endpoints[0]);
  });

  it('counts requests in flight for the weight', () => {
    const endpoints = reporting([6, 10], [5, 10]);
    endpoints[0]!.weight = 3;
    assert.equal(pickerOf(endpoints, { quantile: 0 }).pick(ANY_PICK), endpoints[0]);
  });

  it('takes what this client sees for the latency that an endpoint does not tell', () => {
    const endpoints = reporting([1, NaN], [1, 20], [1, NaN]);
    endpoints[0]!.latencyMs = 30;
    endpoints[1]!.latencyMs = 30;
    endpoints[2]!.latencyMs = 10;
    assert.equal(pickerOf(endpoints).pick(ANY_PICK), endpoints[2]);
  });

  it('spreads what it sends between two reports', () => {
    // All that is sent at once: without counting it, the fastest endpoint would get all of it.
    const endpoints = reporting([2, 1], [2, 20], [2, 20], [2, 20]);
    const hits = countPicks(pickerOf(endpoints), 400);
    for (const endpoint of endpoints) assert.ok(Math.abs(hits.get(endpoint)! - 100) <= 2, `${hits.get(endpoint)}`);
  });

  it('makes less of a report the older it is, so that not all clients run after the same old news', () => {
    const share = (ageMs: number): number => {
      const endpoints = reporting([0, 10], [5, 10], [5, 10], [5, 10]);
      let hits = 0;
      for (let seed = 1; seed <= 400; seed++) {
        for (const endpoint of endpoints) endpoint.latencyMs = 10;
        // Each of them is another client, with one request.
        if (pickerOf(endpoints, {}, seed).pick(at(ageMs)) === endpoints[0]) hits++;
      }
      return hits / 400;
    };
    assert.equal(share(0), 1);
    assert.ok(Math.abs(share(900) - 0.25) < 0.1, `${share(900)} of all clients`);
  });

  it('forgets what it sent when the next report comes, which knows of it', () => {
    const endpoints = reporting([2, 1], [2, 20], [2, 20]);
    const picker = pickerOf(endpoints);
    assert.equal(picker.pick(ANY_PICK), endpoints[0]);
    assert.notEqual(picker.pick(ANY_PICK), endpoints[0]);
    for (const endpoint of endpoints) endpoint.report = report(2, endpoint.report!.latencyMs, 5);
    assert.equal(picker.pick(at(5)), endpoints[0]);
  });

  it('counts requests that stickiness sent', () => {
    const endpoints = reporting([2, 1], [2, 20], [2, 20]);
    const picker = pickerOf(endpoints);
    picker.charge!(endpoints[0]!);
    assert.notEqual(picker.pick(ANY_PICK), endpoints[0]);
  });

  it('holds the weights among endpoints that are alike', () => {
    for (const weights of [[1, 2], [1, 2, 3, 6], Array.from({ length: 20 }, (_, i) => 1 + (i % 3))]) {
      const endpoints = stubEndpoints(weights);
      const picker = prequal().build(endpoints, seeded(3), undefined);
      const hits = new Map<Endpoint, number>();
      for (let i = 0; i < 60_000; i++) {
        // Each answers at once, at a load that suits its weight.
        for (const endpoint of endpoints) endpoint.report = report(4 * endpoint.weight, 10, i / 1_000);
        const endpoint = picker.pick(at(i / 1_000))!;
        hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
      }
      // Draws without replacement, of half of few endpoints, even the shares out a little where weights are ties alone.
      assertShares(hits, endpoints, 60_000);
    }
  });

  describe('with reports that cannot be trusted', () => {
    /** Picks while every request lasts for 40 picks, and honest endpoints tell the truth with each answer. */
    function shareOfLiar(n: number, isFast: boolean): number {
      const endpoints = stubEndpoints(Array.from({ length: n }, () => 1));
      const [liar] = endpoints;
      const picker = prequal().build(endpoints, seeded(9), undefined);
      const inFlight: StubEndpoint[] = [];
      let hits = 0;
      for (let now = 0; now < 20_000; now++) {
        for (const endpoint of endpoints) endpoint.latencyMs = 40;
        if (inFlight.length >= (isFast ? 1 : 40)) inFlight.shift()!.inflight--;
        for (const endpoint of endpoints) endpoint.report = report(endpoint.inflight, 40, now);
        liar!.report = report(0, 0, now);
        const endpoint = picker.pick(at(now))!;
        endpoint.inflight++;
        inFlight.push(endpoint);
        if (endpoint === liar) hits++;
      }
      return hits / 20_000;
    }

    it('gives an endpoint that claims to be idle and fast no more than the draws in which it comes', () => {
      for (const n of [4, 8, 16]) {
        const share = shareOfLiar(n, true);
        assert.ok(share <= 0.52, `of ${n} endpoints it gets ${share}`);
      }
    });

    it('gives it about what it gives the others once it has as much of this client in flight as they report', () => {
      for (const n of [4, 8, 16]) {
        const share = shareOfLiar(n, false);
        assert.ok(share <= 2 / n, `of ${n} endpoints it gets ${share}`);
      }
    });

    it('takes an endpoint that is much slower than it says for a full one', () => {
      const endpoints = reporting([0, 1], [2, 20], [2, 20]);
      for (const endpoint of endpoints) endpoint.latencyMs = 20;
      endpoints[0]!.latencyMs = 2_000;
      const picker = pickerOf(endpoints);
      // What is usual is learnt by looking.
      for (let i = 0; i < 50; i++) picker.pick(ANY_PICK);
      assert.equal(countPicks(picker, 100).get(endpoints[0]!), undefined);
    });
  });

  it('leaves an endpoint alone that fails at once, though it is idle and fast', () => {
    const clock = manualClock();
    const endpoints = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ id, url: `http://${id}.test` }));
    const cluster = createCluster({
      endpoints,
      strategy: prequal(),
      clock,
      random: seeded(4),
      ejection: { name: 'never', start: () => ({ track: () => ({ observe: () => 0, restored() {} }) }) },
    });
    let failures = 0;
    const due: { at: number; endpoint: Endpoint; startedAt: number }[] = [];
    for (let i = 0; i < 5_000; i++) {
      clock.advance(2);
      const now = clock.now();
      const endpoint = cluster.pick(at(now))!;
      cluster.begin(endpoint, now);
      due.push({ at: now + (endpoint.id === 'a' ? 0 : 30), endpoint, startedAt: now });
      due.sort((x, y) => x.at - y.at);
      while (due.length > 0 && due[0]!.at <= now) {
        const done = due.shift()!;
        const isFailed = done.endpoint.id === 'a';
        if (isFailed) failures++;
        cluster.report(done.endpoint, isFailed ? 'server-error' : 'success', done.startedAt, now);
        const value = `TEXT named_metrics.rif=${isFailed ? 0 : done.endpoint.inflight},named_metrics.latency_ms=${isFailed ? 0.1 : 30}`;
        cluster.reportLoad(done.endpoint, value, now);
        cluster.end(done.endpoint);
      }
    }
    assert.ok(failures > 0 && failures < 50, `${failures} of 5000 requests failed`);
  });

  it('keeps over a rebuild what it sent and whom it asked', () => {
    const endpoints = reporting([2, 1], [2, 20], [2, 20]);
    const strategy = prequal({ choices: 3 });
    let picker: Picker<StubEndpoint> | undefined;
    const hits = new Map<StubEndpoint, number>();
    for (let i = 0; i < 300; i++) {
      picker = strategy.build(endpoints.toReversed(), seeded(i), picker);
      const endpoint = picker.pick(ANY_PICK)!;
      hits.set(endpoint, (hits.get(endpoint) ?? 0) + 1);
    }
    for (const endpoint of endpoints) assert.ok(Math.abs(hits.get(endpoint)! - 100) <= 2, `${hits.get(endpoint)}`);
  });

  describe('explains', () => {
    it('which endpoints are cold, by their latency', () => {
      const endpoints = reporting([9, 1], [3, 20], [2, 30], [1, 40]);
      const { regime, candidates } = pickerOf(endpoints).explain!(ANY_PICK);
      assert.equal(regime, 'cold');
      assert.deepEqual(
        candidates.map(({ score }) => score),
        [Infinity, ...[20, 30, 40].map((ms) => latencyBucketUs(ms) / 1_000)],
      );
    });

    it('that all are hot, by their requests in flight', () => {
      const endpoints = reporting([1, 1], [1, 20]);
      endpoints.forEach((endpoint, i) => (endpoint.inflight = 3 + i));
      const { regime, candidates } = pickerOf(endpoints).explain!(ANY_PICK);
      assert.equal(regime, 'hot');
      assert.deepEqual(
        candidates.map(({ score }) => score),
        [3, 4],
      );
    });

    it('that reports are missing', () => {
      const { regime, candidates } = pickerOf(stubEndpoints([1, 1, 1])).explain!(ANY_PICK);
      assert.equal(regime, 'fallback');
      assert.equal(candidates.length, 3);
    });

    it('without changing what is picked next', () => {
      const ids = (isExplained: boolean): (string | undefined)[] => {
        const endpoints = reporting([2, 1], [2, 20], [2, 20], [1, 20], [1, 20], [1, 20]);
        const picker = prequal().build(endpoints, seeded(), undefined);
        return Array.from({ length: 50 }, () => {
          if (isExplained) picker.explain!(ANY_PICK);
          return picker.pick(ANY_PICK)?.id;
        });
      };
      assert.deepEqual(ids(true), ids(false));
    });
  });

  it('refuses options that it does not know or that make no sense', () => {
    for (const [options, message] of [
      [{ quantile: 1.1 }, /prequal: `quantile` must be a number from 0 to 1/],
      [{ maxAgeMs: 0 }, /`maxAgeMs` must be a number of milliseconds from 1 to 600000/],
      [{ choices: 1 }, /`choices` must be an integer from 2 to 64/],
      [{ q: 1 }, /`q` is not a known option/],
    ] as const) {
      assert.throws(
        () => prequal(options as object),
        (error) => isBalancerError(error) && message.test(error.message),
      );
    }
  });
});
