import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createCluster, isBalancerError } from '@evenkeel/core';
import type { ErrorCode, ExchangeEndMessage, Fallback } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { request } from 'undici';
import { rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

/** A cluster whose only endpoint refuses. */
async function broken(fallback: Fallback) {
  return closing(createCluster({ endpoints: [await refusedUrl()], fallback }));
}

const sorry: Fallback = ({ code }, { path }) => ({
  status: 200,
  headers: { 'X-Code': code },
  body: `sorry for ${path}`,
});

describe('a fallback', () => {
  it('answers a request that failed, with its error and the request at hand', async () => {
    const cluster = await broken(sorry);
    const response = await cluster.request({ method: 'POST', path: '/a', body: 'x' });
    assert.equal(response.status, 200);
    assert.equal(response.statusText, 'OK');
    assert.equal(response.endpoint, '');
    assert.equal(response.headers['x-code'], 'CONNECT_FAILED');
    assert.equal(response.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(response.headers['content-length'], '12');
    assert.equal(await response.text(), 'sorry for /a');
  });

  it('answers through fetch, a dispatcher and a proxy alike', async () => {
    const cluster = await broken(sorry);
    assert.equal(await (await cluster.fetch('/b')).text(), 'sorry for /b');
    const { body } = await request('http://any/c', { dispatcher: cluster.dispatcher() });
    assert.equal(await body.text(), 'sorry for /c');
    for (const sticky of [false, true]) {
      const proxy = createProxy(cluster, { sticky });
      const server = http.createServer((req, res) => proxy.web(req, res)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const { body: proxied, headers } = await request(`http://127.0.0.1:${port}/d`, { reset: true });
      assert.equal(await proxied.text(), 'sorry for /d');
      assert.equal(headers['x-code'], 'CONNECT_FAILED');
      assert.equal(headers['set-cookie'], undefined);
      await new Promise((resolve) => void server.close(resolve));
    }
  });

  it('has a body of bytes, or none, and none where HTTP knows none', async () => {
    const answers = [
      { status: 200, body: new Uint8Array([104, 105]) },
      { status: 503, headers: { 'retry-after': '9' } },
      { status: 204, body: 'ignored' },
    ];
    const cluster = await broken((_error, { path }) => answers[Number(path.slice(1))]);
    const bytes = await cluster.request('/0');
    assert.equal(await bytes.text(), 'hi');
    assert.equal(bytes.headers['content-type'], undefined);
    const empty = await cluster.request('/1');
    assert.deepEqual([empty.status, empty.headers['retry-after'], await empty.text()], [503, '9', '']);
    assert.equal(empty.headers['content-length'], '0');
    const none = await cluster.request('/2');
    assert.deepEqual([none.status, none.headers['content-length'], await none.text()], [204, undefined, '']);
    const head = await cluster.request({ method: 'HEAD', path: '/0' });
    assert.deepEqual([head.headers['content-length'], await head.text()], ['2', '']);
  });

  it('makes up for whatever kept the exchange from an answer', async () => {
    const codes: ErrorCode[] = [];
    const fallback: Fallback = ({ code }) => {
      codes.push(code);
      return { status: 200 };
    };
    const cluster = createCluster({ endpoints: ['http://127.0.0.1:9'], fallback, maxInflight: 1, maxQueued: 0 });
    cluster.begin(cluster.endpoints[0]!, 0);
    assert.equal((await cluster.request('/')).status, 200);
    cluster.end(cluster.endpoints[0]!);
    cluster.disable('http://127.0.0.1:9');
    assert.equal((await cluster.request('/')).status, 200);
    assert.equal((await cluster.request({ path: '/', deadlineMs: 0 })).status, 200);
    await cluster.close();
    assert.equal((await cluster.request('/')).status, 200);
    assert.deepEqual(codes, ['OVERLOADED', 'NO_ENDPOINT', 'DEADLINE_EXCEEDED', 'CLOSED']);
  });

  it('keeps out of what an endpoint answered, whatever that was, and of what the caller gave up', async () => {
    const asked: string[] = [];
    const fallback: Fallback = ({ code }) => {
      asked.push(code);
      return { status: 200 };
    };
    const declining = closing(await upstream((_req, res) => void res.writeHead(503).end('no')));
    const cutting = closing(
      await rawUpstream((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
      }),
    );
    const declined = closing(createCluster({ endpoints: [declining.url], fallback }));
    const declinedResponse = await declined.request('/');
    assert.equal(declinedResponse.status, 503);
    await declinedResponse.discard();
    const cut = closing(createCluster({ endpoints: [cutting.url], fallback }));
    const response = await cut.request('/');
    await assert.rejects(response.text(), (error: unknown) => isBalancerError(error) && error.status === 502);
    const silent = closing(await upstream(() => undefined));
    const waiting = closing(createCluster({ endpoints: [silent.url], fallback }));
    const controller = new AbortController();
    const answer = waiting.request({ path: '/', signal: controller.signal });
    controller.abort();
    await assert.rejects(answer, { code: 'CANCELLED' });
    const body = new Readable({ read: () => undefined });
    const upload = waiting.request({ method: 'POST', path: '/', body });
    body.destroy(new Error('the caller has lost its own file'));
    await assert.rejects(upload, { code: 'CANCELLED' });
    assert.deepEqual(asked, []);
  });

  it('may leave the error as it is', async () => {
    const cluster = await broken(() => undefined);
    await assert.rejects(cluster.request('/'), { code: 'CONNECT_FAILED' });
  });

  it('that throws, or gives what is no answer, leaves the error with both causes', async () => {
    const thrown = new Error('the fallback is broken');
    const cluster = await broken(() => {
      throw thrown;
    });
    await assert.rejects(cluster.request('/'), (error: unknown) => {
      assert.ok(isBalancerError(error));
      assert.equal(error.code, 'CONNECT_FAILED');
      assert.match(error.message, /; the fallback failed too$/);
      assert.equal(error.attempts.length, 3);
      const { errors } = error.cause as AggregateError;
      assert.equal((errors[0] as { code: string }).code, 'CONNECT_FAILED');
      assert.equal(errors[1], thrown);
      return true;
    });
    for (const status of [199, 600, 200.5, undefined]) {
      const odd = await broken(() => ({ status: status as number }));
      await assert.rejects(odd.request('/'), { code: 'CONNECT_FAILED' });
    }
  });

  it('that is asynchronous by mistake neither answers nor ends the process when it rejects', async () => {
    const cluster = await broken((() => Promise.reject(new Error('too late'))) as never);
    await assert.rejects(cluster.request('/'), /the fallback failed too/);
    await new Promise((resolve) => void setImmediate(resolve));
  });

  it('is told on the channel', async () => {
    const seen: ExchangeEndMessage[] = [];
    const listen = (message: unknown): void => void seen.push(message as ExchangeEndMessage);
    subscribe('evenkeel:exchange:end', listen);
    try {
      const cluster = await broken(() => ({ status: 299 }));
      await (await cluster.request('/')).discard();
    } finally {
      unsubscribe('evenkeel:exchange:end', listen);
    }
    const [{ isFallback, status, code, endpoint, attempts }] = seen as [ExchangeEndMessage];
    assert.deepEqual([isFallback, status, code, endpoint, attempts], [true, 299, 'CONNECT_FAILED', undefined, 3]);
    assert.equal(seen.length, 1);
  });

  it('of execute makes up for its rejection, unless the caller gave up', async () => {
    const cluster = closing(createCluster({ endpoints: ['http://a'] }));
    const failing = (): Promise<string> => Promise.reject(new Error('out'));
    assert.equal(await cluster.execute(failing, { fallback: (error) => (error as Error).message }), 'out');
    assert.equal(await cluster.execute(failing, { fallback: () => Promise.resolve('later') }), 'later');
    const worse = new Error('worse');
    await assert.rejects(
      cluster.execute(failing, {
        fallback: () => {
          throw worse;
        },
      }),
      worse,
    );
    const signal = AbortSignal.abort();
    await assert.rejects(cluster.execute(failing, { signal, fallback: () => 'no' }), { name: 'AbortError' });
    cluster.disable('http://a');
    assert.equal(await cluster.execute(failing, { fallback: () => 'none' }), 'none');
  });
});
