import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createCluster, retryBudget, retryPolicy } from '@evenkeel/core';
import type { ClusterOptions, Exchange } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { heldUpstream } from './held-upstream.ts';
import { afterTen, hedgeRig as rig, inOrder, oneRetry, outcomes } from './hedge-rig.ts';
import { refusedUrl } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('hedging', () => {
  it('sends a late request to a second endpoint, takes the first answer, and cancels the other', async () => {
    const { cluster, servers, clock, hedge, isIdle } = await rig(3);
    const [first, second] = servers;
    const answer = cluster.request({ method: 'PUT', path: '/', body: 'x' });
    await first!.arrived(1);
    clock.advance(9.5);
    assert.deepEqual(second!.requests, []);
    clock.advance(0.5);
    await second!.arrived(1);
    clock.advance(20);
    assert.equal(cluster.endpoints[2]!.inflight, 0, 'two are the most that the policy allows');
    second!.held[0]!.res.end('quick');
    const response = await answer;
    assert.equal(response.endpoint, '1');
    assert.equal(await response.text(), 'quick');
    await first!.abandoned(1);
    assert.ok(isIdle());
    assert.equal(clock.holding, 0);
    assert.deepEqual(hedge.latencies, [20, 30], 'the winner, and what the loser took at least');
    assert.equal(hedge.deposits, 1);
    assert.equal(cluster.endpoints[0]!.latencyAt(30), 30, 'at least so long');
    assert.equal(cluster.endpoints[1]!.latencyAt(30), 20);
  });

  it('lets the first attempt win if it answers first, and holds nothing against the second', async () => {
    const { seen, ejection } = outcomes();
    const { cluster, servers, clock, hedge, isIdle } = await rig(2, { ejection });
    const answer = cluster.request('/');
    await servers[0]!.arrived(1);
    clock.advance(10);
    await servers[1]!.arrived(1);
    servers[0]!.held[0]!.res.end('first');
    const response = await answer;
    assert.equal(response.endpoint, '0');
    assert.equal(await response.text(), 'first');
    await servers[1]!.abandoned(1);
    assert.deepEqual(seen, ['success']);
    assert.equal(cluster.endpoints[1]!.latencyAt(10), 0, 'who started later may be quicker all the same');
    assert.deepEqual(hedge.latencies, [10], 'the winner; the loser started later, so it says nothing');
    assert.ok(isIdle());
  });

  it('costs no timer and no second attempt where a second one could do harm or is not wanted', async () => {
    const { cluster, servers, clock } = await rig(2);
    const requests = [
      cluster.request({ method: 'POST', path: '/post', body: 'x' }),
      cluster.request({ method: 'PUT', path: '/stream', body: Readable.from(['x']) }),
      cluster.request({ path: '/off', hedge: false }),
    ];
    await servers[0]!.arrived(3);
    assert.equal(clock.holding, 0);
    clock.advance(1_000);
    assert.equal(cluster.endpoints[1]!.inflight, 0);
    for (const { res } of servers[0]!.held) res.end('ok');
    for (const answer of requests) await (await answer).discard();
  });

  it('leaves a request alone that sticks to an endpoint', async () => {
    const { cluster, servers, clock } = await rig(2);
    const { route } = cluster.endpoints[0]!;
    const over = new Promise<void>((resolve, reject) => {
      const sink = { onHead: () => undefined, onData: () => true, onEnd: () => resolve(), onError: reject };
      const fixed = { method: 'GET', path: '/', headers: [], body: null, isIdempotent: true, key: 0 };
      cluster.exchange({ ...fixed, preferred: route }, sink);
    });
    await servers[0]!.arrived(1);
    clock.advance(1_000);
    assert.equal(cluster.endpoints[1]!.inflight, 0);
    servers[0]!.held[0]!.res.end('ok');
    await over;
  });

  it('asks the policy, the retry budget, the number of tries and the endpoints, and stays with one attempt if any says no', async () => {
    const refusals: [string, Partial<ClusterOptions>, number][] = [
      ['the policy', { hedge: afterTen({ grants: 0 }) }, 2],
      ['the budget', { budget: retryBudget({ percent: 0, minPerSecond: 0 }) }, 2],
      ['the number of tries', { retry: retryPolicy({ maxAttempts: 1 }) }, 2],
      ['the endpoints', {}, 1],
      ['not yet', { hedge: afterTen({ delayMs: () => Infinity }) }, 2],
    ];
    for (const [name, options, count] of refusals) {
      const { cluster, servers, clock } = await rig(count, options);
      const answer = cluster.request('/');
      await servers[0]!.arrived(1);
      clock.advance(1_000);
      assert.equal(cluster.endpoints[1]?.inflight ?? 0, 0, name);
      servers[0]!.held[0]!.res.end('ok');
      assert.equal(await (await answer).text(), 'ok', name);
    }
  });

  it('does not go to an endpoint that is full', async () => {
    const hedge = afterTen({ grants: 1 });
    const { cluster, servers, clock } = await rig(2, { maxInflight: 1, hedge });
    cluster.begin(cluster.endpoints[1]!, 0);
    const answer = cluster.request('/');
    await servers[0]!.arrived(1);
    clock.advance(10);
    assert.equal(cluster.endpoints[1]!.inflight, 1);
    assert.equal(hedge.grants, 1, 'what cannot be used is not taken');
    servers[0]!.held[0]!.res.end();
    await (await answer).discard();
    cluster.report(cluster.endpoints[1]!, 'cancelled', 0, 0);
    cluster.end(cluster.endpoints[1]!);
  });

  it('goes on with the second attempt when the first one fails or declines, and starts no third for it', async () => {
    for (const fail of [
      (res: ServerResponse) => void res.destroy(),
      (res: ServerResponse) => void res.writeHead(503).end(),
    ]) {
      // The hedge takes the one retry that there is; what goes on needs none.
      const { cluster, servers, clock, isIdle } = await rig(3, { budget: oneRetry() });
      const answer = cluster.request('/');
      await servers[0]!.arrived(1);
      clock.advance(10);
      await servers[1]!.arrived(1);
      fail(servers[0]!.held[0]!.res);
      while (cluster.endpoints[0]!.inflight > 0) await new Promise((resolve) => void setImmediate(resolve));
      assert.equal(cluster.endpoints[2]!.inflight, 0);
      servers[1]!.held[0]!.res.end('second');
      assert.equal(await (await answer).text(), 'second');
      assert.ok(isIdle());
    }
  });

  it('is paid for from the retry budget, without which nothing is taken out of the policy', async () => {
    const hedge = afterTen({ grants: 5 });
    const { cluster, servers, clock } = await rig(3, { budget: oneRetry(), hedge });
    const answers = [cluster.request('/'), cluster.request('/')];
    await servers[0]!.arrived(2);
    clock.advance(10);
    assert.equal(cluster.endpoints[1]!.inflight, 1);
    assert.equal(hedge.grants, 4);
    for (const { res } of servers[0]!.held) res.end();
    for (const answer of answers) await (await answer).discard();
  });

  it('starts nothing while all that was under way has failed and a pause has to pass', async () => {
    const clock = manualClock();
    const fixed = { ...retryPolicy(), delayMs: () => 40 };
    const endpoints = [await refusedUrl()];
    const cluster = closing(createCluster({ endpoints, hedge: afterTen(), clock, retry: fixed }));
    const answer = assert.rejects(cluster.request('/'), { code: 'CONNECT_FAILED' });
    for (let tries = 1; tries < 3; tries++) {
      while (cluster.endpoints[0]!.inflight > 0) await new Promise((resolve) => void setImmediate(resolve));
      assert.equal(clock.holding, 1, 'the pause');
      clock.advance(39);
      assert.equal(cluster.endpoints[0]!.inflight, 0);
      clock.advance(1);
      assert.equal(cluster.endpoints[0]!.inflight, 1);
    }
    await answer;
    assert.equal(clock.holding, 0);
  });

  it('retries within the limits when all that was under way has failed, and names all of them when it gives up', async () => {
    const { cluster, servers, clock, isIdle } = await rig(4);
    const answer = cluster.request('/');
    await servers[0]!.arrived(1);
    clock.advance(10);
    await servers[1]!.arrived(1);
    servers[1]!.held[0]!.res.destroy();
    await servers[1]!.abandoned(1);
    servers[0]!.held[0]!.res.destroy();
    await servers[2]!.arrived(1);
    servers[2]!.held[0]!.res.destroy();
    await assert.rejects(answer, (error: { code?: string; attempts?: { endpoint: string }[] }) => {
      assert.equal(error.code, 'UPSTREAM_RESET');
      assert.deepEqual(error.attempts?.map(({ endpoint }) => endpoint).toSorted(), ['0', '1', '2']);
      return true;
    });
    assert.deepEqual(servers[3]!.requests, [], 'the hedge was one of three tries');
    assert.ok(isIdle());
    assert.equal(clock.holding, 0);
  });

  it('uses as many endpoints as the policy and the number of tries allow, each after its own delay', async () => {
    for (const [maxHedges, maxAttempts] of [
      [1, 5],
      [2, 5],
      [3, 3],
    ] as const) {
      const options = { hedge: afterTen({ maxHedges }), retry: retryPolicy({ maxAttempts }) };
      const { cluster, servers, clock } = await rig(4, options);
      const answer = cluster.request('/');
      const tries = Math.min(maxHedges + 1, maxAttempts);
      for (let i = 0; i < tries; i++) {
        await servers[i]!.arrived(1);
        clock.advance(i + 1 < tries ? 10 : 100);
      }
      assert.deepEqual(
        cluster.endpoints.map(({ inflight }) => inflight),
        [0, 1, 2, 3].map((i) => (i < tries ? 1 : 0)),
      );
      servers[1]!.held[0]!.res.end('middle');
      assert.equal(await (await answer).text(), 'middle');
      assert.equal(clock.holding, 0);
    }
  });

  it('stays with the first attempt when the second one is refused', async () => {
    const slow = closing(await heldUpstream());
    const other = closing(await heldUpstream());
    const clock = manualClock();
    const endpoints = [slow.url, await refusedUrl(), other.url];
    const cluster = closing(createCluster({ endpoints, strategy: inOrder, hedge: afterTen(), clock }));
    const answer = cluster.request('/');
    await slow.arrived(1);
    clock.advance(10);
    while (cluster.endpoints[1]!.inflight > 0) await new Promise((resolve) => void setImmediate(resolve));
    assert.equal(cluster.endpoints[2]!.inflight, 0);
    slow.held[0]!.res.end('slow');
    assert.equal(await (await answer).text(), 'slow');
    assert.ok(cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
  });

  it('ends every attempt when the request is aborted', async () => {
    const { seen, ejection } = outcomes();
    const { cluster, servers, clock, isIdle } = await rig(2, { ejection });
    const controller = new AbortController();
    const answer = cluster.request({ path: '/', signal: controller.signal });
    await servers[0]!.arrived(1);
    clock.advance(10);
    await servers[1]!.arrived(1);
    controller.abort();
    await assert.rejects(answer, { code: 'CANCELLED' });
    await Promise.all(servers.map((server) => server.abandoned(1)));
    assert.deepEqual(seen, []);
    assert.ok(isIdle());
    assert.equal(clock.holding, 0);
  });

  it('starts no second attempt while the cluster closes, and lets the first one finish', async () => {
    const { cluster, servers, clock } = await rig(2);
    const answer = cluster.request('/').then((response) => response.text());
    await servers[0]!.arrived(1);
    const closed = cluster.close();
    clock.advance(10);
    assert.equal(cluster.endpoints[1]!.inflight, 0);
    servers[0]!.held[0]!.res.end('done');
    assert.equal(await answer, 'done');
    await closed;
  });

  it('is over for a drain when the loser is cancelled', async () => {
    const { cluster, servers, clock } = await rig(2);
    const answer = cluster.request('/');
    await servers[0]!.arrived(1);
    clock.advance(10);
    await servers[1]!.arrived(1);
    const drained = cluster.drain('0', { deadlineMs: 1_000_000 });
    servers[1]!.held[0]!.res.end('second');
    await (await answer).text();
    await drained;
  });

  it('passes back-pressure to the attempt that won, whichever it was when the reader paused', async () => {
    for (const winner of [0, 1]) {
      const { cluster, servers, clock } = await rig(2);
      const chunks: string[] = [];
      let exchange: Exchange;
      let wake = (): void => undefined;
      const hasData = new Promise<void>((resolve) => (wake = resolve));
      const over = new Promise<void>((resolve, reject) => {
        const request = { method: 'GET', path: '/', headers: [], body: null, isIdempotent: true, key: 0 };
        const onData = (chunk: Buffer): boolean => (wake(), chunks.push(`${chunk}`) > 1);
        const sink = { onHead: () => undefined, onData, onEnd: () => resolve(), onError: reject };
        exchange = cluster.exchange({ ...request, preferred: undefined }, sink);
      });
      await servers[0]!.arrived(1);
      exchange!.pause();
      clock.advance(10);
      await servers[1]!.arrived(1);
      exchange!.resume();
      const { res } = servers[winner]!.held[0]!;
      res.write('one');
      await hasData;
      res.end('two');
      exchange!.resume();
      await over;
      assert.equal(chunks.join(''), 'onetwo');
    }
  });
});
