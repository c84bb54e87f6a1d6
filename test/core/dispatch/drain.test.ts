import assert from 'node:assert/strict';
import { createCluster, retryPolicy } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('draining with real connections', () => {
  it('lets what is under way finish and closes the connections', async () => {
    let finish = (): void => undefined;
    let arrived = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const slow = closing(
      await upstream((_req, res) => {
        finish = () => void res.end('slow');
        arrived();
      }),
    );
    const other = closing(await upstream((_req, res) => void res.end('other')));
    const cluster = closing(createCluster({ endpoints: [{ id: 'slow', url: slow.url }] }));
    const answer = cluster.request('/');
    await hasArrived;
    cluster.update([{ id: 'slow', url: slow.url }, other.url]);
    const drained = cluster.drain('slow');
    assert.equal(await (await cluster.request('/')).text(), 'other');
    const closed = new Promise<void>((resolve) => slow.onClose(resolve));
    finish();
    assert.equal(await (await answer).text(), 'slow');
    await drained;
    await closed;
    assert.equal(slow.open, 0);
  });

  it('cuts what is left at the deadline, and an idempotent request is answered by another endpoint', async () => {
    const clock = manualClock();
    let arrived = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const stuck = closing(await upstream(() => arrived()));
    const other = closing(await upstream((_req, res) => void res.end('other')));
    const cluster = closing(createCluster({ endpoints: [{ id: 'stuck', url: stuck.url }], clock }));
    const answer = cluster.request('/');
    await hasArrived;
    cluster.update([{ id: 'stuck', url: stuck.url }, other.url]);
    const drained = cluster.drain('stuck', { deadlineMs: 1_000 });
    clock.advance(1_000);
    assert.equal(await (await answer).text(), 'other');
    await drained;
  });

  it('cuts what is left when the cluster closes and its deadline has passed, and tries nothing again', async () => {
    const clock = manualClock();
    let arrived = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const stuck = closing(await upstream(() => arrived()));
    const other = closing(await upstream(() => arrived()));
    const cluster = closing(createCluster({ endpoints: [stuck.url, other.url], clock }));
    const answer = cluster.request('/');
    await hasArrived;
    const closed = cluster.close({ deadlineMs: 1_000 });
    clock.advance(999);
    assert.equal(
      cluster.endpoints.reduce((sum, { inflight }) => sum + inflight, 0),
      1,
    );
    clock.advance(1);
    await assert.rejects(answer, { code: 'UPSTREAM_RESET' });
    await closed;
    assert.equal(stuck.requests.length + other.requests.length, 1);
  });

  it('cuts nothing of an endpoint that is enabled again before the deadline', async () => {
    const clock = manualClock();
    let finish = (): void => undefined;
    const endpoint = closing(
      await upstream((_req, res) => {
        res.write('a');
        finish = () => void res.end('b');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [{ id: 'e', url: endpoint.url }], clock }));
    const answer = await cluster.request('/');
    const drained = cluster.drain('e', { deadlineMs: 1_000 });
    cluster.enable('e');
    clock.advance(1_000);
    await drained;
    finish();
    assert.equal(await answer.text(), 'ab');
  });

  it('goes by the deadline of the later drain where it is enabled and drained again', async () => {
    const clock = manualClock();
    let finish = (): void => undefined;
    const endpoint = closing(
      await upstream((_req, res) => {
        res.write('a');
        finish = () => void res.end('b');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [{ id: 'e', url: endpoint.url }], clock }));
    const answer = await cluster.request('/');
    const first = cluster.drain('e', { deadlineMs: 1_000 });
    clock.advance(500);
    cluster.enable('e');
    const second = cluster.drain('e', { deadlineMs: 30_000 });
    clock.advance(500);
    await first;
    finish();
    assert.equal(await answer.text(), 'ab');
    await second;
  });

  it('waits for a call of another protocol until the deadline and no longer', async () => {
    const clock = manualClock();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cluster = closing(createCluster({ endpoints: [{ id: 'e', url: 'http://e' }], clock }));
    const call = cluster.execute(() => promise);
    const drained = cluster.drain('e', { deadlineMs: 1_000 });
    clock.advance(1_000);
    await drained;
    resolve();
    await call;
  });

  it('ends a removed endpoint the same way', async () => {
    const one = closing(await upstream((_req, res) => void res.end('one')));
    const two = closing(await upstream((_req, res) => void res.end('two')));
    const cluster = closing(createCluster({ endpoints: [one.url], retry: retryPolicy({ maxAttempts: 1 }) }));
    await (await cluster.request('/')).text();
    const closed = new Promise<void>((resolve) => one.onClose(resolve));
    cluster.update([two.url]);
    await closed;
    assert.equal(await (await cluster.request('/')).text(), 'two');
  });
});
