/**
 * TLS, IPv6 and Unix sockets towards clients, in servers of HTTP/1.1 and HTTP/2.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { closing } from '../closing.ts';
import { answer, rawServer, valuesOf } from '../conformance/wire.ts';
import type { RawServer } from '../conformance/wire.ts';

const FIXTURES = join(import.meta.dirname, '../core/transport/fixtures/tls');
const read = (file: string): string => readFileSync(join(FIXTURES, file), 'utf8');
const ca = read('ca.pem');
const trusted = { cert: read('server.pem'), key: read('server-key.pem') };
const identity = { cert: read('client.pem'), key: read('client-key.pem') };

type Kind = 'h1' | 'h2';

interface Front {
  readonly endpoint: RawServer;
  readonly port: number;
}

async function front(kind: Kind, options: TlsOptions | undefined, where: ListenOptions): Promise<Front> {
  const endpoint = await rawServer(answer('ok'));
  const cluster = createCluster({ endpoints: [endpoint.url] });
  const proxy = createProxy(cluster);
  const server = serverOf(kind, options);
  proxy.attach(server);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server.listen(where), 'listening');
  closing({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
      await Promise.all([proxy.close({ deadlineMs: 0 }), endpoint.close(), cluster.close()]);
    },
  });
  const address = server.address();
  return { endpoint, port: typeof address === 'object' ? (address as AddressInfo).port : 0 };
}

function serverOf(kind: Kind, options: TlsOptions | undefined): Server {
  if (options === undefined) return kind === 'h1' ? http.createServer() : http2.createServer();
  const all = { ...trusted, ...options };
  if (kind === 'h1') return https.createServer(all);
  return http2.createSecureServer({ ...all, allowHTTP1: true });
}

/** @returns the body, or `refused` */
async function ask(kind: Kind, origin: string, options: ConnectionOptions): Promise<string> {
  try {
    return await (kind === 'h1' ? askH1(origin, options) : askH2(origin, options));
  } catch {
    return 'refused';
  }
}

async function askH1(origin: string, options: ConnectionOptions): Promise<string> {
  const { path: socketPath, ...rest } = options;
  const client = origin.startsWith('https') ? https : http;
  const request = client.get(origin, { ...rest, ...(socketPath !== undefined && { socketPath }), agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return body;
}

async function askH2(origin: string, options: ConnectionOptions): Promise<string> {
  const session = http2.connect(origin, options as http2.SecureClientSessionOptions);
  try {
    const failed = once(session, 'close').then(() => Promise.reject(new Error('closed')));
    session.on('error', () => undefined);
    const stream = session.request({ ':path': '/', ':authority': new URL(origin).host });
    stream.on('error', () => undefined);
    await Promise.race([once(stream, 'response'), failed]);
    failed.catch(() => undefined);
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    return body;
  } finally {
    session.destroy();
  }
}

for (const kind of ['h1', 'h2'] as const) {
  describe(`a proxy in a server of ${kind === 'h1' ? 'HTTP/1.1' : 'HTTP/2'}`, () => {
    it('serves TLS 1.2 and 1.3, and asks clients for certificates if its server does', async () => {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const only = { minVersion: version, maxVersion: version };
        const { port, endpoint } = await front(
          kind,
          { ...only, requestCert: true, ca },
          { host: '127.0.0.1', port: 0 },
        );
        const origin = `https://localhost:${port}`;
        assert.equal(await ask(kind, origin, { ca, ...identity }), 'ok');
        assert.equal(await ask(kind, origin, { ca }), 'refused');
        const other = version === 'TLSv1.2' ? 'TLSv1.3' : 'TLSv1.2';
        const old = { ca, ...identity, minVersion: other, maxVersion: other } as const;
        assert.equal(await ask(kind, origin, old), 'refused');
        assert.deepEqual(valuesOf(endpoint.requests[0]!, 'x-forwarded-proto'), ['https']);
        assert.equal(endpoint.requests.length, 1);
      }
    });

    it('serves IPv6, and says so', async () => {
      for (const options of [undefined, {}]) {
        const { port, endpoint } = await front(kind, options, { host: '::1', port: 0 });
        const proto = options === undefined ? 'http' : 'https';
        // Node 22, as a client, finds no address of IPv6 in a certificate.
        assert.equal(await ask(kind, `${proto}://[::1]:${port}/`, { ca, servername: 'localhost' }), 'ok');
        const [request] = endpoint.requests;
        assert.deepEqual(valuesOf(request!, 'x-forwarded-for'), ['::1']);
        assert.deepEqual(valuesOf(request!, 'forwarded'), [`for="[::1]";proto=${proto};host="[::1]:${port}"`]);
        assert.deepEqual(valuesOf(request!, 'host'), [`[::1]:${port}`]);
      }
    });

    it('serves a Unix socket', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'));
      closing({ [Symbol.dispose]: () => rmSync(folder, { recursive: true }) });
      const path = join(folder, 'socket');
      const { endpoint } = await front(kind, undefined, { path });
      assert.equal(await ask(kind, 'http://shop.test/', { path }), 'ok');
      assert.deepEqual(valuesOf(endpoint.requests[0]!, 'x-forwarded-for'), ['unknown']);
    });
  });
}
