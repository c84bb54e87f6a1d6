import assert from 'node:assert/strict';
import type { Cluster, Endpoint, Picker, Random, Strategy } from '@evenkeel/core';
import { ClusterCore } from '../../../packages/core/src/cluster/cluster-core.ts';
import type { EndpointState } from '../../../packages/core/src/cluster/endpoint-state.ts';
import { clusterSchema } from '../../../packages/core/src/dispatch/cluster-options.ts';
import { endpointsSchema } from '../../../packages/core/src/endpoint.ts';
import { resolveOptions } from '../../../packages/core/src/options.ts';
import { roundRobin } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { context, make, names, picked } from './clusters.ts';

const DRAINING = 'TEXT named_metrics.draining=1';
const STAYING = 'TEXT named_metrics.rif=3';

function coreOf(count: number, strategy: Strategy = roundRobin()): ClusterCore {
  const given = {
    endpoints: names(count),
    strategy,
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
    cluster.reportLoad(e1, STAYING, 41_000);
    assert.deepEqual(picked(cluster, 41_000), ['e0', 'e1', 'e2']);
  });

  it('takes its word back once a second at most, since behind one address every process speaks for itself', () => {
    let changes = 0;
    const cluster = make(3, { slowStartMs: 0 }).on('pickable', () => void changes++);
    const e1 = cluster.endpoints[1]!;
    for (let now = 0; now < 10_000; now += 10) {
      cluster.reportLoad(e1, now % 20 === 0 ? DRAINING : STAYING, now);
      assert.ok(!picked(cluster, now, 3).includes('e1'));
    }
    assert.equal(changes, 0, 'as long as one of them is about to go');
    for (let now = 10_000; now < 20_000; now += 10) cluster.reportLoad(e1, STAYING, now);
    assert.equal(changes, 1);
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

  it('is heeded at once, and what follows within a tenth of a second together with what else does', () => {
    const inner = roundRobin();
    let builds = 0;
    const core = coreOf(2, {
      name: 'counting',
      build<E extends Endpoint>(endpoints: readonly E[], random: Random, previous: Picker<E> | undefined) {
        builds++;
        return inner.build(endpoints, random, previous);
      },
    });
    const [e0, e1] = core.endpoints as [EndpointState, EndpointState];
    builds = 0;
    core.setWeightRatio(e0, 0.5, 1_000);
    assert.deepEqual([e0.weight, builds], [0.5, 1]);
    for (let i = 1; i <= 90; i++) {
      core.setWeightRatio(e0, 2 + i / 100, 1_000 + i);
      core.setWeightRatio(e1, 1 + i / 100, 1_000 + i);
      core.pick(context(1_000 + i));
    }
    assert.deepEqual([e0.weight, builds], [0.5, 1]);
    core.pick(context(1_100));
    assert.deepEqual([e0.weight, e1.weight, builds], [2.9, 1.9, 2]);
  });
});
