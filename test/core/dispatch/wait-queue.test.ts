import assert from 'node:assert/strict';
import { createCluster, roundRobin } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import type http from 'node:http';
import { WaitQueue } from '../../../packages/core/src/dispatch/wait-queue.ts';
import type { Waiter } from '../../../packages/core/src/dispatch/wait-queue.ts';
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

  it('lets in whoever waits when an endpoint is added or is back in use', async () => {
    const stuck = closing(await upstream(() => undefined));
    const other = closing(await upstream((_req, res) => void res.end('other')));
    const members = [stuck.url, { id: 'other', url: other.url }];
    const cluster = createCluster({ endpoints: [stuck.url], maxInflight: 1, clock: manualClock() });
    const abort = new AbortController();
    const first = cluster.request({ path: '/', signal: abort.signal });
    const second = cluster.request('/');
    cluster.update(members);
    assert.equal(await (await second).text(), 'other');
    cluster.disable('other');
    const third = cluster.request('/');
    cluster.enable('other');
    assert.equal(await (await third).text(), 'other');
    abort.abort();
    await assert.rejects(first, { code: 'CANCELLED' });
    await cluster.close();
  });

  it('passes over a waiting request that has no use for the room, which keeps its place and its time', () => {
    const clock = manualClock();
    const queue = new WaitQueue(clock, 10, 50);
    const log: string[] = [];
    const waiter = (name: string, isServed: boolean): Waiter => ({
      admit() {
        log.push(`${name}?`);
        if (isServed) queue.remove(this);
        return isServed;
      },
      refuse: () => void log.push(`${name} refused`),
    });
    queue.add(waiter('strict', false));
    clock.advance(30);
    queue.add(waiter('plain', true));
    queue.admitOne();
    assert.deepEqual(log, ['strict?', 'plain?']);
    clock.advance(20);
    assert.deepEqual(log, ['strict?', 'plain?', 'strict refused']);
  });

  it('passes on what an endpoint said rather than wait for another one that is full', async () => {
    const declining = closing(await upstream((_req, res) => void res.writeHead(503, { 'Retry-After': '7' }).end('no')));
    const full = closing(await upstream(() => undefined));
    const cluster = closing(
      createCluster({ endpoints: [declining.url, full.url], maxInflight: 1, strategy: roundRobin() }),
    );
    const [, busy] = cluster.endpoints;
    cluster.begin(busy!, 0);
    const response = await cluster.request('/');
    assert.equal(response.status, 503);
    assert.equal(response.headers['retry-after'], '7');
    await response.discard();
    cluster.report(busy!, 'cancelled', 0, 0);
    cluster.end(busy!);
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
