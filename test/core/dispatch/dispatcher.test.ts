import assert from 'node:assert/strict';
import { createCluster, roundRobin } from '@evenkeel/core';
import { fetch as undiciFetch, interceptors, request } from 'undici';
import { bodyOf, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('cluster.dispatcher', () => {
  it('balances and retries what undici sends', async () => {
    const one = closing(
      await upstream((req, res) => void bodyOf(req).then((body) => res.end(`${req.method} ${body}`))),
    );
    const two = closing(
      await upstream((req, res) => void bodyOf(req).then((body) => res.end(`${req.method} ${body}`))),
    );
    const cluster = closing(
      createCluster({ endpoints: [one.url, two.url, await refusedUrl()], strategy: roundRobin() }),
    );
    const dispatcher = cluster.dispatcher();
    for (let i = 0; i < 12; i++) {
      const { statusCode, body } = await request('http://any/p', {
        dispatcher,
        method: 'POST',
        body: 'hi',
        query: { q: i },
      });
      assert.equal(statusCode, 200);
      assert.equal(await body.text(), 'POST hi');
    }
    assert.ok(one.requests.length > 3 && two.requests.length > 3);
    assert.ok(one.requests.every((line) => /^POST \/p\?q=\d+$/.test(line)));
  });

  it("serves undici's fetch and Node's own", async () => {
    const endpoint = closing(await upstream((_req, res) => void res.writeHead(200, { 'x-a': 'b' }).end('body')));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const dispatcher = cluster.dispatcher();
    const viaUndici = await undiciFetch('http://any/', { dispatcher });
    assert.equal(await viaUndici.text(), 'body');
    const init = { dispatcher } as unknown as RequestInit;
    const viaNode = await fetch('http://any/', init);
    assert.equal(viaNode.headers.get('x-a'), 'b');
    assert.equal(await viaNode.text(), 'body');
  });

  it('composes with interceptors', async () => {
    const endpoint = closing(
      await upstream((req, res) => {
        if (req.url === '/old') res.writeHead(302, { location: '/new' }).end();
        else res.end('moved');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const dispatcher = cluster.dispatcher().compose(interceptors.redirect({ maxRedirections: 1 }));
    const { body } = await request('http://any/old', { dispatcher });
    assert.equal(await body.text(), 'moved');
  });

  it('passes on failure, abort and back-pressure', async () => {
    const endpoint = closing(
      await upstream((req, res) => {
        if (req.url === '/big') res.end(Buffer.alloc(4 * 1024 * 1024));
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const dead = closing(createCluster({ endpoints: [await refusedUrl()] }));
    await assert.rejects(request('http://any/', { dispatcher: dead.dispatcher() }), { code: 'CONNECT_FAILED' });
    const controller = new AbortController();
    const answer = request('http://any/', { dispatcher: cluster.dispatcher(), signal: controller.signal });
    controller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    const { body } = await request('http://any/big', { dispatcher: cluster.dispatcher() });
    let length = 0;
    for await (const chunk of body) length += (chunk as Buffer).length;
    assert.equal(length, 4 * 1024 * 1024);
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('says what it does not do', async () => {
    const cluster = closing(createCluster({ endpoints: ['http://127.0.0.1:9'] }));
    await assert.rejects(request('http://any/', { dispatcher: cluster.dispatcher(), upgrade: 'x', method: 'GET' }), {
      code: 'NOT_SUPPORTED',
    });
  });
});
