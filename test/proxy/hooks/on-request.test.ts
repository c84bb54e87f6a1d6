import assert from 'node:assert/strict';
import http from 'node:http';
import { BalancerError, createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';
import { chunked, get, listen, makeRig, requestOf } from '../../conformance/adapter-rig.ts';
import { rawClient, rawRequest, rawServer, turn, until, valuesOf } from '../../conformance/wire.ts';
import { closing } from '../../closing.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

describe('headers and onRequest', () => {
  afterEach(() => rig.end());

  it('put fields in place of those of the client, out of the reach of its Connection', async () => {
    const { request, last } = await rig.start({
      proxy: {
        headers: { Authorization: 'Basic eA==', 'X-Many': ['1', '2'], host: 'b.example' },
        onRequest: (head) => {
          assert.equal(head.get('authorization'), 'Basic eA==');
          head.set('X-Path', `${head.method} ${head.path}`);
          head.delete('x-forwarded-for');
        },
      },
    });
    await request(get('/p?q', 'authorization: mine', 'X-Path: forged', 'Connection: authorization, x-path, x-many'));
    const values = ['authorization', 'x-many', 'host', 'x-path', 'x-forwarded-for'].map((name) =>
      valuesOf(last(), name),
    );
    assert.deepEqual(values, [['Basic eA=='], ['1', '2'], ['b.example'], ['GET /p?q'], []]);
  });

  it('make the request and its body wait for a promise', async () => {
    let go: (() => void) | undefined;
    const { front, last, endpoint } = await rig.start({
      proxy: {
        maxHeldBytes: 0,
        onRequest: (head) => new Promise((resolve) => (go = () => (head.set('X-Late', '1'), resolve()))),
      },
    });
    const client = await rawClient(front);
    client.write(requestOf('POST', '/', 'Transfer-Encoding: chunked') + chunked('hello', 'world'));
    await until(() => go !== undefined);
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(endpoint.connections, 0);
    go!();
    assert.equal((await client.response()).status, 200);
    assert.deepEqual([last().body, valuesOf(last(), 'x-late')], ['helloworld', ['1']]);
    client.socket.destroy();
  });

  it('become one answer where they fail, in whatever way', async () => {
    const onRequest = (head: { set(name: string, value: string): void; path: string }): void | Promise<void> => {
      if (head.path === '/throw') throw new Error('broken');
      if (head.path === '/nothing') throw undefined;
      if (head.path === '/reject') return Promise.reject(new Error('broken'));
      if (head.path === '/split') head.set('X', 'a\r\nb: c');
      if (head.path === '/frame') head.set('Content-Length', '5');
      if (head.path === '/own') throw new BalancerError('BAD_REQUEST', 'not like this');
    };
    const { request, endpoint } = await rig.start({ proxy: { onRequest } });
    const statuses: number[] = [];
    for (const path of ['/throw', '/nothing', '/reject', '/split', '/frame', '/own', '/ok']) {
      statuses.push((await request(get(path))).status);
    }
    assert.deepEqual(statuses, [500, 500, 500, 500, 500, 400, 200]);
    assert.equal(endpoint.requests.length, 1);
  });

  it('harm nobody where they fail after the client has left', async () => {
    const pending: (() => void)[] = [];
    let calls = 0;
    const { front, request, endpoint } = await rig.start({
      proxy: {
        rewritePath: (path) =>
          path === '/'
            ? undefined
            : new Promise((resolve, reject) => pending.push(path === '/no' ? reject : () => resolve(undefined))),
        onRequest: () => void calls++,
      },
    });
    for (const path of ['/no', '/yes']) {
      const client = await rawClient(front);
      client.write(get(path));
      await until(() => pending.length === 1);
      client.socket.resetAndDestroy();
      for (let i = 0; i < 50; i++) await turn();
      pending.pop()!();
      await turn();
    }
    assert.equal((await request(get('/'))).status, 200);
    assert.deepEqual([endpoint.requests.length, calls], [1, 1]);
  });

  it('reach upgrades, too', async () => {
    const { front, endpoint } = await rig.start({
      proxy: { filter: '/ws', rewritePath: { '^/ws': '/socket' }, headers: { 'X-Up': '1' } },
    });
    endpoint.onRequest = (_request, socket) =>
      void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    const client = await rawClient(front);
    client.write(get('/ws/1', 'Connection: Upgrade', 'Upgrade: x'));
    await until(() => client.received.includes('\r\n\r\n'));
    assert.match(client.received, /^HTTP\/1\.1 101 /);
    assert.equal(endpoint.requests[0]!.start, 'GET /socket/1 HTTP/1.1');
    assert.deepEqual(valuesOf(endpoint.requests[0]!, 'x-up'), ['1']);
    client.socket.destroy();
    const other = await rawRequest(front, get('/no', 'Connection: Upgrade', 'Upgrade: x'));
    assert.equal(other.status, 404);
  });
});

describe('body', () => {
  /** A server that reads bodies before the proxy sees them. */
  async function start(options: ProxyOptions) {
    const endpoint = await rawServer();
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster, options);
    const server = await listen(
      http.createServer((req, res) => {
        const chunks: Buffer[] = [];
        if (req.url === '/unread') return proxy.web(req, res);
        req.on('data', (chunk: Buffer) => chunks.push(chunk));
        req.on('end', () => proxy.web(Object.assign(req, { read: Buffer.concat(chunks).toString() }), res));
      }),
    );
    closing({
      async [Symbol.asyncDispose]() {
        await server.close();
        await Promise.all([proxy.close(), cluster.close(), endpoint.close()]);
      },
    });
    return { endpoint, request: (bytes: string) => rawRequest(server.port, bytes) };
  }

  it('is made again of what a parser has left, under its own framing', async () => {
    const { endpoint, request } = await start({
      body: (req: http.IncomingMessage & { read?: string }) => `<${req.read}>`,
    });
    await request(
      requestOf('POST', '/', 'Content-Length: 5', 'Content-Encoding: gzip', 'Digest: x', 'Content-Type: t/x') + 'hello',
    );
    await request(requestOf('POST', '/', 'Transfer-Encoding: chunked', 'Trailer: X-T') + chunked('hel', 'lo'));
    for (const seen of endpoint.requests) {
      assert.equal(seen.body, '<hello>');
      const framing = ['content-length', 'transfer-encoding', 'content-encoding', 'digest', 'trailer'].map((name) =>
        valuesOf(seen, name),
      );
      assert.deepEqual(framing, [['7'], [], [], [], []]);
    }
    assert.deepEqual(valuesOf(endpoint.requests[0]!, 'content-type'), ['t/x']);
  });

  it('passes as it comes where nobody has read it', async () => {
    const { endpoint, request } = await start({ body: () => 'never' });
    await request(requestOf('POST', '/unread', 'Content-Length: 5') + 'hello');
    await request(get('/unread'));
    assert.deepEqual(
      endpoint.requests.map(({ body }) => body),
      ['hello', ''],
    );
  });

  it('is refused where it cannot be made again, is too large or no body', async () => {
    const cases: [ProxyOptions, number][] = [
      [{ body: () => undefined }, 500],
      [{ body: () => 5 as never }, 500],
      [{ body: () => 'x'.repeat(11), maxBodyBytes: 10 }, 413],
      [{ body: () => Buffer.from('x'.repeat(10)), maxBodyBytes: 10 }, 200],
      [{ body: () => '' }, 200],
    ];
    for (const [options, status] of cases) {
      const { request } = await start(options);
      assert.equal((await request(requestOf('POST', '/', 'Content-Length: 5') + 'hello')).status, status);
    }
  });
});
