import assert from 'node:assert/strict';
import { consecutiveFailures, peakEwma, roundRobin } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { context, fail, make, names } from './clusters.ts';

const ejection = consecutiveFailures({ threshold: 1, baseMs: 1_000, maxMs: 1_000 });

function reasonsOf(cluster: Cluster, id: string, now = 0, more = {}): readonly string[] | undefined {
  return cluster.explain(context(now, more)).excluded.find(({ endpoint }) => endpoint === id)?.reasons;
}

describe('explain', () => {
  it('names the candidates best first, with what the strategy sees of them', () => {
    const cluster = make(3, { strategy: peakEwma() });
    cluster.endpoints.forEach((endpoint, i) => {
      cluster.begin(endpoint, 0);
      cluster.report(endpoint, 'success', 0, 10 * 4 ** (2 - i));
      cluster.end(endpoint);
    });
    const { strategy, regime, rule, candidates, excluded } = cluster.explain(context(160));
    assert.deepEqual([strategy, regime, rule], ['peak-ewma', 'strategy', 'full-scan']);
    assert.deepEqual(
      candidates.map(({ endpoint }) => endpoint),
      ['e2', 'e1', 'e0'],
    );
    assert.ok(candidates[0]!.score! < candidates[1]!.score!);
    assert.equal(candidates[0]!.tierShare, 1);
    assert.equal(candidates[2]!.latencyMs, 160);
    assert.deepEqual(excluded, []);
    assert.equal(cluster.pick(context(160))!.id, 'e2', 'and that is where it goes');
  });

  it('moves nothing', () => {
    const [asked, left] = [make(5), make(5)];
    const ids = (cluster: Cluster, isAsked: boolean): string[] =>
      Array.from({ length: 40 }, (_, i) => {
        if (isAsked) cluster.explain(context(i));
        return cluster.pick(context(i))!.id;
      });
    assert.deepEqual(ids(asked, true), ids(left, false));
  });

  it('says what speaks against each of the others', () => {
    const endpoints = [...names(6), { id: 'sorry', url: 'http://10.0.0.99', isFallback: true }];
    const cluster = make(6, { endpoints, ejection, maxInflight: 1, strategy: roundRobin() });
    cluster.disable('e0');
    fail(cluster, 'e1', 1);
    cluster.begin(cluster.endpoints[2]!, 0);
    void cluster.drain('e3');
    const tried = [cluster.endpoints[4]!];
    assert.deepEqual(reasonsOf(cluster, 'e0', 0, { tried }), ['disabled']);
    assert.deepEqual(reasonsOf(cluster, 'e1', 0, { tried }), ['ejected']);
    assert.deepEqual(reasonsOf(cluster, 'e2', 0, { tried }), ['full']);
    assert.deepEqual(reasonsOf(cluster, 'e3', 0, { tried }), ['draining']);
    assert.deepEqual(reasonsOf(cluster, 'e4', 0, { tried }), ['tried']);
    assert.deepEqual(reasonsOf(cluster, 'sorry', 0, { tried }), ['fallback']);
    assert.deepEqual(
      cluster.explain(context(0, { tried })).candidates.map(({ endpoint }) => endpoint),
      ['e5'],
    );
  });

  it('tells a lower priority that gets nothing', () => {
    const endpoints = names(2).map((endpoint, priority) => ({ ...endpoint, priority }));
    assert.deepEqual(reasonsOf(make(2, { endpoints }), 'e1'), ['lower-priority']);
  });

  it('knows the regimes: sticky, successor, trial, panic, fallback, none', () => {
    const endpoints = [...names(2), { id: 'sorry', url: 'http://10.0.0.99', isFallback: true }];
    const cluster = make(2, { endpoints, ejection, panicPercent: 0 });
    const regime = (now: number, more = {}): string => cluster.explain(context(now, more)).regime;
    assert.equal(regime(0, { preferred: 'r1' }), 'sticky');
    assert.equal(regime(0, { preferred: 'gone' }), 'successor');
    assert.equal(regime(0, { preferred: 'gone', isStrict: true }), 'none');
    fail(cluster, 'e1', 1);
    assert.equal(regime(1_000), 'trial');
    assert.equal(regime(1_000, { preferred: 'r1' }), 'sticky', 'a request that sticks to it may try it');
    cluster.disable('e0');
    cluster.disable('e1');
    assert.equal(regime(1_000), 'fallback');
    cluster.disable('sorry');
    assert.equal(regime(1_000), 'none');
    const panicking = make(4, { ejection, maxEjectedPercent: 100 });
    for (const id of ['e0', 'e1', 'e2']) fail(panicking, id, 1);
    assert.equal(panicking.explain(context(0)).regime, 'panic');
  });
});
