import assert from 'node:assert/strict';
import { consecutiveFailures } from '@evenkeel/core';
import type { Cluster, ClusterOptions, Endpoint } from '@evenkeel/core';
import { context, fail, make, names, picked } from './clusters.ts';

const ONE_FAILURE = consecutiveFailures({ threshold: 1, baseMs: 1_000, maxMs: 64_000 });

/** Three endpoints of which `e1` was ejected, at a moment when it may come back. */
function returning(options: Partial<ClusterOptions> = {}): { cluster: Cluster; events: string[]; e1: Endpoint } {
  const events: string[] = [];
  const cluster = make(3, { ejection: ONE_FAILURE, slowStartMs: 0, ...options })
    .on('unpickable', (endpoint, reason) => events.push(`${endpoint.id} ${reason}`))
    .on('pickable', (endpoint) => events.push(`${endpoint.id} back`));
  fail(cluster, 'e1', 1);
  return { cluster, events, e1: cluster.endpoints[1]! };
}

function take(cluster: Cluster, now: number, more = {}): Endpoint {
  const endpoint = cluster.pick(context(now, more))!;
  cluster.begin(endpoint, now);
  return endpoint;
}

function settle(
  cluster: Cluster,
  endpoint: Endpoint,
  outcome: 'success' | 'reset' | 'cancelled',
  at: number,
  now: number,
) {
  cluster.report(endpoint, outcome, at, now);
  cluster.end(endpoint);
}

