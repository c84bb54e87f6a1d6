import assert from 'node:assert/strict';
import { DEADLINE_FIELD, createCluster, deadlineOf, isBalancerError, retryPolicy } from '@evenkeel/core';
import type { ClusterOptions, RetryPolicy } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { STATUS_OF } from '../../../packages/core/src/errors.ts';
import { inOrder, outcomes } from './hedge-rig.ts';
import { heldUpstream } from './held-upstream.ts';
import { rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('a deadline', () => {
  it('ends a request that no endpoint answers, and says so', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const { seen, ejection } = outcomes();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock, ejection }));
    const answer = cluster.request({ path: '/', deadlineMs: 100 });
    await endpoint.arrived(1);
    clock.advance(99);
    assert.equal(cluster.endpoints[0]!.inflight, 1);
    clock.advance(1);
    await assert.rejects(answer, (error: unknown) => {
      assert.ok(isBalancerError(error));
      assert.equal(error.code, 'DEADLINE_EXCEEDED');
      assert.equal(error.status, STATUS_OF.DEADLINE_EXCEEDED);
      assert.equal(error.status, 504);
      assert.deepEqual(error.attempts, [{ endpoint: endpoint.url, code: 'DEADLINE_EXCEEDED', status: undefined }]);
      return true;
    });
    await endpoint.abandoned(1);
    assert.equal(cluster.endpoints[0]!.inflight, 0);
    assert.equal(clock.holding, 0);
    assert.equal(cluster.endpoints[0]!.latencyAt(100), 100, 'it takes longer than that');
    assert.deepEqual(seen, [], 'the hurry was the caller s own');
  });

  it('counts an attempt as timed out if it had half of what the cluster allows', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const { seen, ejection } = outcomes();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock, ejection, deadlineMs: 100 }));
    for (const [deadlineMs, count] of [
      [49, 0],
      [50, 1],
      [undefined, 2],
    ] as const) {
      const answer = cluster.request({ path: '/', ...(deadlineMs !== undefined && { deadlineMs }) });
      clock.advance(100);
      await assert.rejects(answer, { code: 'DEADLINE_EXCEEDED' });
      assert.deepEqual(seen, Array(count).fill('timeout'));
    }
  });

  it('counts from the call, the wait in the queue included', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], maxInflight: 1, clock }));
    const first = cluster.request('/first');
    const waiting = cluster.request({ path: '/waiting', deadlineMs: 50 });
    const late = cluster.request({ path: '/late', deadlineMs: 63 });
    await endpoint.arrived(1);
    clock.advance(50);
    await assert.rejects(waiting, { code: 'DEADLINE_EXCEEDED', message: /deadlineMs/ });
    clock.advance(10);
    endpoint.held[0]!.res.end();
    await (await first).discard();
    await assert.rejects(late, { code: 'DEADLINE_EXCEEDED' }, 'with 3 ms left nothing is sent');
    assert.deepEqual(endpoint.requests, ['GET /first']);
    assert.equal(clock.holding, 0);
  });

  it('covers all attempts and the pauses between them, and starts none that could not be over in time', async () => {
    const dead = await refusedUrl();
    const clock = manualClock();
    const fixed: RetryPolicy = { ...retryPolicy({ maxAttempts: 9 }), delayMs: () => 40 };
    const cluster = closing(createCluster({ endpoints: [dead], clock, retry: fixed }));
    const failure = assert.rejects(cluster.request({ path: '/', deadlineMs: 83 }), (error: unknown) => {
      assert.ok(isBalancerError(error));
      assert.equal(error.code, 'DEADLINE_EXCEEDED');
      assert.deepEqual(
        error.attempts.map(({ code }) => code),
        ['CONNECT_FAILED', 'CONNECT_FAILED'],
        'at 0 and 40 ms; the third would begin with 3 ms left',
      );
      return true;
    });
    // Each refusal takes some turns of the event loop, each pause 40 ms of the clock.
    for (let isOver = false; !isOver;) {
      isOver = await Promise.race([failure.then(() => true), turns().then(() => false)]);
      if (!isOver && clock.holding === 2) clock.advance(40);
    }
    assert.equal(clock.now(), 80);
    assert.equal(clock.holding, 0);
  });

  it('leaves a failed request alone that has less time left than half of the requests need', async () => {
    const endpoint = closing(await heldUpstream());
    const dead = await refusedUrl();
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock, strategy: inOrder }));
    for (let i = 0; i < 20; i++) {
      const answer = cluster.request({ path: '/slow', deadlineMs: 1_000 });
      await endpoint.arrived(i + 1);
      clock.advance(200);
      endpoint.held[i]!.res.end();
      await (await answer).discard();
    }
    cluster.update([dead, endpoint.url]);
    await assert.rejects(cluster.request({ path: '/', deadlineMs: 190 }), { code: 'CONNECT_FAILED' });
    const answer = cluster.request({ path: '/', deadlineMs: 210 });
    await endpoint.arrived(21);
    endpoint.held[20]!.res.end('in time');
    assert.equal(await (await answer).text(), 'in time');
  });

  it('ends a response body too', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.write('some')));
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock }));
    const response = await cluster.request({ path: '/', deadlineMs: 100 });
    const text = response.text();
    clock.advance(100);
    await assert.rejects(text, { code: 'DEADLINE_EXCEEDED' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('is over at once if it is past, and is none if it is infinite', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock, deadlineMs: 100 }));
    for (const deadlineMs of [0, -5]) {
      await assert.rejects(cluster.request({ path: '/', deadlineMs }), { code: 'DEADLINE_EXCEEDED' });
    }
    assert.deepEqual(endpoint.requests, []);
    assert.equal(await (await cluster.request({ path: '/', deadlineMs: Infinity })).text(), 'ok');
    await assert.rejects(cluster.request({ path: '/', deadlineMs: NaN }), { code: 'BAD_REQUEST' });
    await assert.rejects(cluster.request({ path: '/', attemptTimeoutMs: 0 }), { code: 'BAD_REQUEST' });
    assert.equal(clock.holding, 0);
  });

  it('aborts what execute runs, with its own error as the reason', async () => {
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: ['http://a'], clock }));
    const answer = cluster.execute(
      (_endpoint, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      { deadlineMs: 30, isIdempotent: true },
    );
    clock.advance(30);
    await assert.rejects(answer, { code: 'DEADLINE_EXCEEDED' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
    assert.equal(await cluster.execute(() => Promise.resolve('in time'), { deadlineMs: 30 }), 'in time');
    await assert.rejects(
      cluster.execute(() => Promise.resolve(), { deadlineMs: 0 }),
      { code: 'DEADLINE_EXCEEDED' },
    );
    assert.equal(clock.holding, 0);
  });
});

