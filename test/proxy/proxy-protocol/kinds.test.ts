import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import express from 'express';
import Koa from 'koa';
import { createCluster } from '@evenkeel/core';
import { acceptProxyProtocol, createProxy, proxyProtocolOf } from '@evenkeel/proxy';
import { closing } from '../../closing.ts';
import { rawClient, rawServer, until, valuesOf } from '../../conformance/wire.ts';
import { startBalancer } from './balancer.ts';
import type { Delivery } from './balancer.ts';
import { block, field, line, V1, V2, V4_ENDS } from './heads.ts';
import { FROM, listening } from './servers.ts';

const FIXTURES = join(import.meta.dirname, '../../core/dispatch/fixtures');
const cert = readFileSync(join(FIXTURES, 'cert.pem'));
const key = readFileSync(join(FIXTURES, 'key.pem'));
const TOLD = '203.0.113.7 4711 IPv4 > 198.51.100.1 443 IPv4';
const DELIVERIES: readonly Delivery[] = ['together', 'apart', 'byte by byte'];
// More than one TLS record, one HTTP/2 window and one read of a socket.
const BODY = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));

/** Answers with the addresses as the socket tells them, and with the body that it was sent. */
function echo(req: IncomingMessage | http2.Http2ServerRequest, res: ServerResponse | http2.Http2ServerResponse): void {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, localFamily } = req.socket;
  const told = `${remoteAddress} ${remotePort} ${remoteFamily} > ${localAddress} ${localPort} ${localFamily}`;
  res.setHeader('x-told', told);
  res.setHeader('x-source', proxyProtocolOf(req.socket)?.source?.address ?? 'none');
  (req as IncomingMessage).pipe(res as ServerResponse);
}

interface Answer {
  readonly told: unknown;
  readonly source: unknown;
  readonly body: Buffer;
}

/** A POST on a connection of its own. */
function post1(port: number, isTls: boolean): Promise<Answer> {
  const options = { port, host: '127.0.0.1', method: 'POST', agent: false, ca: cert };
  return new Promise((resolve, reject) => {
    const req = (isTls ? https : http).request(options, (res) => {
      const { 'x-told': told, 'x-source': source } = res.headers;
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => resolve({ told, source, body: Buffer.concat(chunks) }));
    });
    req.on('error', reject);
    req.end(BODY);
  });
}

function post2(port: number, isTls: boolean): Promise<Answer> {
  const session = http2.connect(`http${isTls ? 's' : ''}://127.0.0.1:${port}`, { ca: cert });
  return new Promise<Answer>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST' });
    let told: unknown;
    let source: unknown;
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => ({ 'x-told': told, 'x-source': source } = headers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve({ told, source, body: Buffer.concat(chunks) }));
    stream.on('error', reject);
    stream.end(BODY);
  }).finally(() => session.destroy());
}

interface Kind {
  readonly name: string;
  make(): net.Server;
  post(port: number): Promise<Answer>;
}

const kinds: readonly Kind[] = [
  { name: 'http', make: () => http.createServer(echo), post: (port) => post1(port, false) },
  { name: 'https', make: () => https.createServer({ cert, key }, echo), post: (port) => post1(port, true) },
  { name: 'HTTP/2', make: () => http2.createServer(echo), post: (port) => post2(port, false) },
  {
    name: 'HTTP/2 over TLS',
    make: () => http2.createSecureServer({ cert, key }, echo),
    post: (port) => post2(port, true),
  },
  {
    name: 'HTTP/1.1 of a server for both',
    make: () => http2.createSecureServer({ cert, key, allowHTTP1: true }, echo),
    post: (port) => post1(port, true),
  },
];

/** @returns the port of a balancer in front of the server */
async function behind(server: net.Server, head: Buffer, delivery: Delivery = 'together'): Promise<number> {
  acceptProxyProtocol(server, { from: FROM });
  return closing(await startBalancer(await listening(server), head, delivery)).port;
}

for (const { name, make, post } of kinds) {
  describe(`acceptProxyProtocol with ${name}`, () => {
    for (const delivery of DELIVERIES) {
      it(`tells the real client and loses no byte, head and request arriving ${delivery}`, async () => {
        for (const head of [V1, V2]) {
          const { told, source, body } = await post(await behind(make(), head, delivery));
          assert.equal(told, TOLD);
          assert.equal(source, '203.0.113.7');
          assert(body.equals(BODY));
        }
      });
    }

    it('tells clients of another address family than its own', async () => {
      const { told } = await post(await behind(make(), line('PROXY TCP6 2001:db8::1 2001:db8::2 65535 0')));
      assert.equal(told, '2001:db8::1 65535 IPv6 > 2001:db8::2 0 IPv6');
    });

    it('leaves connections from elsewhere as they are', async () => {
      const server = make();
      acceptProxyProtocol(server, { from: ['192.0.2.0/24'] });
      const port = await listening(server);
      const { told, source, body } = await post(port);
      assert.match(String(told), new RegExp(`^127\\.0\\.0\\.1 \\d+ IPv4 > 127\\.0\\.0\\.1 ${port} IPv4$`));
      assert.equal(source, 'none');
      assert(body.equals(BODY));
    });
  });
}

