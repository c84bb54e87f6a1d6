import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';

// The emitter is not exported; a cluster's events are where it can be seen.
describe('cluster events', () => {
  it('reach every listener, in the order of their subscription, until it is taken off', () => {
    const cluster = createCluster({ endpoints: ['http://a', 'http://b'] });
    const seen: string[] = [];
    const first = (): void => void seen.push('first');
    const second = (): void => void seen.push('second');
    cluster.on('unpickable', first).on('unpickable', second);
    cluster.disable('http://a');
    cluster.off('unpickable', first);
    cluster.disable('http://b');
    assert.deepEqual(seen, ['first', 'second', 'second']);
  });

  it('may be unsubscribed from within a listener', () => {
    const cluster = createCluster({ endpoints: ['http://a', 'http://b'] });
    let calls = 0;
    const once = (): void => {
      calls++;
      cluster.off('unpickable', once);
    };
    cluster.on('unpickable', once);
    cluster.disable('http://a');
    cluster.disable('http://b');
    assert.equal(calls, 1);
  });
});
