import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { TransportOptions } from '../../../../packages/core/src/transport/transport-options.ts';
import { negotiatedTransport } from '../../../../packages/core/src/transport/h2/negotiated-transport.ts';
import type { Transport } from '../../../../packages/core/src/transport/transport.ts';
import { undiciTransport } from '../../../../packages/core/src/transport/undici-transport.ts';
import { closing } from '../../../closing.ts';
import { until } from '../../../conformance/wire.ts';
import { cert, endpointAt, h2Server, key, reply, rig } from './rig.ts';

const secure = { cert, key };
const trusting = { tls: { ca: cert } };

/** The transport under test over undici's HTTP/1.1, as a cluster has it. */
function negotiated(options: TransportOptions): Transport {
  return negotiatedTransport(undiciTransport(options), options);
}

/** A server that speaks HTTP/1.1 and counts its connections. */
async function h1Server(): Promise<{ url: string; protocols: unknown[]; port: number; close: () => Promise<void> }> {
  const server = https.createServer({ ...secure, ALPNProtocols: ['http/1.1'] }, (req, res) => res.end(req.httpVersion));
  const protocols: unknown[] = [];
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket: TLSSocket) => {
    protocols.push(socket.alpnProtocol);
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => void server.close(resolve));
  };
  closing({ [Symbol.asyncDispose]: close });
  return { url: `https://127.0.0.1:${port}`, protocols, port, close };
}

describe('HTTP/2 over TLS', () => {
  it('goes to an endpoint that agrees to it', async () => {
    const server = await h2Server((stream, fields) => reply(String(fields[':scheme']))(stream, fields, []), secure);
    const { ask } = rig(trusting, negotiated);
    const answers = [ask(server.endpoint), ask(server.endpoint)];
    for (const answer of answers) assert.equal((await answer.over()).body, 'https');
    assert.equal(server.sessions.length, 1);
    assert.equal(server.sessions[0]!.alpnProtocol, 'h2');
  });

  it('gives way to HTTP/1.1 where that is all there is, which is asked about once', async () => {
    const server = await h1Server();
    const { ask } = rig(trusting, negotiated);
    const endpoint = endpointAt(server.url);
    const answers = [ask(endpoint), ask(endpoint)];
    for (const answer of answers) assert.equal((await answer.over()).body, '1.1');
    const handshakes = server.protocols.length;
    assert.ok(handshakes <= 3, 'the one that told, and one for each request');
    for (let i = 0; i < 3; i++) await ask(endpoint).over();
    assert.equal(server.protocols.length, handshakes);
  });

  it('is found when an endpoint has learned it, while requests go on', async () => {
    const old = await h1Server();
    const { ask, clock } = rig(trusting, negotiated);
    const endpoint = endpointAt(old.url);
    await ask(endpoint).over();
    await old.close();
    const server = http2.createSecureServer({ ...secure, allowHTTP1: true }, (req, res) => res.end(req.httpVersion));
    const sessions: http2.ServerHttp2Session[] = [];
    const sockets = new Set<Socket>();
    server.on('session', (session) => sessions.push(session));
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
    await once(server.listen(old.port, '127.0.0.1'), 'listening');
    closing({
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => void server.close(resolve));
      },
    });
    clock.advance(59_999);
    assert.equal((await ask(endpoint).over()).body, '1.1');
    assert.equal(sessions.length, 0);
    clock.advance(1);
    assert.equal((await ask(endpoint).over()).body, '1.1', 'nobody waits for the answer');
    await until(() => sessions.length === 1);
    for (let body = ''; body !== '2.0';) ({ body } = await ask(endpoint).over());
    assert.equal(sessions.length, 1);
  });

  it('checks who the endpoint is, and shows who we are', async () => {
    const server = await h2Server(
      (stream, fields) => {
        const socket = stream.session!.socket as TLSSocket;
        reply(`${socket.getPeerCertificate().subject?.CN} ${(socket as { servername?: unknown }).servername}`)(
          stream,
          fields,
          [],
        );
      },
      { ...secure, requestCert: true, rejectUnauthorized: false, ca: cert },
    );
    for (const make of [negotiated, undefined]) {
      const stranger = await rig({}, make).ask(server.endpoint).over();
      assert.deepEqual([stranger.calls, stranger.ending], [['error'], 'connect-failed']);
      const cause = stranger.error!.cause as { code: string };
      assert.equal(cause.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
      const wrongName = await rig({ tls: { ca: cert, servername: 'other.test' } }, make)
        .ask(server.endpoint)
        .over();
      assert.equal(wrongName.ending, 'connect-failed');
      const tls = { ca: cert, cert, key, servername: 'localhost' };
      assert.equal((await rig({ tls }, make).ask(server.endpoint).over()).body, 'localhost localhost');
      const unreadable = await rig({ tls: { ca: cert, cert: 'no certificate', key } }, make)
        .ask(server.endpoint)
        .over();
      assert.deepEqual([unreadable.calls, unreadable.ending], [['error'], 'connect-failed']);
    }
  });

  it('and nothing else fails at an endpoint that speaks HTTP/1.1', async () => {
    const server = await h1Server();
    const answer = await rig(trusting).ask(endpointAt(server.url)).over();
    assert.deepEqual([answer.calls, answer.ending], [['error'], 'connect-failed']);
  });

  it('begins behind the preamble', async () => {
    const tcp = await import('node:net');
    const server = await h2Server(reply('behind'), secure);
    const heard: string[] = [];
    const front = tcp.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk: Buffer) => {
        const end = chunk.indexOf('\r\n') + 2;
        heard.push(chunk.subarray(0, end).toString());
        const inner = tcp.connect(server.port, '127.0.0.1', () => {
          if (end < chunk.length) inner.write(chunk.subarray(end));
          socket.pipe(inner).pipe(socket);
        });
        inner.on('error', () => undefined);
        socket.on('close', () => inner.destroy());
      });
    });
    await once(front.listen(0, '127.0.0.1'), 'listening');
    const endpoint = endpointAt(`https://127.0.0.1:${(front.address() as AddressInfo).port}`);
    const { ask, transport } = rig(trusting, negotiated);
    const preamble = Buffer.from('PROXY UNKNOWN\r\n');
    assert.equal((await ask(endpoint, { preamble }).over()).body, 'behind');
    assert.deepEqual(heard, ['PROXY UNKNOWN\r\n']);
    await transport.release(endpoint, true);
    await new Promise((resolve) => void front.close(resolve));
  });
});