describe('the time-out of an attempt', () => {
  it('ends it on the millisecond, counts against the endpoint and goes elsewhere', async () => {
    const slow = closing(await heldUpstream());
    const quick = closing(await upstream((_req, res) => void res.end('quick')));
    const clock = manualClock();
    const { seen, ejection } = outcomes();
    const cluster = closing(
      createCluster({
        endpoints: [slow.url, quick.url],
        clock,
        ejection,
        attemptTimeoutMs: 20,
        strategy: inOrder,
      }),
    );
    const answer = cluster.request('/');
    await slow.arrived(1);
    clock.advance(19);
    assert.deepEqual(seen, []);
    clock.advance(1);
    assert.equal(await (await answer).text(), 'quick');
    assert.deepEqual(seen, ['timeout', 'success']);
    await slow.abandoned(1);
    assert.ok(cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
    assert.equal(clock.holding, 0);
  });

  it('leaves a response alone that has begun', async () => {
    const endpoint = closing(await heldUpstream());
    const clock = manualClock();
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock }));
    const answer = cluster.request({ path: '/', attemptTimeoutMs: 20 });
    await endpoint.arrived(1);
    endpoint.held[0]!.res.write('slow ');
    const response = await answer;
    clock.advance(100);
    endpoint.held[0]!.res.end('body');
    assert.equal(await response.text(), 'slow body');
  });

  it('covers the time until there is a connection', async () => {
    const endpoint = closing(await rawUpstream(() => undefined));
    const clock = manualClock();
    const cluster = closing(
      createCluster({
        endpoints: [{ url: endpoint.url.replace('http:', 'https:') }],
        clock,
        attemptTimeoutMs: 20,
        retry: retryPolicy({ maxAttempts: 1 }),
      }),
    );
    const answer = cluster.request({ method: 'POST', path: '/', body: 'x' });
    clock.advance(20);
    await assert.rejects(answer, { code: 'HEAD_TIMEOUT', message: /attemptTimeoutMs/ });
  });
});

