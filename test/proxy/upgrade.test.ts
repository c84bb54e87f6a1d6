import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { createCluster } from '@evenkeel/core';
import type { BalancerError, Cluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { Proxy } from '@evenkeel/proxy';
import { get, makeRig, requestOf } from '../conformance/adapter-rig.ts';
import { upgradeLaws } from '../conformance/adapter-upgrades.ts';
import { answer, rawClient, rawServer, turn, until, valuesOf } from '../conformance/wire.ts';
import type { RawHandler, RawServer } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

const fixture = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../core/dispatch/fixtures', file), 'utf8');

const UPGRADE = ['Connection: Upgrade', 'Upgrade: foo'];
const AGREE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n';
const agree: RawHandler = (_request, socket) => void socket.write(AGREE);

describe('upgrades over undici', () => {
  const rig = makeRig((cluster, options) => makeServer(cluster, options));
  afterEach(() => rig.end());
  // The same laws as over the transport that is the default, which runs them with every adapter.
  upgradeLaws((law, sentence, run) =>
    it(`law ${law}: ${sentence}`, () =>
      run({
        start: ({ cluster, ...options } = {}) =>
          rig.start({ ...options, cluster: { transport: 'undici', ...cluster } }),
      })),
  );
});

describe('proxy.upgrade', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let proxy: Proxy;
  let server: http.Server;

  beforeEach(async () => {
    endpoint = await rawServer(agree);
    cluster = createCluster({ endpoints: [endpoint.url] });
  });

  afterEach(async () => {
    await proxy.close({ deadlineMs: 0 });
    server.closeAllConnections();
    server.close();
    await Promise.all([once(server, 'close'), endpoint.close(), cluster.close()]);
  });

  async function serve(
    front: http.Server,
    made: Proxy = createProxy(cluster, { upgradeGraceMs: 200 }),
  ): Promise<number> {
    proxy = made;
    server = front;
    server.on('request', (req, res) => proxy.web(req, res));
    server.on('upgrade', (req, socket, head) => proxy.upgrade(req, socket, head));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('holds what a client says before there is an answer, up to a bound, and loses none of it', async () => {
    let go: (() => void) | undefined;
    endpoint.onRequest = (request, socket) => (go ??= () => agree(request, socket));
    const port = await serve(http.createServer());
    const client = await rawClient(port);
    const early = 'x'.repeat(8 * 1024 * 1024);
    client.write(get('/', ...UPGRADE));
    client.write(early);
    await until(() => go !== undefined);
    for (let i = 0; i < 50; i++) await turn();
    // Neither in the proxy nor in the socket buffers between is there room for all.
    assert.ok(client.socket.writableLength > 0);
    go!();
    await until(() => endpoint.received.endsWith(early));
    client.socket.destroy();
  });

  it('leaves the answer to onError as for other requests', async () => {
    cluster.update(['http://127.0.0.1:1']);
    const onError = ({ code }: BalancerError, _req: http.IncomingMessage, res: http.ServerResponse): boolean => {
      res.writeHead(599, { 'x-code': code }).end('mine');
      return true;
    };
    const port = await serve(http.createServer(), createProxy(cluster, { onError }));
    const client = await rawClient(port);
    client.write(get('/', ...UPGRADE));
    const response = await client.response();
    assert.deepEqual([response.status, response.body], [599, 'mine']);
    assert.deepEqual(valuesOf(response, 'x-code'), ['CONNECT_FAILED']);
    assert.deepEqual(valuesOf(response, 'connection'), ['close']);
    await client.ended();
    client.socket.destroy();
  });

  it('passes other methods, and does not send again what may not be sent again', async () => {
    const port = await serve(http.createServer());
    const client = await rawClient(port);
    client.write(requestOf('POST', '/exec', ...UPGRADE, 'Content-Length: 0'));
    assert.equal((await client.response({ isBodiless: true })).status, 101);
    assert.equal(endpoint.requests[0]!.start, 'POST /exec HTTP/1.1');
    client.socket.destroy();
    endpoint.onRequest = (_request, socket) => void socket.destroy();
    const failed = await rawClient(port);
    failed.write(requestOf('POST', '/exec', ...UPGRADE, 'Content-Length: 0'));
    assert.equal((await failed.response()).status, 502);
    assert.equal(endpoint.requests.length, 2);
    failed.socket.destroy();
  });

  it('refuses an ordinary request whose fields Node has not all told of', async () => {
    const front = http.createServer();
    front.maxHeadersCount = 4;
    const port = await serve(front);
    const client = await rawClient(port);
    const fields = ['A: 1', 'Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 40'];
    client.write(`${requestOf('POST', '/', ...fields)}GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    assert.equal((await client.response()).status, 431);
    await client.ended();
    assert.equal(endpoint.connections, 0);
    client.socket.destroy();
  });

  it('leaves no time-out for idle connections on a request that has waited behind another', async () => {
    const port = await serve(http.createServer({ keepAliveTimeout: 60_000 }));
    const connection = once(server, 'connection');
    const client = await rawClient(port);
    const [socket] = (await connection) as [net.Socket];
    const answers: (() => void)[] = [];
    endpoint.onRequest = (request, to) => void answers.push(() => answer('ok')(request, to));
    for (const fields of [[], ['Content-Length: 1']]) {
      client.write(get('/') + requestOf('POST', '/', 'Connection: Upgrade', 'Upgrade: h2c', ...fields));
      await until(() => answers.length === 1);
      answers.pop()!();
      if (fields.length > 0) client.write('x');
      await until(() => answers.length === 1);
      assert.equal(socket.timeout, 0);
      answers.pop()!();
      assert.equal((await client.response()).body, 'ok');
      assert.equal((await client.response()).body, 'ok');
    }
    client.socket.destroy();
  });

  it('ends upgraded connections when the time for closing is up, and is closed then', async () => {
    const port = await serve(http.createServer());
    const client = await rawClient(port);
    client.write(get('/', ...UPGRADE));
    await client.response({ isBodiless: true });
    let isClosed = false;
    const closing = proxy.close({ deadlineMs: 50 }).then(() => (isClosed = true));
    const late = await rawClient(port);
    late.write(get('/', ...UPGRADE));
    assert.equal((await late.response()).status, 503);
    assert.equal(isClosed, false);
    await client.ended();
    await closing;
    assert.equal(cluster.endpoints[0]!.inflight, 0);
    late.socket.destroy();
    client.socket.destroy();
  });

  it('refuses wrong options of close', async () => {
    await serve(http.createServer());
    assert.throws(() => proxy.close({ deadlineMs: -1 }), { code: 'INVALID_OPTIONS' });
  });

  it('passes upgrades over TLS, where a reset is an end', async () => {
    const port = await serve(https.createServer({ cert: fixture('cert.pem'), key: fixture('key.pem') }));
    for (const end of ['client', 'endpoint'] as const) {
      const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('latin1');
      let received = '';
      client.on('data', (chunk: string) => (received += chunk));
      client.on('error', () => undefined);
      const closed = once(client, 'close');
      let far: net.Socket | undefined;
      endpoint.onRequest = (request, socket) => agree(request, (far = socket));
      client.write(get('/', ...UPGRADE));
      await until(() => received.includes('101'));
      if (end === 'client') client.destroy();
      else far!.resetAndDestroy();
      await closed;
      await until(() => cluster.endpoints[0]!.inflight === 0 && endpoint.open === 0);
    }
    const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('latin1');
    let received = '';
    client.on('data', (chunk: string) => (received += chunk));
    endpoint.onRequest = answer('ordinary');
    client.write(get('/', 'Connection: Upgrade', 'Upgrade: h2c'));
    await until(() => received.endsWith('ordinary'));
    client.destroy();
  });

  it('answers 501 on a connection that belongs to no server of its own', async () => {
    await serve(http.createServer());
    const req = new http.IncomingMessage(new net.Socket());
    Object.assign(req, { httpVersion: '1.1', method: 'GET', url: '/', complete: true });
    req.rawHeaders.push('Upgrade', 'h2c');
    let written = '';
    const connection = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString('latin1');
        done();
      },
    });
    proxy.upgrade(req, connection, Buffer.alloc(0));
    await until(() => written.includes('HTTP/1.1 501 '));
    connection.destroy();
  });
});
