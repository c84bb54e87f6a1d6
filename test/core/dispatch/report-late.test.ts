import assert from 'node:assert/strict';
import { consecutiveFailures, createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';

function clusterOfTwo(): Cluster {
  return createCluster({
    endpoints: ['http://a.test', 'http://b.test'],
    ejection: consecutiveFailures({ threshold: 1 }),
    clock: manualClock(),
  });
}

describe('reportLate', () => {
  it('takes note of an attempt that was given up: it would have taken at least so long', () => {
    const cluster = clusterOfTwo();
    const [endpoint] = cluster.endpoints;
    cluster.begin(endpoint!, 0);
    cluster.reportLate(endpoint!, 0, 80);
    cluster.end(endpoint!);
    assert.equal(endpoint!.latencyAt(80), 80);
    assert.equal(endpoint!.waitingAgeAt(80), 0);
    assert.equal(endpoint!.inflight, 0);
    assert.equal(cluster.pickable, 2, 'being late is no failure');
  });

  it('does not count the time in which this process was too busy', () => {
    const cluster = clusterOfTwo();
    const [endpoint] = cluster.endpoints;
    cluster.begin(endpoint!, 0);
    cluster.reportLate(endpoint!, 0, 80, 30);
    cluster.end(endpoint!);
    assert.equal(endpoint!.latencyAt(80), 50);
  });

  it('never makes an endpoint look faster', () => {
    const cluster = clusterOfTwo();
    const [endpoint] = cluster.endpoints;
    cluster.begin(endpoint!, 0);
    cluster.report(endpoint!, 'success', 0, 100);
    cluster.end(endpoint!);
    cluster.begin(endpoint!, 100);
    cluster.reportLate(endpoint!, 100, 110);
    cluster.end(endpoint!);
    assert.ok(endpoint!.latencyAt(110) > 99);
  });
});
