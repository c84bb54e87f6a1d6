import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { Cluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { Proxy } from '@evenkeel/proxy';
import { get } from '../conformance/adapter-rig.ts';
import { answer, rawClient, rawServer, until, valuesOf } from '../conformance/wire.ts';
import type { RawHandler, RawServer } from '../conformance/wire.ts';
import { makeServer } from './server.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

describe('WebSockets over HTTP/2', () => {
  let endpoint: RawServer;
  let cluster: Cluster;
  let proxy: Proxy;
  let server: http2.Http2Server;
  let session: ClientHttp2Session;
  let far: Socket;

  const agree: RawHandler = (request, socket) => {
    far = socket;
    const [key = ''] = valuesOf(request, 'sec-websocket-key');
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-B: 2\r\nSet-Cookie: a=1\r\n' +
        `Set-Cookie: b=2\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: p\r\n\r\nhello`,
    );
  };

  beforeEach(async () => {
    endpoint = await rawServer(agree);
    cluster = createCluster({ endpoints: [endpoint.url] });
    proxy = createProxy(cluster, { sticky: true, upgradeGraceMs: 200 });
    server = http2.createServer({ settings: { enableConnectProtocol: true } });
    proxy.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(session, 'remoteSettings');
  });

  afterEach(async () => {
    session.destroy();
    await proxy.close({ deadlineMs: 0 });
    server.close();
    await Promise.all([once(server, 'close'), endpoint.close(), cluster.close()]);
  });

  function connect(fields: Record<string, string> = {}): ClientHttp2Stream {
    const head = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/ws?x',
      ':authority': 'a.example',
    };
    const stream = session.request({ ...head, ...fields });
    stream.on('error', () => undefined);
    stream.setEncoding('latin1');
    return stream;
  }

  async function responseOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders & http2.IncomingHttpStatusHeader> {
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & http2.IncomingHttpStatusHeader];
    return head;
  }

  it("are upgrades to the endpoint, with a key of the proxy's own", async () => {
    const stream = connect({ 'sec-websocket-protocol': 'p, q', 'sec-websocket-version': '13', 'x-end': '1' });
    let received = '';
    stream.on('data', (chunk: string) => (received += chunk));
    const head = await responseOf(stream);
    assert.equal(head[':status'], 200);
    assert.equal(head['sec-websocket-accept'], undefined);
    assert.equal(head['sec-websocket-protocol'], 'p');
    assert.equal(head['x-b'], '2');
    assert.deepEqual(
      head['set-cookie']?.map((cookie) => cookie.split('=', 1)[0]),
      ['a', 'b', 'JSESSIONID'],
    );
    const request = endpoint.requests[0]!;
    assert.equal(request.start, 'GET /ws?x HTTP/1.1');
    for (const [name, value] of [
      ['host', 'a.example'],
      ['upgrade', 'websocket'],
      ['sec-websocket-protocol', 'p, q'],
      ['sec-websocket-version', '13'],
      ['x-end', '1'],
      ['x-forwarded-host', 'a.example'],
    ]) {
      assert.deepEqual(valuesOf(request, name!), [value], name);
    }
    assert.match(valuesOf(request, 'sec-websocket-key').join(), /^[A-Za-z0-9+/]{22}==$/);
    assert.ok(request.fields.every(([name]) => !name.startsWith(':')));
    stream.write('from the client');
    await until(() => endpoint.received.endsWith('from the client') && received === 'hello');
    assert.equal(cluster.endpoints[0]!.inflight, 1);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => cluster.endpoints[0]!.inflight === 0 && endpoint.open === 0);
  });

  it('are refused as the endpoint refuses them, and with 502 for a wrong accept', async () => {
    endpoint.onRequest = answer('no', ['X: 1'], '403 No');
    const refused = connect();
    let body = '';
    refused.on('data', (chunk: string) => (body += chunk));
    const head = await responseOf(refused);
    await once(refused, 'end');
    assert.deepEqual([head[':status'], head['x'], body], [403, '1', 'no']);
    endpoint.onRequest = (_request, socket) =>
      void socket.write(
        'HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
      );
    const wrong = connect();
    assert.equal((await responseOf(wrong))[':status'], 502);
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('end with the stream, and the stream with them', async () => {
    const first = connect();
    first.resume();
    await responseOf(first);
    first.end();
    await until(() => endpoint.open === 0 && cluster.endpoints[0]!.inflight === 0);

    const second = connect();
    let received = '';
    second.on('data', (chunk: string) => (received += chunk));
    await responseOf(second);
    far.resetAndDestroy();
    await once(second, 'close');
    // In the middle of what is no whole frame: not a clean end.
    assert.equal(second.rstCode, http2.constants.NGHTTP2_CANCEL);
    assert.equal(received, 'hello');
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('take no connection to elsewhere', async () => {
    const other = connect({ ':protocol': 'connect-udp' });
    assert.equal((await responseOf(other))[':status'], 501);
    const plain = session.request({ ':method': 'CONNECT', ':authority': '127.0.0.1:1' });
    plain.on('error', () => undefined);
    assert.equal((await responseOf(plain))[':status'], 501);
    assert.equal(endpoint.connections, 0);
  });
});

describe('WebSockets to HTTP/2 endpoints', () => {
  it('are extended CONNECTs there, and upgrades here', async () => {
    const streams: http2.ServerHttp2Stream[] = [];
    const heads: http2.IncomingHttpHeaders[] = [];
    let heard = '';
    const far = http2.createServer({ settings: { enableConnectProtocol: true } });
    far.on('stream', (stream, head) => {
      streams.push(stream);
      heads.push(head);
      stream.on('error', () => undefined);
      stream.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
      stream.respond({ ':status': 200, 'sec-websocket-protocol': 'p', 'x-end': '1' });
      stream.write('\x81\x05hello', 'latin1');
    });
    far.listen(0, '127.0.0.1');
    await once(far, 'listening');
    const url = `http://127.0.0.1:${(far.address() as AddressInfo).port}`;
    const cluster = createCluster({ endpoints: [url], http2: true });
    const server = await makeServer(cluster, { upgradeGraceMs: 200 });
    const client = await rawClient(server.port);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    client.write(get('/ws', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Key: ${key}`));
    const response = await client.response({ isBodiless: true });
    assert.equal(response.status, 101);
    assert.deepEqual(valuesOf(response, 'upgrade'), ['websocket']);
    // The sample of RFC 6455 section 1.3.
    assert.deepEqual(valuesOf(response, 'sec-websocket-accept'), ['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
    assert.deepEqual(valuesOf(response, 'x-end'), ['1']);
    assert.deepEqual(
      [heads[0]![':method'], heads[0]![':protocol'], heads[0]![':path']],
      ['CONNECT', 'websocket', '/ws'],
    );
    client.write('\x81\x81aaaab');
    await until(() => heard === '\x81\x81aaaab' && client.received.endsWith('hello'));
    await cluster.drain(cluster.endpoints[0]!.id, { deadlineMs: 1 });
    await client.ended();
    assert.ok(client.received.endsWith('hello\x88\x02\x03\xf4'));
    client.socket.destroy();
    await until(() => cluster.endpoints[0]!.inflight === 0);
    await server.close();
    await cluster.close();
    streams.forEach((stream) => stream.destroy());
    far.close();
    await once(far, 'close');
  });
});
