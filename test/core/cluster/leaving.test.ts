import assert from 'node:assert/strict';
import type { Cluster } from '@evenkeel/core';
import { ClusterCore } from '../../../packages/core/src/cluster/cluster-core.ts';
import { clusterSchema } from '../../../packages/core/src/dispatch/cluster-options.ts';
import { endpointsSchema } from '../../../packages/core/src/endpoint.ts';
import { resolveOptions } from '../../../packages/core/src/options.ts';
import { roundRobin } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { context, make, names, picked } from './clusters.ts';

const DRAINING = 'TEXT named_metrics.draining=1';
const STAYING = 'TEXT named_metrics.rif=3';

function coreOf(count: number): ClusterCore {
  const given = {
    endpoints: names(count),
    strategy: roundRobin(),
    clock: manualClock(),
    random: seeded(7),
    slowStartMs: 0,
  };
  const silent = (): void => undefined;
  const core = new ClusterCore(resolveOptions('test', clusterSchema, given), {
    added: silent,
    removed: silent,
    pickable: silent,
    unpickable: silent,
    spared: silent,
    panic: silent,
    quorum: silent,
  });
  core.update(resolveOptions('test', endpointsSchema, names(count)), 0);
  return core;
}

function hits(core: ClusterCore, id: string, now: number): number {
  return Array.from({ length: 300 }, () => core.pick(context(now))!.id).filter((each) => each === id).length;
}

describe('an endpoint that is about to go', () => {
  const sticky = { preferred: 'r1', key: 5 };

  it('serves what sticks to it and nothing new, on the word of discovery', () => {
    const reasons: string[] = [];
    const cluster = make(3).on('unpickable', (endpoint, reason) => reasons.push(`${endpoint.id} ${reason}`));
    const leaving = names(3).map((endpoint, i) => ({ ...endpoint, isDraining: i === 1 }));
    cluster.update(leaving);
    assert.deepEqual(picked(cluster, 0), ['e0', 'e2']);
    assert.equal(cluster.pick(context(0, sticky))!.id, 'e1');
    cluster.update(names(3));
    assert.deepEqual(picked(cluster, 0), ['e0', 'e1', 'e2']);
    assert.deepEqual(reasons, ['e1 leaving']);
  });

  it('does the same on the word of its own report, for as long as it repeats that', () => {
    const cluster = make(3, { slowStartMs: 0 });
    const e1 = cluster.endpoints[1]!;
    cluster.reportLoad(e1, DRAINING, 0);
    assert.equal(e1.report!.isDraining, true);
    assert.deepEqual(picked(cluster, 29_999), ['e0', 'e2']);
    assert.equal(cluster.pick(context(29_999, sticky))!.id, 'e1');
    assert.deepEqual(
      picked(cluster, 30_000),
      ['e0', 'e1', 'e2'],
      'whoever took its address has said nothing of the kind',
    );
    cluster.reportLoad(e1, DRAINING, 40_000);
    cluster.reportLoad(e1, STAYING, 40_001);
    assert.deepEqual(picked(cluster, 40_001), ['e0', 'e1', 'e2']);
  });

  it('is used all the same where all say so', () => {
    const cluster: Cluster = make(2);
    for (const endpoint of cluster.endpoints) cluster.reportLoad(endpoint, DRAINING, 0);
    assert.deepEqual(picked(cluster, 1), ['e0', 'e1']);
  });

  it('stays out until all who say so have taken it back', () => {
    const core = coreOf(2);
    const e0 = core.endpoints[0]!;
    core.setLeaving(e0, 'agent', true, 0);
    core.setLeaving(e0, 'report', true, 0);
    core.setLeaving(e0, 'agent', false, 0);
    assert.equal(hits(core, 'e0', 1), 0);
    core.setLeaving(e0, 'report', false, 1);
    assert.equal(hits(core, 'e0', 1), 150);
  });
});

describe('a report that cannot be used', () => {
  it('leaves the last good one standing and is counted', () => {
    const cluster = make(1);
    const endpoint = cluster.endpoints[0]!;
    cluster.reportLoad(endpoint, STAYING, 5);
    for (const hostile of [
      '',
      'TEXT',
      'JSON {',
      'BIN AAAA',
      'TEXT named_metrics.rif=-1',
      `TEXT ${'x'.repeat(100_000)}`,
    ]) {
      cluster.reportLoad(endpoint, hostile, 9);
    }
    assert.equal(endpoint.report!.inflight, 3);
    assert.equal(endpoint.report!.receivedAt, 5);
    assert.equal(endpoint.ignoredReports, 6);
  });
});

describe('the weight that an agent gives', () => {
  it('multiplies the configured one, and 0 means nothing new', () => {
    const core = coreOf(2);
    const e0 = core.endpoints[0]!;
    core.setWeightRatio(e0, 0.5, 0);
    assert.equal(hits(core, 'e0', 0), 100);
    core.setWeightRatio(e0, 0, 0);
    assert.equal(hits(core, 'e0', 0), 0);
    assert.equal(core.pick(context(0, { preferred: 'r0' }))!.id, 'e0', 'what sticks to it goes on');
    core.setWeightRatio(e0, 1, 0);
    assert.equal(hits(core, 'e0', 0), 150);
  });
});
