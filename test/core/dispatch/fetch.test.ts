import assert from 'node:assert/strict';
import { createCluster } from '@evenkeel/core';
import { bodyOf, refusedUrl, rawUpstream, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('cluster.fetch', () => {
  it('gives a standard Response', async () => {
    const endpoint = closing(
      await upstream((_req, res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }).end('{"x":1}');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.fetch('/a?b=c');
    assert.ok(response instanceof Response);
    assert.deepEqual(await response.json(), { x: 1 });
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.deepEqual(endpoint.requests, ['GET /a?b=c']);
  });

  it('dials the cluster whatever the URL says, and sends its authority as Host', async () => {
    const endpoint = closing(await upstream((req, res) => void res.end(req.headers.host)));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    assert.equal(await (await cluster.fetch(new URL('http://shop.example:81/x'))).text(), 'shop.example:81');
    assert.equal(await (await cluster.fetch('/x')).text(), endpoint.url.slice('http://'.length));
  });

  it('sends every kind of body, and all but streams to another endpoint if the first one refuses', async () => {
    const endpoint = closing(
      await upstream((req, res) => {
        void bodyOf(req).then((body) => res.end(`${req.headers['content-type']?.split(';')[0]} ${body.length}`));
      }),
    );
    const cluster = closing(createCluster({ endpoints: [await refusedUrl(), endpoint.url] }));
    const post = async (body: RequestInit['body']): Promise<string> =>
      (await cluster.fetch('/', { method: 'POST', body: body ?? null })).text();
    for (let i = 0; i < 4; i++) {
      assert.equal(await post('text'), 'text/plain 4');
      assert.equal(await post(new URLSearchParams({ a: 'b' })), 'application/x-www-form-urlencoded 3');
      assert.equal(await post(new Uint8Array(5)), 'undefined 5');
      assert.match(await post(Object.assign(new FormData(), {})), /^multipart\/form-data \d+$/);
      assert.equal(await post(new Blob(['abc']).stream()), 'undefined 3');
    }
  });

  it('has no body where the standard knows none', async () => {
    const endpoint = closing(await upstream((req, res) => void res.writeHead(req.url === '/304' ? 304 : 204).end()));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    assert.equal((await cluster.fetch('/304')).body, null);
    assert.equal((await cluster.fetch('/204')).status, 204);
    assert.equal((await cluster.fetch('/', { method: 'HEAD' })).body, null);
  });

  it('rejects with the reason of its signal', async () => {
    const endpoint = closing(await upstream(() => undefined));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const controller = new AbortController();
    const answer = cluster.fetch('/', { signal: controller.signal });
    controller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('lets a reader leave in mid-body', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.write('x'.repeat(1000))));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.fetch('/');
    await response.body!.cancel();
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('refuses a status that the standard does not know, and holds no connection for it', async () => {
    const endpoint = closing(
      await rawUpstream((socket) => {
        socket.once('data', () =>
          socket.write(`HTTP/1.1 600 Odd\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(500_000)}`),
        );
      }),
    );
    const cluster = createCluster({ endpoints: [endpoint.url] });
    await assert.rejects(cluster.fetch('/'), { code: 'BAD_RESPONSE' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
    await cluster.close();
  });
});