describe('the milliseconds left', () => {
  it('travel with each attempt, less each time, in place of what the caller wrote', async () => {
    const fields: (string | undefined)[] = [];
    const slow = closing(await heldUpstream());
    const quick = closing(
      await upstream((req, res) => {
        fields.push(req.headers[DEADLINE_FIELD] as string);
        res.end();
      }),
    );
    const clock = manualClock();
    const cluster = closing(
      createCluster({ endpoints: [slow.url, quick.url], clock, strategy: inOrder, attemptTimeoutMs: 30 }),
    );
    const headers = { 'X-Envoy-Expected-Rq-Timeout-Ms': '999999', 'x-kept': 'yes' };
    const answer = cluster.request({ path: '/', deadlineMs: 50, headers });
    await slow.arrived(1);
    clock.advance(30);
    await (await answer).discard();
    assert.equal(slow.held[0]!.req.headers[DEADLINE_FIELD], '30', 'no attempt has more than its own time-out');
    assert.equal(slow.held[0]!.req.headers['x-kept'], 'yes');
    assert.deepEqual(fields, ['20']);
    assert.equal(deadlineOf(slow.held[0]!.req.headers), 30, 'what one side writes the other side reads');
  });

  it('are told under another name, or not at all, or where there is no deadline', async () => {
    const seen: unknown[] = [];
    const endpoint = closing(
      await upstream((req, res) => {
        seen.push([req.headers[DEADLINE_FIELD], req.headers['x-left']]);
        res.end();
      }),
    );
    const options: Partial<ClusterOptions>[] = [
      { deadlineField: 'X-Left', deadlineMs: 1_000 },
      { deadlineField: false, deadlineMs: 1_000 },
      { attemptTimeoutMs: 1_000 },
    ];
    for (const option of options) {
      const cluster = closing(createCluster({ endpoints: [endpoint.url], clock: manualClock(), ...option }));
      await (await cluster.request('/')).discard();
    }
    assert.deepEqual(seen, [
      [undefined, '1000'],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    assert.throws(() => createCluster({ endpoints: ['http://a'], deadlineField: 'a b' }), /deadlineField/);
  });

  it('are read from a request, and whatever is no number of milliseconds is not', () => {
    assert.equal(deadlineOf({ [DEADLINE_FIELD]: '250' }), 250);
    assert.equal(deadlineOf({ 'x-left': '7' }, 'X-Left'), 7);
    assert.equal(deadlineOf({ [DEADLINE_FIELD]: '2147483647' }), 2_147_483_647);
    const hostile = [
      '0',
      '-1',
      '1.5',
      '1e3',
      '0x10',
      ' 5',
      '',
      'NaN',
      'Infinity',
      '2147483648',
      '9'.repeat(400),
      '5, 6',
    ];
    for (const value of hostile) assert.equal(deadlineOf({ [DEADLINE_FIELD]: value }), undefined, value);
    assert.equal(deadlineOf({ [DEADLINE_FIELD]: ['5', '6'] }), undefined);
    assert.equal(deadlineOf({}), undefined);
    assert.equal(deadlineOf({}, 'constructor'), undefined);
  });
});

/** Enough turns of the event loop for a connection to be refused. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => void setImmediate(resolve));
}
