import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import type http from 'node:http';
import { upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('the queue of a full cluster', () => {
  it('lets waiting requests in first come, first served, as room is made', async () => {
    const held: http.ServerResponse[] = [];
    let wake = (): void => undefined;
    const endpoint = closing(
      await upstream((_req, res) => {
        held.push(res);
        wake();
      }),
    );
    const arrival = (count: number): Promise<void> =>
      new Promise((resolve) => {
        wake = () => held.length >= count && resolve();
        wake();
      });
    const cluster = closing(createCluster({ endpoints: [endpoint.url], maxInflight: 1 }));
    const answers = ['/1', '/2', '/3'].map(async (path) => (await cluster.request(path)).text());
    for (let i = 1; i <= 3; i++) {
      await arrival(i);
      assert.equal(held.length, i, 'one at a time');
      held[i - 1]!.end(endpoint.requests[i - 1]);
    }
    assert.deepEqual(await Promise.all(answers), ['GET /1', 'GET /2', 'GET /3']);
  });

  it('refuses at once when it is full and later when the wait is too long, with a time to come back', async () => {
    const clock = manualClock();
    const endpoint = closing(await upstream(() => undefined));
    const cluster = createCluster({
      endpoints: [endpoint.url],
      maxInflight: 1,
      maxQueued: 1,
      queueTimeoutMs: 50,
      clock,
    });
    const abort = new AbortController();
    const first = cluster.request({ path: '/', signal: abort.signal });
    const second = cluster.request('/');
    await assert.rejects(cluster.request('/'), { code: 'OVERLOADED', status: 503, retryAfterSeconds: 1 });
    clock.advance(50);
    await assert.rejects(second, { code: 'OVERLOADED' });
    abort.abort();
    await assert.rejects(first, { code: 'CANCELLED' });
    await cluster.close();
  });

  it('forgets a waiting request that is aborted', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const cluster = closing(createCluster({ endpoints: [endpoint.url], maxInflight: 1 }));
    const first = cluster.request('/first');
    const abort = new AbortController();
    const second = cluster.request({ path: '/second', signal: abort.signal });
    abort.abort();
    await assert.rejects(second, { code: 'CANCELLED' });
    await (await first).text();
    await (await cluster.request('/third')).text();
    assert.deepEqual(endpoint.requests, ['GET /first', 'GET /third']);
  });

  it('refuses all that wait when the cluster closes, and lets the others finish', async () => {
    let finish = (): void => undefined;
    const endpoint = closing(
      await upstream((_req, res) => {
        finish = () => void res.end('done');
        arrived();
      }),
    );
    let arrived = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const cluster = createCluster({ endpoints: [endpoint.url], maxInflight: 1 });
    const first = cluster.request('/').then((response) => response.text());
    const second = cluster.request('/');
    await hasArrived;
    const closed = cluster.close();
    await assert.rejects(second, { code: 'CLOSED' });
    await assert.rejects(cluster.request('/'), { code: 'CLOSED' });
    finish();
    assert.equal(await first, 'done');
    await closed;
  });
});
