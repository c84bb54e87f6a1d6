/**
 * Whatever happens to a cluster, in whatever order, its books balance and its picks are lawful.
 */
import assert from 'node:assert/strict';
import { consecutiveFailures, createCluster, leastRequest, peakEwma, roundRobin } from '@evenkeel/core';
import type { Cluster, Endpoint, Outcome } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import fc from 'fast-check';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const STRATEGIES = [roundRobin, leastRequest, peakEwma];
const OUTCOMES: Outcome[] = [
  'success',
  'server-error',
  'rate-limited',
  'timeout',
  'reset',
  'connect-error',
  'cancelled',
];
const MAX_INFLIGHT = 3;

type Step =
  | { readonly do: 'pick'; readonly preferred: string | undefined; readonly tried: readonly number[] }
  | { readonly do: 'report'; readonly outcome: Outcome; readonly index: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'drain' | 'disable' | 'enable'; readonly id: string }
  | { readonly do: 'update'; readonly ids: readonly string[] };

const id = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pick' as const),
      preferred: fc.option(id, { nil: undefined }),
      tried: fc.array(fc.nat(4), { maxLength: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      outcome: fc.constantFrom(...OUTCOMES),
      index: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'disable' as const, 'enable' as const), id }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('update' as const), ids: fc.uniqueArray(id, { minLength: 1 }) }),
  },
);

const endpointsOf = (ids: readonly string[]) => ids.map((name) => ({ id: name, url: `http://${name}`, route: name }));

/** A cluster, and what must be true of it. */
class Books {
  private readonly cluster: Cluster;
  private readonly clock = manualClock();
  private readonly out: { endpoint: Endpoint; startedAt: number }[] = [];
  private readonly removedByOperator = new Set<string>();

  constructor(strategy: number, seed: number) {
    this.cluster = createCluster({
      endpoints: endpointsOf(NAMES),
      strategy: STRATEGIES[strategy]!(),
      ejection: consecutiveFailures({ threshold: 2, baseMs: 1_000, maxMs: 8_000 }),
      maxInflight: MAX_INFLIGHT,
      clock: this.clock,
      random: seeded(seed),
    });
  }

  take(next: Step): void {
    const { cluster, clock, out } = this;
    if (next.do === 'pick') this.pick(next.preferred, next.tried);
    else if (next.do === 'wait') clock.advance(next.ms);
    else if (next.do === 'update') this.update(next.ids);
    else if (next.do === 'report') {
      const [attempt] = out.splice(next.index % Math.max(1, out.length), 1);
      if (attempt === undefined) return;
      cluster.report(attempt.endpoint, next.outcome, attempt.startedAt, clock.now());
      cluster.end(attempt.endpoint);
    } else if (cluster.endpoints.some((endpoint) => endpoint.id === next.id)) this.operate(next.do, next.id);
    this.check();
  }

  private operate(verb: 'drain' | 'disable' | 'enable', name: string): void {
    if (verb === 'drain') void this.cluster.drain(name, { keepSessionsMs: 0 });
    else this.cluster[verb](name);
    if (verb === 'enable') this.removedByOperator.delete(name);
    else this.removedByOperator.add(name);
  }

  private update(ids: readonly string[]): void {
    this.cluster.update(endpointsOf(ids));
    for (const name of NAMES) if (!ids.includes(name)) this.removedByOperator.delete(name);
  }

  private pick(preferred: string | undefined, triedIndices: readonly number[]): void {
    const { cluster, clock } = this;
    const tried = cluster.endpoints.filter((_endpoint, index) => triedIndices.includes(index));
    const context = { now: clock.now(), key: 7, attempt: tried.length, preferred, tried };
    const endpoint = cluster.pick(context);
    if (endpoint === undefined) return;
    assert.ok(cluster.endpoints.includes(endpoint), 'a pick is a member');
    assert.ok(!this.removedByOperator.has(endpoint.id), 'a drained or disabled endpoint is never picked');
    assert.ok(endpoint.inflight < MAX_INFLIGHT, 'a pick has room');
    assert.ok(!tried.includes(endpoint), 'a pick is new');
    cluster.begin(endpoint, clock.now());
    this.out.push({ endpoint, startedAt: clock.now() });
  }

  private check(): void {
    const { cluster, out } = this;
    for (const endpoint of cluster.endpoints) {
      const begun = out.filter((attempt) => attempt.endpoint === endpoint).length;
      assert.equal(endpoint.inflight, begun, 'what was begun and not ended is in flight');
      const latency = endpoint.latencyAt(this.clock.now());
      assert.ok(latency >= 0 && Number.isFinite(latency));
    }
    const usable = cluster.endpoints.filter((endpoint) => !this.removedByOperator.has(endpoint.id)).length;
    assert.ok(usable === 0 ? cluster.pickable === 0 : cluster.pickable > 0, 'who has an endpoint left can pick');
  }
}

describe('a cluster, whatever happens to it', () => {
  it('keeps its books and never makes an unlawful pick', () => {
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.array(step, { maxLength: 80 }), (strategy, seed, steps) => {
        const books = new Books(strategy, seed);
        for (const next of steps) books.take(next);
      }),
      { seed: 11, numRuns: 400 },
    );
  });

  it('moves only the sessions of the endpoint that goes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xffffffff), { minLength: 50, maxLength: 50 }), id, (keys, gone) => {
        const cluster = createCluster({ endpoints: endpointsOf(NAMES), clock: manualClock() });
        const ownerOf = (key: number): string =>
          cluster.pick({ now: 0, key, attempt: 0, preferred: 'unknown', tried: undefined })!.id;
        const before = keys.map(ownerOf);
        cluster.disable(gone);
        keys.forEach((key, i) => {
          if (before[i] === gone) assert.notEqual(ownerOf(key), gone);
          else assert.equal(ownerOf(key), before[i]);
        });
      }),
      { seed: 12, numRuns: 100 },
    );
  });
});
