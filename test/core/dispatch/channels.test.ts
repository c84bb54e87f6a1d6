import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { AttemptEndMessage, AttemptStartMessage, ExchangeEndMessage, Strategy } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
import { heldUpstream } from './held-upstream.ts';
import { refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

const NAMES = ['evenkeel:attempt:start', 'evenkeel:attempt:end', 'evenkeel:exchange:end'];

/** Everything that is published while `run` runs. */
async function published(run: () => Promise<unknown>): Promise<{ name: string; message: unknown }[]> {
  const seen: { name: string; message: unknown }[] = [];
  const listen = (message: unknown, name: string | symbol): void => void seen.push({ name: String(name), message });
  for (const name of NAMES) subscribe(name, listen);
  try {
    await run();
  } finally {
    for (const name of NAMES) unsubscribe(name, listen);
  }
  return seen;
}

describe('the diagnostics channels', () => {
  it('tell of each attempt and of the whole exchange', async () => {
    const dead = await refusedUrl();
    const endpoint = closing(await upstream((_req, res) => void res.writeHead(404).end()));
    const cluster = closing(
      createCluster({
        name: 'users',
        endpoints: [dead, endpoint.url],
        strategy: roundRobin(),
        clock: manualClock(),
      }),
    );
    let seen: { name: string; message: unknown }[] = [];
    do {
      seen = await published(async () => (await cluster.request('/x')).text());
    } while (seen.length < 5);
    const start = { cluster: 'users', method: 'GET', path: '/x' };
    const known = { isHedge: false, isSticky: false, isTrial: false, inflight: 0 };
    const [first, refused, second, answered, over] = seen.map(({ message }) => message);
    // Every failure before this round has made the dead one look slower.
    const { expectedMs } = first as AttemptStartMessage;
    assert.deepEqual(first, { ...start, ...known, endpoint: dead, attempt: 0, expectedMs });
    const end: AttemptEndMessage = {
      ...start,
      endpoint: dead,
      attempt: 0,
      isHedge: false,
      outcome: 'connect-error',
      status: 0,
      retryAfterMs: 0,
      code: 'CONNECT_FAILED',
      durationMs: 0,
      isRetried: true,
    };
    assert.deepEqual(refused, end);
    assert.deepEqual(second, { ...start, ...known, endpoint: endpoint.url, attempt: 1, expectedMs: 0 });
    assert.deepEqual(answered, {
      ...end,
      endpoint: endpoint.url,
      attempt: 1,
      outcome: 'success',
      status: 404,
      code: undefined,
      isRetried: false,
    });
    const exchange: ExchangeEndMessage = {
      ...start,
      endpoint: endpoint.url,
      attempts: 2,
      status: 404,
      code: undefined,
      durationMs: 0,
      isFallback: false,
    };
    assert.deepEqual(over, exchange);
  });

  it('tell what was known of an endpoint when it was picked', async () => {
    const clock = manualClock();
    const endpoint = closing(await upstream((_req, res) => void res.end()));
    const cluster = closing(createCluster({ endpoints: [endpoint.url], clock }));
    const member = cluster.endpoints[0]!;
    cluster.begin(member, 0);
    cluster.report(member, 'success', 0, 32);
    clock.advance(32);
    const sink = { onHead: () => undefined, onData: () => true };
    const fixed = { method: 'GET', path: '/', headers: [], body: null, isIdempotent: true, key: 0 };
    const send = (preferred: string | undefined) =>
      new Promise<void>(
        (resolve, onError) =>
          void cluster.exchange({ ...fixed, preferred }, { ...sink, onEnd: () => resolve(), onError }),
      );
    const seen = await published(async () => {
      await send(member.route);
      await send(undefined);
      await send('elsewhere');
    });
    const starts = seen.filter(({ name }) => name === 'evenkeel:attempt:start');
    assert.deepEqual(
      starts.map(({ message }) => {
        const { isSticky, inflight, expectedMs } = message as AttemptStartMessage;
        return [isSticky, inflight, expectedMs];
      }),
      [
        [true, 1, 32],
        [false, 1, 32],
        [false, 1, 32],
      ],
    );
    cluster.end(member);
  });

  it('tell for how long an endpoint wants no requests, by a 503 and by nothing else', async () => {
    const endpoint = closing(
      await upstream((req, res) => void res.writeHead(Number(req.url!.slice(1)), { 'Retry-After': '7' }).end()),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const seen = await published(async () => {
      for (const path of ['/503', '/429', '/200']) await (await cluster.request(path)).discard();
    });
    const ends = seen.filter(({ name }) => name === 'evenkeel:attempt:end');
    assert.deepEqual(
      ends.map(({ message }) => (message as AttemptEndMessage).retryAfterMs),
      [7_000, 0, 0],
    );
  });

  it('tell hedges from first tries, and end what they have started', async () => {
    const clock = manualClock();
    const servers = [closing(await heldUpstream()), closing(await heldUpstream())];
    const hedge = {
      maxHedges: 1,
      delayMs: () => 10,
      observe: () => undefined,
      deposit: () => undefined,
      tryWithdraw: () => true,
    };
    const endpoints = servers.map(({ url }, i) => ({ url, id: `${i}` }));
    const inOrder: Strategy = {
      name: 'in-order',
      build: (all) => ({ pick: ({ tried }) => all.find((one) => !tried?.includes(one)) }),
    };
    const cluster = closing(createCluster({ endpoints, hedge, clock, strategy: inOrder }));
    const seen = await published(async () => {
      const answer = cluster.request('/');
      await servers[0]!.arrived(1);
      clock.advance(10);
      await servers[1]!.arrived(1);
      clock.advance(5);
      servers[1]!.held[0]!.res.end();
      await (await answer).discard();
    });
    const told = seen.map(({ name, message }) => {
      const { endpoint, attempt, isHedge, outcome, code, durationMs } = message as AttemptEndMessage;
      return [name.split(':')[1], endpoint, attempt, isHedge, outcome, code, durationMs];
    });
    assert.deepEqual(told, [
      ['attempt', '0', 0, false, undefined, undefined, undefined],
      ['attempt', '1', 1, true, undefined, undefined, undefined],
      ['attempt', '1', 1, true, 'success', undefined, 5],
      ['attempt', '0', 0, false, 'cancelled', 'CANCELLED', 15],
      ['exchange', '1', undefined, undefined, undefined, undefined, 15],
    ]);
  });

  it('tell of an exchange that failed and of one that was aborted', async () => {
    const cluster = closing(createCluster({ endpoints: [await refusedUrl()] }));
    const seen = await published(() => cluster.request({ path: '/', method: 'POST' }).catch(() => undefined));
    const over = seen.at(-1)?.message as ExchangeEndMessage;
    assert.deepEqual([over.code, over.status, over.endpoint], ['CONNECT_FAILED', 0, undefined]);
    const silent = closing(await upstream(() => undefined));
    const other = closing(createCluster({ endpoints: [silent.url] }));
    const controller = new AbortController();
    const aborted = await published(() => {
      const answer = other.request({ path: '/', signal: controller.signal }).catch(() => undefined);
      controller.abort();
      return answer;
    });
    const end = aborted.at(-1)?.message as ExchangeEndMessage;
    assert.equal(end.code, 'CANCELLED');
    assert.deepEqual(
      aborted.map(({ name }) => name),
      NAMES,
      'an attempt that is cut ends as well',
    );
  });
});