describe('acceptProxyProtocol over TLS', () => {
  it('tells who it was that failed the handshake', async () => {
    const server = https.createServer({ cert, key });
    const failed: unknown[] = [];
    server.on('tlsClientError', (_error, socket) => failed.push(socket.remoteAddress));
    acceptProxyProtocol(server, { from: FROM });
    const client = await rawClient(await listening(server));
    client.write(`${V2.toString('latin1')}GET / HTTP/1.1\r\n\r\n`);
    await until(() => failed.length > 0);
    assert.deepEqual(failed, ['203.0.113.7']);
    client.socket.destroy();
  });

  it('forgets a client with its connection, so that the next one on the same port is not taken for it', async () => {
    const server = https.createServer({ cert, key }, echo);
    // An address of its own, so that nobody else takes the port.
    const localAddress = '127.0.0.9';
    acceptProxyProtocol(server, { from: [localAddress], isRequired: false });
    const port = await listening(server);
    const first = net.connect({ port, host: '127.0.0.1', localAddress });
    first.write(V2);
    const [told] = (await once(server, 'connection')) as [net.Socket];
    assert.equal(told.remotePort, 4711);
    const { localPort } = first;
    // No end but a reset: the port is free at once.
    const closed = once(told, 'close');
    await once(first.resetAndDestroy(), 'close');
    await closed;
    const socket = net.connect({ port, host: '127.0.0.1', localAddress, localPort: localPort! });
    const second = tls.connect({ socket, ca: cert, servername: 'localhost' });
    second.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const [answer] = (await once(second, 'data')) as [Buffer];
    assert.match(answer.toString(), new RegExp(`x-told: 127\\.0\\.0\\.9 ${localPort} `));
    second.destroy();
  });

  it('keeps clients apart', async () => {
    const server = https.createServer({ cert, key }, echo);
    acceptProxyProtocol(server, { from: FROM });
    const to = await listening(server);
    const asked = Array.from({ length: 20 }, async (_, i) => {
      const head = Buffer.from(`PROXY TCP4 203.0.113.${i} 198.51.100.1 ${1_000 + i} 443\r\n`);
      const { port } = closing(await startBalancer(to, head, DELIVERIES[i % 3]!));
      const { told } = await post1(port, true);
      assert.equal(told, `203.0.113.${i} ${1_000 + i} IPv4 > 198.51.100.1 443 IPv4`);
    });
    await Promise.all(asked);
  });
});

describe('what frameworks and the proxy make of a PROXY head', () => {
  async function bodyOf(port: number): Promise<string> {
    return (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  }

  it('is the ip of Express and Koa', async () => {
    const app = express();
    app.get('/', (req, res) => void res.send(req.ip));
    assert.equal(await bodyOf(await behind(http.createServer(app), V1)), '203.0.113.7');
    const koa = new Koa();
    koa.use((context) => void (context.body = context.ip));
    const handle = koa.callback();
    assert.equal(
      await bodyOf(
        await behind(
          http.createServer((req, res) => void handle(req, res)),
          V2,
        ),
      ),
      '203.0.113.7',
    );
  });

  it('is in the forwarding fields, with the port that the client came to', async () => {
    const { endpoint, port } = await proxied(V2);
    await bodyOf(port);
    const [request] = endpoint.requests;
    assert.deepEqual(valuesOf(request!, 'x-forwarded-for'), ['203.0.113.7']);
    assert.deepEqual(valuesOf(request!, 'x-forwarded-port'), ['443']);
    assert.deepEqual(valuesOf(request!, 'x-forwarded-proto'), ['http']);
    assert.match(valuesOf(request!, 'forwarded')[0]!, /^for=203\.0\.113\.7;proto=http;/);
  });

  it('tells that the client came over TLS, where the load balancer has taken it off', async () => {
    const tlsField = field(0x20, Buffer.from([1, 0, 0, 0, 0]));
    const { endpoint, port } = await proxied(block(0x21, 0x11, V4_ENDS, field(0x02, 'a.example'), tlsField));
    await bodyOf(port);
    assert.deepEqual(valuesOf(endpoint.requests[0]!, 'x-forwarded-proto'), ['https']);
  });

  async function proxied(head: Buffer) {
    const endpoint = await rawServer();
    closing({ [Symbol.asyncDispose]: () => endpoint.close() });
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const proxy = createProxy(cluster);
    const port = await behind(
      http.createServer((req, res) => proxy.web(req, res)),
      head,
    );
    return { endpoint, port };
  }
});
