import assert from 'node:assert/strict';
import { createCluster, retryPolicy } from '@evenkeel/core';
import type { BalancerError, ExchangeRequest, RawHeaders } from '@evenkeel/core';
import { rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

const OPTIONS_ASTERISK: ExchangeRequest = {
  method: 'OPTIONS',
  path: '*',
  headers: ['X-A', 'b'],
  body: null,
  isIdempotent: true,
  key: 0,
  preferred: undefined,
  headTimeoutMs: 1_000,
  bodyTimeoutMs: 1_000,
};

/** Runs an exchange to its end. */
function run(urls: string[]): Promise<{ status: number; headers: RawHeaders; body: string }> {
  const cluster = createCluster({ endpoints: urls });
  return new Promise((resolve, reject) => {
    const answer = { status: 0, headers: [] as RawHeaders, body: '' };
    cluster.exchange(OPTIONS_ASTERISK, {
      onHead: (status, _text, headers) => void Object.assign(answer, { status, headers }),
      onData: (chunk) => Boolean((answer.body += chunk.toString())),
      onEnd: () => resolve(answer),
      onError: (error: BalancerError) => reject(error),
    });
  });
}

describe('OPTIONS *', () => {
  it('reaches the endpoint as it is', async () => {
    const endpoint = closing(
      await upstream((req, res) => void res.writeHead(204, { Allow: `GET ${req.headers['x-a']}` }).end()),
    );
    const answer = await run([endpoint.url]);
    assert.equal(answer.status, 204);
    assert.ok(answer.headers.includes('GET b'));
    assert.deepEqual(endpoint.requests, ['OPTIONS *']);
  });

  it('goes to another endpoint if the first one refuses or breaks', async () => {
    const broken = closing(await rawUpstream((socket) => void socket.once('data', () => socket.destroy())));
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    for (let i = 0; i < 5; i++) assert.equal((await run([await refusedUrl(), broken.url, endpoint.url])).body, 'ok');
  });

  it('is an error like any other if it cannot even be begun', () => {
    const tls = { cert: 'no certificate', key: 'no key' };
    const cluster = createCluster({ endpoints: ['https://127.0.0.1:1'], tls, retry: retryPolicy({ maxAttempts: 1 }) });
    const errors: string[] = [];
    cluster.exchange(OPTIONS_ASTERISK, {
      onHead: () => assert.fail(),
      onData: () => assert.fail(),
      onEnd: () => assert.fail(),
      onError: ({ code }) => void errors.push(code),
    });
    assert.deepEqual(errors, ['CONNECT_FAILED']);
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });
});
