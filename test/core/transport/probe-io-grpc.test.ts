import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type net from 'node:net';
import { join } from 'node:path';
import { grpcHealthProbe } from '@evenkeel/core';
import type { GrpcHealthProbeOptions } from '@evenkeel/core';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { closing } from '../../closing.ts';
import { rawUpstream, refusedUrl } from '../dispatch/upstream.ts';
import type { Upstream } from '../dispatch/upstream.ts';
import { FIXTURES } from './nginx.ts';
import { probing } from './probes.ts';

const ca = readFileSync(join(FIXTURES, 'cert.pem'));
const key = readFileSync(join(FIXTURES, 'key.pem'));
const plain = ServerCredentials.createInsecure();
const secure = ServerCredentials.createSsl(null, [{ cert_chain: ca, private_key: key }]);

interface GrpcServer extends AsyncDisposable {
  readonly health: HealthImplementation;
  readonly port: number;
  readonly host: string;
}

async function grpcServer(credentials = plain, isHealthServed = true): Promise<GrpcServer> {
  const health = new HealthImplementation({ '': 'SERVING', 'shop.Cart': 'NOT_SERVING' });
  const server = new Server();
  if (isHealthServed) health.addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return {
    health,
    port,
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

describe('a gRPC health probe of a real gRPC server', () => {
  it('passes while the server serves, and fails while it does not', async () => {
    const { health, host } = closing(await grpcServer());
    const probe = grpcHealthProbe();
    await probing(probe, `http://${host}`);
    health.setStatus('', 'NOT_SERVING');
    await assert.rejects(probing(probe, `http://${host}`), { message: 'the gRPC service "" is NOT_SERVING' });
    health.setStatus('', 'SERVING');
    await probing(probe, `http://${host}`);
  });

  it('asks for one service, and fails if the server does not know it', async () => {
    const { health, host, port } = closing(await grpcServer());
    const cart = grpcHealthProbe({ service: 'shop.Cart', port });
    const elsewhere = await refusedUrl();
    await assert.rejects(probing(cart, elsewhere), { message: 'the gRPC service "shop.Cart" is NOT_SERVING' });
    health.setStatus('shop.Cart', 'SERVING');
    await probing(cart, elsewhere);
    const unknown = grpcHealthProbe({ service: 'x'.repeat(300) });
    await assert.rejects(probing(unknown, `http://${host}`), /^Error: gRPC status 5/);
  });

  it('fails without the health service, and without a server', async () => {
    const server = await grpcServer(plain, false);
    await assert.rejects(probing(grpcHealthProbe(), `http://${server.host}`), /^Error: gRPC status 12/);
    await server[Symbol.asyncDispose]();
    await assert.rejects(probing(grpcHealthProbe(), await refusedUrl()), { code: 'ECONNREFUSED' });
  });

  it('speaks TLS to https: endpoints, and checks the certificate', async () => {
    const { host } = closing(await grpcServer(secure));
    await probing(grpcHealthProbe(), `https://${host}`, { ca });
    await assert.rejects(probing(grpcHealthProbe(), `https://${host}`), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await probing(grpcHealthProbe({ authority: 'localhost:50051' }), `https://${host}`, { ca });
    const wrongName = { code: 'ERR_TLS_CERT_ALTNAME_INVALID' };
    await assert.rejects(probing(grpcHealthProbe({ authority: 'shop.test' }), `https://${host}`, { ca }), wrongName);
    await assert.rejects(probing(grpcHealthProbe(), `http://${host}`));
  });
});

describe('a gRPC health probe of a server that', () => {
  async function failureAt(url: string, options: GrpcHealthProbeOptions = {}): Promise<string> {
    return probing(grpcHealthProbe({ intervalMs: 60_000, ...options }), url).then(
      () => 'passed',
      (reason: Error & { code?: string }) => reason.code ?? reason.message,
    );
  }

  /** The probe's error when the bytes of the server are these; its connection is closed by then. */
  async function failureOfBytes(handler: (socket: net.Socket) => void, timeoutMs = 5_000): Promise<string> {
    const server: Upstream = closing(await rawUpstream((socket) => handler(socket.resume())));
    const closed = new Promise<void>((resolve) => server.onClose(resolve));
    const error = await failureAt(server.url, { timeoutMs });
    await closed;
    return error;
  }

  /** The same when the server speaks HTTP/2, but no gRPC that makes sense. */
  async function failureOf(
    handler: (stream: http2.ServerHttp2Stream) => void,
    options: GrpcHealthProbeOptions = {},
  ): Promise<string> {
    const server = http2.createServer();
    const sessions = new Set<http2.Http2Session>();
    server.on('session', (session) => sessions.add(session));
    server.on('sessionError', () => undefined);
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      handler(stream);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as net.AddressInfo;
    const error = await failureAt(`http://127.0.0.1:${port}`, options);
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => void server.close(resolve));
    return error;
  }

  /** Answers with these bytes and this gRPC status. */
  function answer(stream: http2.ServerHttp2Stream, body: Buffer, status: string | undefined): void {
    stream.on('wantTrailers', () => stream.sendTrailers(status === undefined ? {} : { 'grpc-status': status }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.end(body);
  }

  const serving = Buffer.of(0, 0, 0, 0, 2, 8, 1);

  it('answers as it should passes', async () => {
    assert.equal(await failureOf((stream) => answer(stream, serving, '0')), 'passed');
  });

  it('gives another gRPC status, or none, fails', async () => {
    assert.equal(await failureOf((stream) => answer(stream, serving, '14')), 'gRPC status 14');
    assert.equal(await failureOf((stream) => answer(stream, serving, undefined)), 'gRPC status missing');
    const fields = { ':status': 200, 'grpc-status': '7', 'grpc-message': 'not you' };
    assert.equal(await failureOf((stream) => stream.respond(fields, { endStream: true })), 'gRPC status 7: not you');
  });

  it('gives another HTTP status fails', async () => {
    assert.equal(
      await failureOf((stream) => stream.respond({ ':status': 503 }, { endStream: true })),
      'gRPC over HTTP status 503',
    );
  });

  it('gives what is no single plain message fails', async () => {
    for (const body of [
      Buffer.of(),
      Buffer.of(0, 0, 0),
      Buffer.of(1, 0, 0, 0, 2, 8, 1),
      Buffer.of(0, 0, 0, 0, 3, 8, 1),
      Buffer.of(0, 255, 255, 255, 255, 8, 1),
      Buffer.concat([serving, serving]),
    ]) {
      const error = await failureOf((stream) => answer(stream, body, '0'));
      assert.equal(error, 'a gRPC answer that is no single plain message', body.toString('hex'));
    }
    const garbage = Buffer.of(0, 0, 0, 0, 2, 0xff, 0xff);
    assert.equal(
      await failureOf((stream) => answer(stream, garbage, '0')),
      'the gRPC health service gave no HealthCheckResponse',
    );
  });

  it('never ends its answer fails', async () => {
    const error = await failureOf((stream) => {
      stream.respond({ ':status': 200 });
      const write = (): void => {
        while (stream.writable && stream.write(Buffer.alloc(16_384)));
      };
      stream.on('drain', write);
      write();
    });
    assert.equal(error, 'a gRPC answer of more than 65536 bytes');
  });

  it('sends far too many fields fails', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y']));
    assert.notEqual(await failureOf((stream) => stream.respond({ ':status': 200, ...many })), 'passed');
  });

  it('sends far too many fields never ends the process', async () => {
    const args = [...process.execArgv, join(import.meta.dirname, 'fixtures/too-many-fields.ts')];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  }).timeout(30_000);

  it('resets the call, or goes away, fails', async () => {
    const reset = await failureOf((stream) => stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM));
    assert.equal(reset, 'ERR_HTTP2_STREAM_ERROR');
    const away = await failureOf((stream) => stream.session?.goaway(http2.constants.NGHTTP2_INTERNAL_ERROR));
    assert.match(away, /^ERR_HTTP2_/);
    const gone = await failureOf((stream) => stream.session?.destroy());
    assert.notEqual(gone, 'passed');
  });

  it('does not answer fails when the time is up', async () => {
    assert.equal(await failureOf(() => undefined, { timeoutMs: 100 }), 'no answer within 100 ms');
    assert.equal(await failureOfBytes(() => undefined, 30), 'no answer within 30 ms');
  });

  it('speaks something else than HTTP/2 fails', async () => {
    const refusal = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
    for (const bytes of [
      refusal,
      Buffer.alloc(10_000, 0xff),
      Buffer.alloc(10_000),
      'SSH-2.0-OpenSSH_9.2\r\n'.repeat(9),
    ]) {
      const error = await failureOfBytes((socket) => void socket.end(bytes));
      assert.notEqual(error, 'passed', bytes.toString());
      assert.doesNotMatch(error, /within/, 'it is known at once');
    }
    assert.notEqual(await failureOfBytes((socket) => void socket.resetAndDestroy()), 'passed');
    assert.notEqual(await failureOfBytes((socket) => void socket.end()), 'passed');
  });
});
