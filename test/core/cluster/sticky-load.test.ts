import assert from 'node:assert/strict';
import { hash32, leastRequest, ROUTE_OF_KEY } from '@evenkeel/core';
import type { Cluster, PickContext } from '@evenkeel/core';
import { context, make, names } from './clusters.ts';

/** A request of session `key` that sticks to `preferred`. */
function stuck(preferred: string, key: string, maxLoadRatio = Infinity, more: Partial<PickContext> = {}): PickContext {
  return context(0, { preferred, key: hash32(key), maxLoadRatio, ...more });
}

function load(cluster: Cluster, ...inflight: number[]): void {
  inflight.forEach((count, i) => {
    for (let n = 0; n < count; n++) cluster.begin(cluster.endpoints[i]!, 0);
  });
}

describe('a cluster with a bound on what stickiness may put on one endpoint', () => {
  it('sends a request on a detour that would put its endpoint above the bound, and no other one', () => {
    const cluster = make(4);
    load(cluster, 11, 10, 10, 10);
    // Of 42 with this one, 1.25 times the share is 13.1.
    assert.equal(cluster.pick(stuck('r0', 's', 1.25))!.id, 'e0');
    load(cluster, 3);
    // Of 45 it is 14.06, and with it there would be 15.
    assert.equal(cluster.pick(stuck('r0', 's', 1.5))!.id, 'e0');
    assert.equal(cluster.pick(stuck('r0', 's', 1.25))!.id, 'e0');
    load(cluster, 1);
    assert.notEqual(cluster.pick(stuck('r0', 's', 1.25))!.id, 'e0');
    assert.equal(cluster.pick(stuck('r1', 's', 1.25))!.id, 'e1');
  });

  it('has none without the option, and none that matters while little is in flight', () => {
    const busy = make(3);
    load(busy, 500, 0, 0);
    assert.equal(busy.pick(stuck('r0', 's'))!.id, 'e0');
    const quiet = make(3);
    load(quiet, 7, 0, 0);
    assert.equal(quiet.pick(stuck('r0', 's', 1.25))!.id, 'e0');
    load(quiet, 1);
    assert.notEqual(quiet.pick(stuck('r0', 's', 1.25))!.id, 'e0');
  });

  it('goes by weight', () => {
    const cluster = make(2, { endpoints: names(2).map((endpoint, i) => ({ ...endpoint, weight: i === 0 ? 9 : 1 })) });
    load(cluster, 90, 10);
    assert.equal(cluster.pick(stuck('r0', 's', 1.25))!.id, 'e0');
    load(cluster, 0, 5);
    assert.equal(cluster.pick(stuck('r1', 's', 1.25))!.id, 'e0');
  });

  it('spreads the detours of many sessions, over endpoints that are below the bound', () => {
    const cluster = make(4);
    load(cluster, 60, 0, 0, 20);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const endpoint = cluster.pick(stuck('r0', `s${i}`, 1.25))!;
      assert.ok(endpoint.id !== 'e0');
      seen.add(endpoint.id);
    }
    assert.deepEqual([...seen].toSorted(), ['e1', 'e2', 'e3']);
    load(cluster, 0, 0, 0, 20);
    for (let i = 0; i < 200; i++) assert.notEqual(cluster.pick(stuck('r0', `s${i}`, 1.25))!.id, 'e3');
  });

  it('sends a session on the same detour as long as the loads are the same', () => {
    const cluster = make(5);
    load(cluster, 50);
    const first = cluster.pick(stuck('r0', 's', 2))!.id;
    for (let i = 0; i < 10; i++) assert.equal(cluster.pick(stuck('r0', 's', 2))!.id, first);
  });

  it('stays if there is nowhere else to go, or if nothing else will do', () => {
    const cluster = make(2, { maxInflight: 100, panicPercent: 0 });
    load(cluster, 50);
    assert.equal(cluster.pick(stuck('r0', 's', 1.25, { isStrict: true }))!.id, 'e0');
    cluster.disable('e1');
    assert.equal(cluster.pick(stuck('r0', 's', 1.25))!.id, 'e0');
  });

  it('keeps a flood of sessions of one endpoint near its bound', () => {
    const cluster = make(4, { strategy: leastRequest(), maxInflight: 10_000 });
    for (let i = 0; i < 1_000; i++) cluster.begin(cluster.pick(stuck('r0', `s${i}`, 1.25))!, 0);
    const inflight = cluster.endpoints.map((endpoint) => endpoint.inflight);
    assert.ok(inflight[0]! <= 1.25 * 250 + 1 && inflight[0]! > 1.2 * 250, `${inflight}`);
    assert.ok(Math.max(...inflight) <= 1.25 * 250 + 1, `${inflight}`);
  });
});

describe('a cluster asked for whoever has the key', () => {
  const byKey = (key: string, more: Partial<PickContext> = {}): PickContext => stuck(ROUTE_OF_KEY, key, Infinity, more);
  const placesOf = (cluster: Cluster): Set<string> =>
    new Set(Array.from({ length: 200 }, (_, i) => cluster.pick(byKey(`s${i}`))!.id));

  it('gives each key its place, whatever the strategy', () => {
    const cluster = make(4);
    const place = cluster.pick(byKey('x'))!.id;
    for (let i = 0; i < 10; i++) assert.equal(cluster.pick(byKey('x'))!.id, place);
    assert.deepEqual([...placesOf(cluster)].toSorted(), ['e0', 'e1', 'e2', 'e3']);
  });

  it('gives nothing to sorry servers and lower priorities', () => {
    const endpoints = names(4).map((endpoint, i) => ({ ...endpoint, isFallback: i === 0, priority: i === 3 ? 1 : 0 }));
    assert.deepEqual([...placesOf(make(4, { endpoints }))].toSorted(), ['e1', 'e2']);
    const reversed = make(4, { endpoints: endpoints.toReversed() });
    assert.deepEqual([...placesOf(reversed)].toSorted(), ['e1', 'e2']);
  });

  it('keeps its sessions while it drains, and moves them when it is gone, unless they are strict', () => {
    const cluster = make(4);
    const place = cluster.pick(byKey('x'))!.id;
    void cluster.drain(place);
    assert.equal(cluster.pick(byKey('x'))!.id, place);
    cluster.disable(place);
    const heir = cluster.pick(byKey('x'))!.id;
    assert.notEqual(heir, place);
    assert.equal(cluster.pick(byKey('x'))!.id, heir);
    assert.equal(cluster.pick(byKey('x', { isStrict: true })), undefined);
    cluster.enable(place);
    assert.equal(cluster.pick(byKey('x'))!.id, place);
  });

  it('has no endpoint for an empty route where there is no key', () => {
    assert.equal(make(2).endpointOfRoute(ROUTE_OF_KEY), undefined);
  });
});
