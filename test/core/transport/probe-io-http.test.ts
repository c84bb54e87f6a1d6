import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { httpProbe, tcpProbe } from '@evenkeel/core';
import type { HttpProbeOptions } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { rawUpstream, refusedUrl, upstream } from '../dispatch/upstream.ts';
import { FIXTURES, startNginx } from './nginx.ts';
import type { Nginx } from './nginx.ts';
import { probing } from './probes.ts';
import { systemTool } from './system-tool.ts';

const ca = readFileSync(join(FIXTURES, 'cert.pem'), 'utf8');

describe('an HTTP probe of nginx', () => {
  let nginx: Nginx;
  before(async function () {
    nginx = await startNginx(systemTool(this, 'nginx', 'nginx-light'));
  });
  after(() => nginx?.[Symbol.asyncDispose]());

  it('passes on a page that is well, and fails on one that is not', async () => {
    await probing(httpProbe({ path: '/up', body: 'fine' }), nginx.url);
    await probing(httpProbe({ path: '/moved' }), nginx.url);
    await probing(httpProbe({ path: '/up', method: 'HEAD' }), nginx.url);
    await assert.rejects(probing(httpProbe({ path: '/sick' }), nginx.url), /gave status 503, expected 200-399/);
    await assert.rejects(probing(httpProbe({ path: '/gone' }), nginx.url), /gave status 404/);
    await assert.rejects(probing(httpProbe({ path: '/up', body: 'great' }), nginx.url), /without great/);
  });

  it('asks another port, under another name, with further fields', async () => {
    const port = Number(new URL(nginx.url).port);
    const probe = httpProbe({
      path: '/host',
      port,
      host: 'shop.test',
      headers: { 'X-Probe': 'yes' },
      body: /^shop.test yes/,
    });
    await probing(probe, await refusedUrl());
  });

  it('trusts the authority that it is given over TLS, and nobody else', async () => {
    const probe = httpProbe({ path: '/up' });
    await probing(probe, nginx.tlsUrl, { ca });
    await probing(probe, nginx.tlsUrl, { rejectUnauthorized: false });
    await assert.rejects(probing(probe, nginx.tlsUrl), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('checks the name: that of the endpoint, of the Host field, or of `tls.servername`, the last one first', async () => {
    const byName = nginx.tlsUrl.replace('127.0.0.1', 'localhost');
    const asks = (options: HttpProbeOptions): ReturnType<typeof httpProbe> => httpProbe({ path: '/host', ...options });
    const wrongName = { code: 'ERR_TLS_CERT_ALTNAME_INVALID' };
    await probing(asks({ body: /localhost$/ }), byName, { ca });
    await probing(asks({ host: 'localhost:81', body: /^localhost:81 .*localhost$/ }), nginx.tlsUrl, { ca });
    await assert.rejects(probing(asks({ host: 'shop.test' }), nginx.tlsUrl, { ca }), wrongName);
    await probing(asks({ host: 'shop.test', body: /^shop.test .*localhost$/ }), nginx.tlsUrl, {
      ca,
      servername: 'localhost',
    });
    await assert.rejects(probing(asks({}), byName, { ca, servername: 'shop.test' }), wrongName);
  });

  it('fails with a client certificate that cannot be read', async () => {
    await assert.rejects(probing(httpProbe(), nginx.tlsUrl, { ca, cert: 'none', key: 'none' }), /PEM|no start line/i);
  });

  it('fails when nginx is gone, as does a TCP probe', async () => {
    await probing(tcpProbe(), nginx.url);
    await nginx[Symbol.asyncDispose]();
    await assert.rejects(probing(httpProbe({ path: '/up' }), nginx.url), { code: 'ECONNREFUSED' });
    await assert.rejects(probing(tcpProbe(), nginx.url), { code: 'ECONNREFUSED' });
  });
});

describe('an HTTP probe of a server that', () => {
  /** The probe's error when the server answers a request with `handler`; then its connection is closed. */
  async function failure(handler: (socket: net.Socket) => void, options: HttpProbeOptions = {}): Promise<string> {
    const server = closing(await rawUpstream((socket) => void socket.once('data', () => handler(socket))));
    const closed = new Promise<void>((resolve) => server.onClose(resolve));
    const error = await probing(httpProbe({ intervalMs: 60_000, ...options }), server.url).then(
      () => 'passed',
      (reason: Error & { code?: string }) => reason.code ?? reason.message,
    );
    await closed;
    return error;
  }

  /** Writes for as long as anybody reads. */
  function endlessly(socket: net.Socket, text: string): void {
    const write = (): void => {
      while (socket.writable && socket.write(text));
    };
    socket.on('drain', write);
    write();
  }

  it('says nothing fails when the time is up', async () => {
    assert.equal(await failure(() => undefined, { timeoutMs: 20 }), 'no answer within 20 ms');
  });

  it('never ends its head fails', async () => {
    assert.equal(
      await failure((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        endlessly(socket, `X-Filler: ${'x'.repeat(1_000)}\r\n`);
      }),
      'HPE_HEADER_OVERFLOW',
    );
  });

  it('never ends its body is read as far as `maxBodyBytes`', async () => {
    const endless = (socket: net.Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nready');
      endlessly(socket, 'x'.repeat(65_536));
    };
    assert.equal(await failure(endless, { body: 'ready' }), 'passed');
    assert.equal(await failure(endless, { body: /y/, maxBodyBytes: 4 }), 'GET / gave a body without /y/');
    assert.equal(await failure(endless, { maxBodyBytes: 0 }), 'passed');
  });

  it('answers with something else than HTTP fails', async () => {
    assert.match(await failure((socket) => void socket.write(Buffer.of(0, 255, 254, 13, 10, 0))), /^HPE_/);
    assert.match(await failure((socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n')), /^HPE_/);
  });

  it('resets the connection, or ends it too early, fails', async () => {
    assert.equal(await failure((socket) => void socket.resetAndDestroy()), 'ECONNRESET');
    assert.equal(await failure((socket) => void socket.end()), 'ECONNRESET');
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
    const cut = 'the connection ended without the whole answer';
    assert.equal(await failure((socket) => void socket.end(head)), cut);
    // A reset may overtake what was sent before it.
    assert.match(
      await failure((socket) => void socket.write(head, () => socket.resetAndDestroy())),
      new RegExp(`^(ECONNRESET|${cut})$`),
    );
  });

  it('gives interim answers without end fails when the time is up', async () => {
    const interim = (socket: net.Socket): void => endlessly(socket, 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000));
    assert.equal(await failure(interim, { timeoutMs: 50 }), 'no answer within 50 ms');
  });

  it('switches protocols fails', async () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    assert.equal(await failure((socket) => void socket.write(head)), 'the connection ended without an answer');
  });

  it('reports its load is heard', async () => {
    const server = closing(
      await upstream((_req, res) => void res.setHeader('endpoint-load-metrics', 'TEXT cpu_utilization=0.3').end()),
    );
    assert.deepEqual(await probing(httpProbe(), server.url), { loadReport: 'TEXT cpu_utilization=0.3' });
  });
});
