/**
 * Requests that come before the first endpoint.
 */
import assert from 'node:assert/strict';
import { closing } from '../../closing.ts';
import { upstream } from '../dispatch/upstream.ts';
import { discovered } from './scripted.ts';

describe('requests before the first set', () => {
  it('wait for it, whichever way they come', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('late')));
    const { resolver, cluster } = discovered();
    const answers = [
      cluster.request('/').then((response) => response.text()),
      cluster.execute(({ id }) => Promise.resolve(id)),
      cluster.fetch('/').then((response) => response.text()),
    ];
    await resolver.say([endpoint.url]);
    assert.deepEqual(await Promise.all(answers), ['late', endpoint.url, 'late']);
  });

  it('fail after `queueTimeoutMs`, and at once where too many wait', async () => {
    const { cluster, clock } = discovered({ queueTimeoutMs: 500, maxQueued: 2 });
    const first = cluster.request('/');
    const second = cluster.execute(() => Promise.resolve());
    await assert.rejects(cluster.request('/'), { code: 'OVERLOADED' });
    clock.advance(500);
    await assert.rejects(first, { code: 'NO_ENDPOINT' });
    await assert.rejects(second, { code: 'NO_ENDPOINT' });
  });

  it('fail when the cluster closes', async () => {
    const { cluster } = discovered();
    const waiting = cluster.request('/');
    await Promise.all([cluster.close(), assert.rejects(waiting, { code: 'CLOSED' })]);
  });
});
