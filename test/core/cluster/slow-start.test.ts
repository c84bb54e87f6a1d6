import assert from 'node:assert/strict';
import { consecutiveFailures, leastRequest, peakEwma, roundRobin } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { context, fail, make, names } from './clusters.ts';

/** What share of the picks goes to an endpoint in a second. */
function share(cluster: Cluster, id: string, from: number): number {
  let hits = 0;
  for (let i = 0; i < 1_000; i++) {
    const endpoint = cluster.pick(context(from + i))!;
    if (endpoint.id === id) hits++;
    cluster.begin(endpoint, from + i);
    cluster.report(endpoint, 'success', from + i, from + i);
    cluster.end(endpoint);
  }
  return hits / 1_000;
}

describe('a slow start', () => {
  for (const strategy of [roundRobin, leastRequest, peakEwma]) {
    it(`lets the share of a newcomer grow from a tenth to the whole in ten seconds, under ${strategy.name}`, () => {
      const cluster = make(4, { strategy: strategy() });
      cluster.update([...names(4), { id: 'new', url: 'http://10.0.1.1' }]);
      const shares = Array.from({ length: 12 }, (_, second) => share(cluster, 'new', second * 1_000));
      assert.ok(shares[0]! > 0.005 && shares[0]! < 0.06, `${shares[0]} in the first second`);
      assert.ok(shares[5]! > 0.07 && shares[5]! < 0.17, `${shares[5]} in the sixth`);
      assert.ok(shares[11]! > 0.15 && shares[11]! < 0.25, `${shares[11]} in the twelfth`);
    });
  }

  it('is not for the endpoints of the start, since then all are new', () => {
    const cluster = make(3);
    assert.deepEqual(
      cluster.endpoints.map(({ weight }) => weight),
      [1, 1, 1],
    );
  });

  it('is for an endpoint that was ejected, disabled or drained', () => {
    const cluster = make(3, { ejection: consecutiveFailures({ threshold: 1, baseMs: 1_000, maxMs: 1_000 }) });
    const [e0, e1] = cluster.endpoints;
    cluster.disable('e0');
    cluster.enable('e0');
    assert.equal(e0!.weight, 0.1);
    fail(cluster, 'e1', 1);
    const trial = cluster.pick(context(1_000))!;
    cluster.begin(trial, 1_000);
    cluster.report(trial, 'success', 1_000, 1_001);
    assert.equal(trial, e1);
    assert.equal(e1!.weight, 0.1);
  });

  it('goes in at most ten steps, however many endpoints are on their way', () => {
    let builds = 0;
    const strategy = {
      name: 'counting',
      build: <E>(endpoints: readonly E[]) => {
        builds++;
        return { pick: () => endpoints[0] };
      },
    };
    const cluster = make(2, { strategy });
    cluster.update(names(50));
    builds = 0;
    for (let now = 0; now < 20_000; now += 10) cluster.pick(context(now));
    assert.ok(builds >= 10 && builds <= 11, `${builds} builds`);
  });

  it('is off at 0', () => {
    const cluster = make(2, { slowStartMs: 0 });
    cluster.update(names(3));
    assert.equal(cluster.endpoints[2]!.weight, 1);
  });
});
