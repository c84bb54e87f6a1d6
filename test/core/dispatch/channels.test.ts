import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { AttemptEndMessage, ExchangeEndMessage } from '@evenkeel/core';
import { manualClock } from '@evenkeel/core/testing';
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
    const [first, refused, second, answered, over] = seen.map(({ message }) => message);
    assert.deepEqual(first, { ...start, endpoint: dead, attempt: 0 });
    const end: AttemptEndMessage = {
      ...start,
      endpoint: dead,
      attempt: 0,
      outcome: 'connect-error',
      status: 0,
      code: 'CONNECT_FAILED',
      durationMs: 0,
      isRetried: true,
    };
    assert.deepEqual(refused, end);
    assert.deepEqual(second, { ...start, endpoint: endpoint.url, attempt: 1 });
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
    };
    assert.deepEqual(over, exchange);
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
  });
});