describe('an endpoint that comes back', () => {
  it('gets one request, and everybody else goes elsewhere while that is under way', () => {
    const { cluster, e1 } = returning();
    assert.equal(take(cluster, 3_000), e1);
    for (let i = 0; i < 20; i++) assert.notEqual(take(cluster, 3_000 + i), e1);
    for (let i = 0; i < 20; i++) assert.notEqual(take(cluster, 62_000 + i), e1, 'though it takes long');
  });

  it('gets another request after a minute, so that one that takes hours is not what everything waits for', () => {
    const { cluster, events, e1 } = returning();
    const endless = take(cluster, 3_000);
    assert.equal(endless, e1);
    assert.equal(take(cluster, 63_000), e1);
    settle(cluster, e1, 'success', 63_000, 63_010);
    assert.deepEqual(events, ['e1 ejected', 'e1 back']);
    settle(cluster, endless, 'cancelled', 3_000, 7_200_000);
    assert.equal(e1.inflight, 0);
  });

  it('is back when that request succeeds', () => {
    const { cluster, events, e1 } = returning();
    settle(cluster, take(cluster, 3_000), 'success', 3_000, 3_010);
    assert.deepEqual(events, ['e1 ejected', 'e1 back']);
    assert.ok(picked(cluster, 3_011).includes(e1.id));
    assert.equal(cluster.pickable, 3);
  });

  it('is ejected for longer when it fails, and not announced a second time', () => {
    const { cluster, events, e1 } = returning();
    settle(cluster, take(cluster, 3_000), 'reset', 3_000, 3_010);
    assert.deepEqual(events, ['e1 ejected']);
    assert.ok(!picked(cluster, 5_000).includes(e1.id), 'at least 2 s');
    assert.equal(take(cluster, 7_100), e1);
  });

  it('gets another request when the caller of the first one gave up', () => {
    const { cluster, e1 } = returning();
    settle(cluster, take(cluster, 3_000), 'cancelled', 3_000, 3_010);
    assert.equal(take(cluster, 3_011), e1);
  });

  it('is not acquitted by an answer to what was sent before it was ejected', () => {
    const cluster = make(3, { ejection: ONE_FAILURE, slowStartMs: 0 });
    const e1 = cluster.endpoints[1]!;
    cluster.begin(e1, 0);
    fail(cluster, 'e1', 1);
    const trial = take(cluster, 3_000);
    settle(cluster, e1, 'success', 0, 3_001);
    assert.equal(cluster.pickable, 2);
    settle(cluster, trial, 'success', 3_000, 3_002);
    assert.equal(cluster.pickable, 3);
  });

  it('waits a second for a request that can be repeated elsewhere, then takes any', () => {
    const { cluster, e1 } = returning();
    const risky = { isRetryable: false };
    assert.notEqual(take(cluster, 3_000, risky), e1);
    assert.notEqual(take(cluster, 3_999, risky), e1);
    assert.equal(take(cluster, 4_000, risky), e1);
  });

  it('is not kept waiting by whoever picked it and sent nothing', () => {
    const { cluster, e1 } = returning();
    assert.equal(cluster.pick(context(3_000)), e1);
    assert.notEqual(cluster.pick(context(3_500)), e1);
    assert.equal(cluster.pick(context(4_000)), e1);
  });

  it('is back after five seconds in which there was nobody to try it, since all requests stick elsewhere', () => {
    const { cluster, events, e1 } = returning();
    const sticky = { preferred: 'r0', key: 3 };
    for (let now = 2_000; now < 7_900; now += 100) assert.equal(take(cluster, now, sticky).id, 'e0');
    take(cluster, 9_000, sticky);
    assert.deepEqual(events, ['e1 ejected', 'e1 back']);
    assert.ok(picked(cluster, 9_001).includes(e1.id));
  });

  it('is not back by itself while it is being tried', () => {
    const { cluster, events, e1 } = returning();
    const trial = take(cluster, 3_000);
    take(cluster, 60_000, { preferred: 'r0', key: 3 });
    settle(cluster, trial, 'cancelled', 3_000, 60_001);
    take(cluster, 65_000, { preferred: 'r0', key: 3 });
    assert.deepEqual(events, ['e1 ejected']);
    take(cluster, 65_001, { preferred: 'r0', key: 3 });
    assert.deepEqual(events, ['e1 ejected', 'e1 back']);
    assert.ok(e1.weight > 0);
  });

  it('is not tried by a request while it is a sorry server and others serve', () => {
    const endpoints = [...names(2), { id: 'sorry', url: 'http://10.0.1.0:80', isFallback: true }];
    const { cluster, events } = returning({ endpoints });
    settle(cluster, take(cluster, 3_000), 'success', 3_000, 3_010);
    fail(cluster, 'sorry', 1, 3_020);
    assert.deepEqual(picked(cluster, 6_000), ['e0', 'e1']);
    picked(cluster, 12_000);
    assert.equal(events.at(-1), 'sorry back', 'it waits for its time to be over instead');
    cluster.disable('e0');
    cluster.disable('e1');
    assert.deepEqual(picked(cluster, 12_001), ['sorry']);
  });

  it('is tried by a request where it is a sorry server and nobody else is well', () => {
    const endpoints = [...names(2), { id: 'sorry', url: 'http://10.0.1.0:80', isFallback: true }];
    const { cluster } = returning({ endpoints });
    settle(cluster, take(cluster, 3_000), 'success', 3_000, 3_010);
    fail(cluster, 'sorry', 1, 3_020);
    cluster.disable('e0');
    cluster.disable('e1');
    assert.equal(take(cluster, 6_000).id, 'sorry');
  });

  it('is not tried by a request while its priority level is not needed', () => {
    const endpoints = [...names(2), { id: 'standby', url: 'http://10.0.1.0:80', priority: 1 }];
    const { cluster } = returning({ endpoints });
    settle(cluster, take(cluster, 3_000), 'success', 3_000, 3_010);
    fail(cluster, 'standby', 1, 3_020);
    assert.deepEqual(picked(cluster, 6_000), ['e0', 'e1']);
    cluster.disable('e0');
    assert.equal(take(cluster, 6_001).id, 'standby', 'now it is');
  });

  it('is not tried by a request that it has failed already', () => {
    const { cluster, e1 } = returning();
    for (let i = 0; i < 10; i++) assert.notEqual(take(cluster, 3_000, { tried: [e1] }), e1);
  });

  it('is tried by a request that sticks to it, if there is one', () => {
    const { cluster, e1 } = returning();
    const sticky = { preferred: 'r1', key: 7 };
    assert.notEqual(take(cluster, 500, sticky), e1);
    assert.equal(take(cluster, 3_000, sticky), e1);
    assert.notEqual(take(cluster, 3_001, sticky), e1, 'one at a time');
  });

  it('is taken on trial where there is nobody else, without a panic', () => {
    const cluster = make(1, { ejection: ONE_FAILURE, panicPercent: 0 });
    cluster.disable('e0');
    assert.equal(cluster.pick(context(0)), undefined);
    const pair = returning({ panicPercent: 0 }).cluster;
    pair.disable('e0');
    pair.disable('e2');
    const chosen = new Set(Array.from({ length: 5 }, () => take(pair, 3_000).id));
    assert.deepEqual([...chosen], ['e1'], 'surplus requests have nowhere else to go');
  });

  it('counts as out of use for the cap until it has proven itself', () => {
    const { cluster } = returning({ maxEjectedPercent: 34 });
    take(cluster, 3_000);
    fail(cluster, 'e0', 1, 3_000);
    assert.equal(cluster.pickable, 2, 'one of three is out, so no other may be');
  });

  it('tells when an ejection was not allowed', () => {
    const spared: string[] = [];
    const { cluster } = returning({ maxEjectedPercent: 34 });
    cluster.on('spared', (endpoint) => spared.push(endpoint.id));
    fail(cluster, 'e0', 1, 100);
    assert.deepEqual(spared, ['e0']);
  });
});
