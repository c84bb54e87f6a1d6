import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createCluster, tcpProbe } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { rawUpstream, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('closing a cluster', () => {
  it('waits for a request that goes on to an endpoint which was idle', async () => {
    const events: string[] = [];
    const first = Promise.withResolvers<Socket>();
    const breaking = closing(await rawUpstream((socket) => void socket.once('data', () => first.resolve(socket))));
    const other = closing(await upstream((_req, res) => void setImmediate(() => res.end('other'))));
    const cluster = createCluster({ endpoints: [breaking.url, other.url] });
    const { route } = cluster.endpoints[0]!;
    const request = { method: 'GET', path: '/', headers: [], body: null, isIdempotent: true, key: 0, preferred: route };
    cluster.exchange(request, {
      onHead: () => undefined,
      onData: () => true,
      onEnd: () => void events.push('answered'),
      onError: ({ code }) => void events.push(code),
    });
    const socket = await first.promise;
    const closed = cluster.close().then(() => events.push('closed'));
    socket.destroy();
    await once(socket, 'close');
    await closed;
    assert.deepEqual(events, ['answered', 'closed']);
  });

  it('waits for a call of another protocol until the deadline and no longer', async () => {
    const clock = manualClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cluster = createCluster({ endpoints: ['http://e'], clock });
    const call = cluster.execute(() => promise);
    const closed = cluster.close({ deadlineMs: 1_000 });
    clock.advance(1_000);
    await closed;
    resolve();
    await call;
  });

  it('starts no probes for a late update', async () => {
    const clock = manualClock();
    const cluster = createCluster({ endpoints: ['http://a'], probe: tcpProbe(), clock });
    await cluster.close();
    cluster.update(['http://a', 'http://b']);
    assert.equal(clock.pending, 0);
  });
});
