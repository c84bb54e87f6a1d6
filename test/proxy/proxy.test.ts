import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { BalancerError } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { describeAdapter } from '../conformance/adapter.ts';
import { get, makeRig, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawClient, rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

describeAdapter('node:http', makeServer);

const UPGRADE = get('/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: eA==');

describe('createProxy', () => {
  const rig = makeRig(makeServer);
  afterEach(() => rig.end());

  it('survives clients that reset in the middle of an upgrade', async () => {
    const { front, request } = await rig.start();
    for (let i = 0; i < 50; i++) {
      const client = await rawClient(front);
      client.write(UPGRADE);
      if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      client.socket.resetAndDestroy();
    }
    assert.equal((await request(get())).status, 200);
  });

  it('answers an error once, as the client asked for it, and without an address', async () => {
    const { request } = await rig.start({ cluster: { endpoints: ['http://127.0.0.1:1'] } });
    const problem = await request(get());
    assert.equal(problem.status, 502);
    assert.deepEqual(valuesOf(problem, 'content-type'), ['application/problem+json']);
    assert.doesNotMatch(problem.body, /127\.0\.0\.1/);
    const text = await request(get('/', 'Accept: text/html, */*;q=0.1'));
    assert.deepEqual(valuesOf(text, 'content-type'), ['text/plain; charset=utf-8']);
  });

  it('is over with requests that wait behind each other when their connection is refused, whichever goes first', async () => {
    const endpoint = await rawServer(() => undefined);
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const server = http.createServer((req, res) => proxy.web(req, res)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = await rawClient((server.address() as AddressInfo).port);
    const empty = `${requestOf('QUERY', '/', 'Transfer-Encoding: chunked')}0\r\n\r\n`;
    client.write(`${get('/')}${empty}${requestOf('PUT', '/', 'Content-Length: 50')}${'z'.repeat(5_000)}`);
    await client.ended();
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    await proxy.close();
    assert.equal(cluster.endpoints[0]!.inflight, 0);
    client.socket.destroy();
    server.close();
    await Promise.all([endpoint.close(), cluster.close()]);
  });

  it('refuses a request that calls itself HTTP/2 on a connection of HTTP/1, and takes nothing behind a refusal', async () => {
    const { front, endpoint } = await rig.start();
    const odd = 'GET / HTTP/2.0\r\nHost: a.example\r\n\r\n';
    for (const bytes of [odd, requestOf('QUERY', '*') + odd]) {
      const client = await rawClient(front);
      client.write(bytes);
      assert.equal((await client.response()).status, 400);
      await client.ended();
      client.socket.destroy();
    }
    assert.equal(endpoint.requests.length, 0);
  });

  it('answers HEAD with the status and no body', async () => {
    const { front } = await rig.start({ cluster: { endpoints: ['http://127.0.0.1:1'] } });
    const client = await rawClient(front);
    client.write(requestOf('HEAD', '/', 'Connection: close'));
    await client.ended();
    assert.match(client.received, /^HTTP\/1\.1 502 [^]*\r\n\r\n$/);
    client.socket.destroy();
  });

  it('lets onError answer instead, now or later, and answers itself if that fails', async () => {
    const errors: string[] = [];
    const onError = ({ code }: BalancerError, req: http.IncomingMessage, res: http.ServerResponse): boolean => {
      errors.push(code);
      if (req.url === '/throw') throw new Error('onError is broken');
      if (req.url === '/later') setImmediate(() => res.writeHead(599).end('later'));
      if (req.url === '/now') res.writeHead(598).end('now');
      return req.url === '/later';
    };
    const { request } = await rig.start({ proxy: { onError }, cluster: { endpoints: ['http://127.0.0.1:1'] } });
    assert.equal((await request(get('/now'))).body, 'now');
    assert.equal((await request(get('/later'))).body, 'later');
    assert.equal((await request(get('/throw'))).status, 502);
    assert.equal((await request(get('/neither'))).status, 502);
    assert.deepEqual(
      errors,
      Array.from({ length: 4 }, () => 'CONNECT_FAILED'),
    );
  });

  it('leaves the response alone if something else has answered in the meantime, whatever comes of the endpoint', async () => {
    for (const handler of [answer('late'), (_request: unknown, socket: Socket) => void socket.destroy()]) {
      const endpoint = await rawServer(handler);
      const cluster = createCluster({ endpoints: [endpoint.url] });
      const proxy = createProxy(cluster);
      const server = http.createServer((req, res) => {
        proxy.web(req, res);
        res.writeHead(503).write('early ');
        void until(() => endpoint.requests.length > 0 && cluster.endpoints[0]!.inflight === 0).then(() =>
          res.end('bird'),
        );
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const post = requestOf('POST', '/', 'Content-Length: 0');
      const response = await rawRequest((server.address() as AddressInfo).port, post);
      assert.deepEqual([response.status, response.body], [503, 'early bird']);
      server.close();
      await Promise.all([once(server, 'close'), proxy.close(), endpoint.close(), cluster.close()]);
    }
  });

  it('stops where something else ends the response in mid-body', async () => {
    const endpoint = await rawServer();
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const responses: http.ServerResponse[] = [];
    const server = http.createServer((req, res) => {
      responses.push(res);
      proxy.web(req, res);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (const rest of ['4\r\nmore\r\n', '0\r\n\r\n']) {
      let more: (() => void) | undefined;
      endpoint.onRequest = (_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
        more = () => void socket.write(rest);
      };
      const client = await rawClient((server.address() as AddressInfo).port);
      client.write(get());
      await until(() => client.received.includes('half'));
      responses.at(-1)!.end();
      more!();
      assert.equal((await client.response()).body, 'half');
      await until(() => cluster.endpoints[0]!.inflight === 0);
      client.socket.destroy();
    }
    server.close();
    await Promise.all([once(server, 'close'), proxy.close(), endpoint.close(), cluster.close()]);
  });

  it('finishes what is under way when it is closed, and refuses the rest', async () => {
    const pending: (() => void)[] = [];
    const endpoint = await rawServer((message, socket) => pending.push(() => answer('ok')(message, socket)));
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const server = http.createServer((req, res) => proxy.web(req, res));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const first = rawRequest(port, get());
    await until(() => pending.length === 1);
    let isClosed = false;
    const closing = proxy.close().then(() => (isClosed = true));
    const refused = await rawRequest(port, get());
    assert.equal(refused.status, 503);
    assert.deepEqual(valuesOf(refused, 'connection'), ['close']);
    assert.equal(isClosed, false);
    pending[0]!();
    assert.equal((await first).body, 'ok');
    await closing;
    server.close();
    await Promise.all([once(server, 'close'), endpoint.close(), cluster.close()]);
  });
});
