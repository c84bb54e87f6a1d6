import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { agentProbe, tcpProbe } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { rawUpstream, refusedUrl } from '../dispatch/upstream.ts';
import { endpointAt } from '../health/probe-stubs.ts';
import { probing, realIo } from './probes.ts';

/** What `readLine` gives of a server that is `handler`. */
async function lineFrom(handler: (socket: net.Socket) => void, text = '', timeoutMs = 5_000): Promise<string> {
  const { url, port } = closing(await rawUpstream(handler));
  return realIo().readLine(endpointAt(url), { port, text, maxBytes: 64 }, timeoutMs);
}

describe('a TCP probe of a real server', () => {
  it('passes while it listens, on its own port or another, and fails when it is gone', async () => {
    const server = await rawUpstream(() => undefined);
    await probing(tcpProbe(), server.url);
    await probing(tcpProbe({ port: server.port }), await refusedUrl());
    await server[Symbol.asyncDispose]();
    await assert.rejects(probing(tcpProbe(), server.url), { code: 'ECONNREFUSED' });
  });

  it('closes its connection', async () => {
    const server = closing(await rawUpstream((socket) => void socket.resume()));
    const closed = new Promise<void>((resolve) => server.onClose(resolve));
    await probing(tcpProbe(), server.url);
    await closed;
    assert.equal(server.open, 0);
  });

  it('reaches IPv6 addresses', async function () {
    const server = net.createServer().listen(0, '::1');
    const hasIpv6 = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    if (!hasIpv6) return this.skip();
    const { port } = server.address() as net.AddressInfo;
    await probing(tcpProbe(), `http://[::1]:${port}`);
    server.close();
  });

  it('stops when it is called off', async () => {
    const server = closing(await rawUpstream((socket) => void socket.resume()));
    const cut = new AbortController();
    const line = realIo(undefined, cut.signal).readLine(
      endpointAt(server.url),
      { port: server.port, text: '', maxBytes: 9 },
      60_000,
    );
    const closed = new Promise<void>((resolve) => server.onClose(resolve));
    const connected = realIo().connect(endpointAt(server.url), 5_000);
    await connected;
    cut.abort();
    await assert.rejects(line, /called off/);
    await closed;
    await assert.rejects(realIo(undefined, cut.signal).connect(endpointAt(server.url), 5_000), /called off/);
  });
});

describe('readLine()', () => {
  it('reads up to a line feed, a carriage return or the end, however it is cut up', async () => {
    assert.equal(await lineFrom((socket) => void socket.end('up\nmore')), 'up');
    assert.equal(await lineFrom((socket) => void socket.write('drain\rmore')), 'drain');
    assert.equal(await lineFrom((socket) => void socket.end('75%')), '75%');
    assert.equal(await lineFrom((socket) => void socket.end()), '');
    const inPieces = await lineFrom((socket) => {
      socket.setNoDelay();
      socket.write('rea', () => socket.write('dy', () => socket.write('\r\n')));
    });
    assert.equal(inPieces, 'ready');
  });

  it('sends what it is given first', async () => {
    const echo = await lineFrom((socket) => void socket.pipe(socket), 'PING\n');
    assert.equal(echo, 'PING');
  });

  it('reads no more of an endless line than it was told to', async () => {
    const endless = await lineFrom((socket) => {
      const write = (): void => {
        while (socket.writable && socket.write('x'.repeat(65_536)));
      };
      socket.on('drain', write);
      write();
    });
    assert.equal(endless, 'x'.repeat(64));
  });

  it('takes bytes that are no text for what they are', async () => {
    assert.equal(await lineFrom((socket) => void socket.end(Buffer.of(0xff, 0, 0x75, 0x70, 10))), '\ufffd\0up');
  });

  it('fails on a reset, and on silence once the time is up', async () => {
    await assert.rejects(
      lineFrom((socket) => void socket.resetAndDestroy()),
      { code: 'ECONNRESET' },
    );
    await assert.rejects(
      lineFrom((socket) => void socket.write('dow', () => socket.resetAndDestroy())),
      { code: 'ECONNRESET' },
    );
    await assert.rejects(
      lineFrom(() => undefined, '', 20),
      { message: 'no line within 20 ms' },
    );
  });
});

describe('an agent probe of a real agent', () => {
  it('does what the agent says, and nothing if there is none', async () => {
    const lines = ['50% ready up\n', 'down # disk full\n'];
    const agent = await rawUpstream((socket) => void socket.end(lines.shift() ?? ''));
    const probe = agentProbe({ port: agent.port });
    const endpoint = endpointAt('http://127.0.0.1:9');
    assert.deepEqual(await probe.check(endpoint, realIo()), { weightRatio: 0.5, isDraining: false, isDown: false });
    assert.deepEqual(await probe.check(endpoint, realIo()), { isDown: true });
    await agent[Symbol.asyncDispose]();
    assert.deepEqual(await probe.check(endpoint, realIo()), { isDown: true });
  });

  it('is not moved by an agent that resets, or says nothing of use', async () => {
    for (const handler of [
      (socket: net.Socket) => void socket.resetAndDestroy(),
      (socket: net.Socket) => void socket.end(Buffer.alloc(100_000, 0x80)),
      (socket: net.Socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ]) {
      const { url, port } = closing(await rawUpstream(handler));
      assert.deepEqual(await probing(agentProbe({ port }), url), { isDown: false });
    }
  });
});
