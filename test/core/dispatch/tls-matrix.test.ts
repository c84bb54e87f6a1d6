/**
 * TLS, IPv6 and Unix sockets towards endpoints, by every transport: what is trusted works, what is not is an error, and nothing hangs.
 *
 * The certificates were made with `openssl ca` for 2020 to 2120: `server.pem` is for localhost, 127.0.0.1 and ::1, `named.pem` for named.test,
 * `expired.pem` for January 2020, `client.pem` for a client; all by the authority of `ca.pem`.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import http from 'node:http';
import type net from 'node:net';
import type { AddressInfo, ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { createCluster, isBalancerError } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { closing } from '../../closing.ts';

const FIXTURES = join(import.meta.dirname, '../transport/fixtures/tls');
const read = (file: string): string => readFileSync(join(FIXTURES, file), 'utf8');
const ca = read('ca.pem');
const key = read('server-key.pem');
const trusted = { cert: read('server.pem'), key };
const identity = { cert: read('client.pem'), key: read('client-key.pem') };

const LOOPBACK: ListenOptions = { host: '127.0.0.1', port: 0 };

const TRANSPORTS: readonly (readonly [string, Partial<ClusterOptions>])[] = [
  ['h1', { transport: 'h1' }],
  ['h2', { http2: true }],
  ['undici', { transport: 'undici' }],
];

interface Answered {
  readonly version: string;
  readonly protocol?: string;
  readonly sni?: string | false;
  readonly client?: string;
  readonly host?: string;
}

/** Tells about the connection, in HTTP/2 or HTTP/1.1 as the client likes. */
function describeConnection(req: http.IncomingMessage | http2.Http2ServerRequest): Answered {
  const socket = ('stream' in req ? req.stream.session!.socket : req.socket) as TLSSocket;
  // What stands for the socket of HTTP/2 does not say what it has.
  const isTls = typeof socket.getProtocol === 'function';
  return {
    version: req.httpVersion,
    ...(isTls && {
      protocol: String(socket.getProtocol()),
      sni: (socket as { servername?: string | false }).servername ?? false,
      client: String(socket.getPeerCertificate().subject?.CN),
    }),
    host: req.headers.host ?? req.headers[':authority']?.toString() ?? '',
  };
}

/** Ends it with all that is connected to it. */
async function listening<T extends net.Server>(server: T, options: ListenOptions): Promise<T> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await once(server.listen(options), 'listening');
  closing({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  });
  return server;
}

async function secured(options: TlsOptions, where: ListenOptions = LOOPBACK): Promise<number> {
  const server = http2.createSecureServer({ ...trusted, ...options, allowHTTP1: true }, (req, res) => {
    res.end(JSON.stringify(describeConnection(req)));
  });
  const address = (await listening(server as unknown as net.Server, where)).address();
  return typeof address === 'object' ? (address as AddressInfo).port : 0;
}

async function ask(options: ClusterOptions, method = 'GET'): Promise<Answered> {
  const cluster = closing(createCluster({ tls: { ca }, ...options }));
  const response = await cluster.request({ path: '/', method, ...(method === 'POST' && { body: 'x' }) });
  return JSON.parse(await response.text()) as Answered;
}

async function refusal(options: ClusterOptions): Promise<string> {
  const codes: string[] = [];
  for (const method of ['GET', 'POST']) {
    try {
      await ask(options, method);
      codes.push('none');
    } catch (error) {
      assert.ok(isBalancerError(error) && error.status === 502, String(error));
      codes.push(error.code);
    }
  }
  return codes.join();
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  closing({ [Symbol.dispose]: () => rmSync(path, { recursive: true }) });
  return path;
}