describe('HTTP/2 without TLS', () => {
  it('is spoken by prior knowledge, also over a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
    closing({ [Symbol.dispose]: () => rmSync(folder, { recursive: true }) });
    const unix = await h2Server((stream, fields) => reply(String(fields[':authority']))(stream, fields, []), {
      path: join(folder, 's'),
    });
    const server = await h2Server(reply('clear'));
    const { ask } = rig({}, negotiated);
    assert.equal((await ask(server.endpoint).over()).body, 'clear');
    assert.equal((await ask(unix.endpoint).over()).body, 'shop.test');
  });
});

describe('a change of protocols over HTTP/2', () => {
  const request = {
    path: '/chat',
    upgrade: 'websocket',
    headers: ['Host', 'shop.test', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version', '13'],
  };

  it('is an extended CONNECT, and looks like one over HTTP/1.1', async () => {
    let seen: string[] = [];
    const server = await h2Server(
      (stream, _fields, raw) => {
        seen = raw;
        stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' });
        stream.pipe(stream);
      },
      { settings: { enableConnectProtocol: true } },
    );
    const { ask, clock, transport } = rig();
    const answer = await ask(server.endpoint, request).over();
    assert.deepEqual(seen, [
      ...[':method', 'CONNECT', ':scheme', 'http', ':authority', 'shop.test', ':path', '/chat'],
      ...[':protocol', 'websocket', 'sec-websocket-version', '13'],
    ]);
    assert.deepEqual(answer.calls, ['start', 'upgrade 101']);
    const own = answer.headers.filter((_, i) => answer.headers[i - (i % 2)] !== 'date');
    assert.deepEqual(own, [
      ...['connection', 'upgrade', 'upgrade', 'websocket', 'sec-websocket-protocol', 'chat'],
      ...['sec-websocket-accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ]);
    const socket = answer.socket!;
    socket.write('hello');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    assert.equal(echo.toString(), 'hello');
    clock.advance(600_000);
    assert.equal(socket.destroyed, false);
    let isReleased = false;
    const released = transport.release(server.endpoint, false).then(() => (isReleased = true));
    await until(() => server.open === 1);
    assert.equal(isReleased, false, 'the tunnel is in use');
    socket.end();
    await released;
    await until(() => server.open === 0);
  });

  it('that is refused is an answer like others', async () => {
    const server = await h2Server((stream) => stream.respond({ ':status': 403 }, { endStream: true }), {
      settings: { enableConnectProtocol: true },
    });
    const answer = await rig().ask(server.endpoint, request).over();
    assert.deepEqual(answer.calls, ['start', 'head 403', 'end']);
  });

  it('breaks off without ending anything else', async () => {
    const server = await h2Server((stream) => stream.respond({ ':status': 200 }), {
      settings: { enableConnectProtocol: true },
    });
    const { ask } = rig();
    const answer = await ask(server.endpoint, request).over();
    server.sessions[0]!.destroy();
    await once(answer.socket!, 'close');
    assert.deepEqual(answer.calls, ['start', 'upgrade 101']);
  });

  it('goes elsewhere if the endpoint has none, or over HTTP/1.1', async () => {
    const server = await h2Server(() => undefined);
    const answer = await rig().ask(server.endpoint, request).over();
    assert.deepEqual([answer.calls, answer.ending], [['error'], 'connect-failed']);
    const upgrades: (string | undefined)[] = [];
    const both = http2.createSecureServer({ ...secure, allowHTTP1: true });
    const sockets = new Set<Socket>();
    both.on('connection', (socket: Socket) => sockets.add(socket));
    both.on('upgrade', (req: { url?: string }, socket: Socket) => {
      upgrades.push(req.url);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    await once(both.listen(0, '127.0.0.1'), 'listening');
    const endpoint = endpointAt(`https://127.0.0.1:${(both.address() as AddressInfo).port}`);
    const sent: string[] = [];
    const { ask, transport } = rig(trusting, (options) => {
      const h1: Transport = {
        send(_endpoint, { upgrade }, handler) {
          sent.push(String(upgrade));
          handler.onResponseError(null, new Error('over HTTP/1.1'));
        },
        release: async () => undefined,
      };
      return negotiatedTransport(h1, options);
    });
    assert.equal((await ask(endpoint, request).over()).ending, 'over HTTP/1.1');
    assert.deepEqual(sent, ['websocket']);
    await transport.release(endpoint, true);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void both.close(resolve));
  });
});
