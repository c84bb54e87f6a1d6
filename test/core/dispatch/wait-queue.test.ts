import assert from 'node:assert/strict';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { Priority } from '@evenkeel/core';
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

  it('lets the more urgent in first, and first come, first served among equals', async () => {
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: ['http://a'], maxInflight: 1, clock }));
    const order: string[] = [];
    let finish = (): void => undefined;
    const first = cluster.execute(() => new Promise<void>((resolve) => (finish = resolve)));
    const names = ['low', 'normal', 'high', 'low2', 'unsaid', 'high2'];
    const rest = names.map((name) => {
      const priority = /^(high|normal|low)/.exec(name)?.[0] as Priority | undefined;
      return cluster.execute(async () => void order.push(name), { ...(priority && { priority }) });
    });
    finish();
    await Promise.all([first, ...rest]);
    assert.deepEqual(order, ['high', 'high2', 'normal', 'unsaid', 'low', 'low2']);
  });

  it('takes the priority of a request as well', async () => {
    const held: http.ServerResponse[] = [];
    const endpoint = closing(await upstream((req, res) => (req.url === '/held' ? held.push(res) : res.end('ok'))));
    const cluster = closing(createCluster({ endpoints: [endpoint.url], maxInflight: 1 }));
    const first = cluster.request('/held').then((response) => response.text());
    const rest = (['low', 'high'] as const).map(async (priority) => {
      await (await cluster.request({ path: `/${priority}`, priority })).text();
    });
    while (held.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    held[0]!.end();
    await Promise.all([first, ...rest]);
    assert.deepEqual(endpoint.requests, ['GET /held', 'GET /high', 'GET /low']);
    await assert.rejects(cluster.request({ path: '/', priority: 'urgent' as Priority }), { code: 'BAD_REQUEST' });
  });

  it('gives the place of the youngest of the least urgent to a newcomer that is more urgent, and to no other', () => {
    const queue = new WaitQueue(manualClock(), 4, 50);
    const refused: string[] = [];
    const waiter = (name: string): Waiter => ({
      admit() {
        queue.remove(this);
        admitted.push(name);
        return true;
      },
      refuse: () => void refused.push(name),
    });
    const admitted: string[] = [];
    for (const [name, priority] of [
      ['low1', 'low'],
      ['normal1', 'normal'],
      ['low2', 'low'],
      ['low3', 'low'],
    ] as const) {
      assert.ok(queue.add(waiter(name), priority));
    }
    assert.equal(queue.add(waiter('low4'), 'low'), false);
    assert.ok(queue.add(waiter('normal2')));
    assert.ok(queue.add(waiter('high1'), 'high'));
    assert.deepEqual(refused, ['low3', 'low2']);
    assert.ok(queue.add(waiter('high2'), 'high'));
    assert.equal(queue.add(waiter('normal3')), false, 'nobody is less urgent');
    assert.ok(queue.add(waiter('high3'), 'high'));
    assert.deepEqual(refused, ['low3', 'low2', 'low1', 'normal2']);
    assert.equal(queue.size, 4);
    for (let i = 0; i < 4; i++) queue.admitOne();
    assert.deepEqual(admitted, ['high1', 'high2', 'high3', 'normal1']);
    assert.equal(queue.size, 0);
  });

  it('knows the youngest of a priority whoever has left in between', () => {
    const queue = new WaitQueue(manualClock(), 4, 50);
    const refused: number[] = [];
    const waiters = [1, 2, 3, 4].map((name) => ({ admit: () => false, refuse: () => void refused.push(name) }));
    for (const waiter of waiters) queue.add(waiter, 'low');
    queue.remove(waiters[3]!);
    queue.remove(waiters[1]!);
    const urgent = { admit: () => false, refuse: () => undefined };
    for (let i = 0; i < 4; i++) queue.add({ ...urgent }, 'high');
    assert.deepEqual(refused, [3, 1]);
  });

  it('keeps the least urgent no longer than any other', () => {
    const clock = manualClock();
    const queue = new WaitQueue(clock, 4, 50);
    let refusals = 0;
    queue.add({ admit: () => false, refuse: () => refusals++ }, 'low');
    clock.advance(50);
    assert.equal(refusals, 1);
    assert.equal(queue.size, 0);
  });

  it('knows how long the oldest has waited, whatever its priority', () => {
    const clock = manualClock();
    const queue = new WaitQueue(clock, 4, 1_000);
    assert.equal(queue.oldestWaitMs(clock.now()), 0);
    const waiters = (['normal', 'low', 'high'] as const).map((priority) => {
      const waiter: Waiter = { admit: () => false, refuse: () => undefined };
      queue.add(waiter, priority);
      clock.advance(10);
      return waiter;
    });
    assert.equal(queue.oldestWaitMs(clock.now()), 30);
    queue.remove(waiters[0]!);
    assert.equal(queue.oldestWaitMs(clock.now()), 20);
  });
});