for (const [name, transport] of TRANSPORTS) {
  const version = name === 'h2' ? '2.0' : '1.1';

  describe(`TLS of ${name}`, () => {
    it('speaks 1.2 and 1.3, whichever the endpoint has', async () => {
      for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
        const port = await secured({ minVersion: protocol, maxVersion: protocol });
        const answered = await ask({ ...transport, endpoints: [`https://localhost:${port}`] });
        assert.deepEqual([answered.version, answered.protocol], [version, protocol]);
      }
      const old = await secured({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
      const tls = { ca, minVersion: 'TLSv1.3' } as const;
      assert.equal(
        await refusal({ ...transport, endpoints: [`https://localhost:${old}`], tls }),
        'CONNECT_FAILED,CONNECT_FAILED',
      );
    });

    it('shows its certificate to an endpoint that asks for one, and does not hang without', async () => {
      for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
        const port = await secured({ requestCert: true, ca, minVersion: protocol, maxVersion: protocol });
        const endpoints = [`https://localhost:${port}`];
        assert.equal((await ask({ ...transport, endpoints, tls: { ca, ...identity } })).client, 'client');
        const codes = await refusal({ ...transport, endpoints });
        // With 1.3 the client is done before the server has looked at its certificate (RFC 8446 section 2).
        if (protocol === 'TLSv1.2' || name === 'h2') assert.equal(codes, 'CONNECT_FAILED,CONNECT_FAILED');
        else assert.match(codes, /^(CONNECT_FAILED|UPSTREAM_RESET),(CONNECT_FAILED|UPSTREAM_RESET)$/);
      }
    });

    it('refuses what is expired, signed by nobody it knows, or for another name', async () => {
      const refused = 'CONNECT_FAILED,CONNECT_FAILED';
      const expired = await secured({ cert: read('expired.pem') });
      const named = await secured({ cert: read('named.pem') });
      const fine = await secured({});
      const at = (port: number): string[] => [`https://localhost:${port}`];
      assert.equal(await refusal({ ...transport, endpoints: at(expired) }), refused);
      assert.equal(await refusal({ ...transport, endpoints: at(named) }), refused);
      assert.equal(await refusal({ ...transport, endpoints: at(fine), tls: {} }), refused);
      const plain = await listening(http.createServer(), LOOPBACK);
      assert.equal(await refusal({ ...transport, endpoints: at((plain.address() as AddressInfo).port) }), refused);
      const unverified = { ...transport, endpoints: at(expired), tls: { rejectUnauthorized: false } };
      assert.equal((await ask(unverified)).version, version);
    });

    it('names each endpoint by its own name, and one name for all if it is told to', async () => {
      const path = folder();
      const [first, second] = [join(path, 'first'), join(path, 'second')];
      await secured({}, { path: first });
      await secured({ cert: read('named.pem') }, { path: second });
      const own = await ask({ ...transport, endpoints: [{ url: 'https://localhost', socketPath: first }] });
      assert.deepEqual([own.sni, own.host, own.version], ['localhost', 'localhost', version]);
      const named = await ask({ ...transport, endpoints: [{ url: 'https://named.test', socketPath: second }] });
      assert.deepEqual([named.sni, named.host], ['named.test', 'named.test']);
      const port = await secured({ cert: read('named.pem') });
      const tls = { ca, servername: 'named.test' };
      assert.equal((await ask({ ...transport, endpoints: [`https://127.0.0.1:${port}`], tls })).sni, 'named.test');
    });
  });

  describe(`addresses of ${name}`, () => {
    it('may be of IPv6', async function () {
      const where = { host: '::1', port: 0 };
      const port = await secured({}, where);
      const answered = await ask({ ...transport, endpoints: [`https://[::1]:${port}`] });
      assert.deepEqual([answered.version, answered.host, answered.sni], [version, `[::1]:${port}`, false]);
      const server = name === 'h2' ? http2.createServer() : http.createServer();
      server.on('request', (req, res) => res.end(JSON.stringify(describeConnection(req))));
      const plain = ((await listening(server as unknown as net.Server, where)).address() as AddressInfo).port;
      assert.equal((await ask({ ...transport, endpoints: [`http://[::1]:${plain}`] })).host, `[::1]:${plain}`);
    });

    it('may be Unix sockets, in a file and, on Linux, abstract', async () => {
      const paths = [join(folder(), 'socket')];
      if (process.platform === 'linux') paths.push(`\0evenkeel-${process.pid}-${name}-${Math.random()}`);
      for (const socketPath of paths) {
        const server = name === 'h2' ? http2.createServer() : http.createServer();
        server.on('request', (req, res) => res.end(JSON.stringify(describeConnection(req))));
        await listening(server as unknown as net.Server, { path: socketPath });
        const answered = await ask({ ...transport, endpoints: [{ url: 'http://shop.test', socketPath }] });
        assert.deepEqual([answered.version, answered.host], [version, 'shop.test'], socketPath);
      }
      const nowhere = { url: 'http://shop.test', socketPath: join(folder(), 'none') };
      assert.equal(await refusal({ ...transport, endpoints: [nowhere] }), 'CONNECT_FAILED,CONNECT_FAILED');
    });
  });
}
