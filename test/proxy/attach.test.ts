import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { AttachOptions, Proxy } from '@evenkeel/proxy';
import { get, requestOf } from '../conformance/adapter-rig.ts';
import { answer, rawClient, rawRequest, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawHandler, RawServer } from '../conformance/wire.ts';

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];

const behind: RawHandler = (request, socket) => {
  if (valuesOf(request, 'upgrade').length === 0) answer('endpoint')(request, socket);
  else socket.write('HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
};

describe('attach', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let proxy: Proxy;
  let server: http.Server;

  beforeEach(async () => {
    endpoint = await rawServer(behind);
    cluster = createCluster({ endpoints: [endpoint.url] });
    proxy = createProxy(cluster);
    server = http.createServer((req, res) => {
      req.resume();
      res.end(`own ${req.headers.upgrade ?? ''}`.trim());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    await proxy.close({ deadlineMs: 0 });
    server.closeAllConnections();
    server.close();
    await Promise.all([once(server, 'close'), endpoint.close(), cluster.close()]);
  });

  const port = (): number => (server.address() as AddressInfo).port;

  async function bodyOf(bytes: string): Promise<string> {
    return (await rawRequest(port(), bytes)).body;
  }

  async function upgraded(path: string): Promise<number> {
    const client = await rawClient(port());
    client.write(get(path, ...UPGRADE));
    const { status } = await client.response({ isBodiless: true });
    client.socket.destroy();
    return status;
  }

  it('takes every request before the server does, until it is undone', async () => {
    const detach = proxy.attach(server);
    assert.equal(await bodyOf(get('/')), 'endpoint');
    assert.equal(await upgraded('/'), 101);
    detach();
    assert.equal(await bodyOf(get('/')), 'own');
    assert.equal(await upgraded('/'), 200);
    assert.equal(server.listenerCount('upgrade') + server.listenerCount('checkContinue'), 0);
    assert.equal(server.listenerCount('connect'), 0);
  });

  it('takes what is at or below a path, at the boundary of a segment', async () => {
    for (const path of ['/api', '/api/']) {
      const detach = proxy.attach(server, { path });
      for (const target of ['/api', '/api/', '/api?x', '/api/x/../y', 'http://a.example/api/x']) {
        assert.equal(await bodyOf(get(target)), 'endpoint', target);
      }
      for (const target of ['/', '/apis', '/API', '/%61pi', '/x/api', 'http://a.example', '//api']) {
        assert.equal(await bodyOf(get(target)), 'own', target);
      }
      assert.equal(await upgraded('/api/ws'), 101);
      detach();
    }
  });

  it('leaves upgrades that are not its own to other listeners, and without one the request is an ordinary one', async () => {
    proxy.attach(server, { path: '/api' });
    const client = await rawClient(port());
    client.write(get('/own', ...UPGRADE));
    assert.equal((await client.response()).body, 'own');
    client.write(get('/own'));
    assert.equal((await client.response()).body, 'own');
    client.socket.destroy();
    server.removeAllListeners('upgrade');
    server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n'));
    proxy.attach(server, { path: '/api' });
    assert.equal(await upgraded('/own'), 418);
    assert.equal(await upgraded('/api'), 101);
  });

  it('leaves an upgrade that is not its own in its place behind another request, with its body', async () => {
    proxy.attach(server, { path: '/api' });
    let go: (() => void) | undefined;
    endpoint.onRequest = (request, socket) => (go = () => answer('first')(request, socket));
    const client = await rawClient(port());
    const fields = ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5'];
    client.write(`${get('/api')}${requestOf('POST', '/', ...fields)}he`);
    await until(() => go !== undefined);
    go!();
    assert.equal((await client.response()).body, 'first');
    client.write('llo');
    assert.match((await client.response()).body, /^own/);
    client.socket.destroy();
  });

  it('asks the filter about what matches the path', async () => {
    const asked: (string | undefined)[] = [];
    proxy.attach(server, {
      path: '/api',
      filter(req) {
        asked.push(req.url);
        return req.method === 'GET';
      },
    });
    assert.equal(await bodyOf(get('/api/x')), 'endpoint');
    assert.equal(await bodyOf(requestOf('POST', '/api/y', 'Content-Length: 0')), 'own');
    assert.equal(await bodyOf(get('/')), 'own');
    assert.deepEqual(asked, ['/api/x', '/api/y']);
  });

  it('answers with 500 where the filter throws', async () => {
    proxy.attach(server, {
      filter() {
        throw new Error('broken');
      },
    });
    assert.equal((await rawRequest(port(), get('/'))).status, 500);
    assert.equal((await rawRequest(port(), get('/', ...UPGRADE))).status, 500);
    assert.equal(endpoint.connections, 0);
  });

  it('serves several proxies on one server, which may go in any order', async () => {
    const other = createProxy(cluster);
    const detachFirst = proxy.attach(server, { path: '/a' });
    const detachSecond = other.attach(server, { path: '/b' });
    const bodies = async (): Promise<string[]> => Promise.all(['/a', '/b', '/c'].map((path) => bodyOf(get(path))));
    assert.deepEqual(await bodies(), ['endpoint', 'endpoint', 'own']);
    detachFirst();
    assert.deepEqual(await bodies(), ['own', 'endpoint', 'own']);
    assert.equal(await upgraded('/a'), 200);
    detachSecond();
    assert.deepEqual(await bodies(), ['own', 'own', 'own']);
    await other.close();
  });

  it('leaves it to the endpoint whether it wants a body, and to Node what is not its own', async () => {
    proxy.attach(server, { path: '/api' });
    endpoint.onConnection = (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n'));
    };
    const client = await rawClient(port());
    client.write(requestOf('POST', '/own', 'Content-Length: 2', 'Expect: 100-continue'));
    await until(() => client.received.includes('HTTP/1.1 100 Continue'));
    client.write('ab');
    await until(() => client.received.endsWith('own'));
    client.socket.destroy();
    const refused = await rawClient(port());
    refused.write(requestOf('POST', '/api', 'Content-Length: 2', 'Expect: 100-continue'));
    assert.equal((await refused.response()).status, 417);
    refused.socket.destroy();
  });

  it('refuses to be a way to other addresses', async () => {
    proxy.attach(server);
    const client = await rawClient(port());
    client.write(`CONNECT 127.0.0.1:${endpoint.port} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    assert.equal((await client.response()).status, 501);
    await client.ended();
    assert.equal(endpoint.connections, 0);
    client.socket.destroy();
  });

  it('works on an HTTP/2 server', async () => {
    const plain = http2.createServer((_req, res) => void res.end('own'));
    const detach = proxy.attach(plain, { path: '/api' });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    const ask = async (path: string): Promise<string> => {
      const stream = session.request({ ':path': path }).setEncoding('utf8');
      let body = '';
      stream.on('data', (chunk: string) => (body += chunk));
      await once(stream, 'end');
      return body;
    };
    assert.equal(await ask('/'), 'own');
    detach();
    assert.equal(await ask('/api'), 'own');
    session.destroy();
    plain.close();
    await once(plain, 'close');
  });

  it('is not needed by who wires a server by hand', async () => {
    server.removeAllListeners('request');
    server.on('request', proxy.web).on('upgrade', proxy.upgrade).on('connect', proxy.connect);
    server.on('checkContinue', proxy.checkContinue);
    assert.equal(await bodyOf(get('/')), 'endpoint');
    assert.equal(await upgraded('/'), 101);
    assert.equal((await rawRequest(port(), 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')).status, 501);
  });

  it('refuses wrong options', () => {
    const wrong: unknown[] = [{ path: 'api' }, { path: '/a?b' }, { path: '' }, { filter: true }, { paths: '/' }];
    for (const options of wrong) {
      assert.throws(() => proxy.attach(server, options as AttachOptions), { code: 'INVALID_OPTIONS' });
    }
    assert.equal(server.listenerCount('upgrade'), 0);
  });
});
