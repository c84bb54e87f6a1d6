import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { udpProbe } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { probing } from './probes.ts';

interface UdpServer extends AsyncDisposable {
  readonly port: number;
}

/** A server that answers each datagram with what `answer` makes of it; undefined for nothing. */
async function udpServer(answer: (message: Buffer) => string | Buffer | undefined): Promise<UdpServer> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const reply = answer(message);
    if (reply !== undefined) socket.send(reply, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(resolve)),
  };
}

const HOST = 'http://127.0.0.1:9';

describe('a UDP probe of a real server', () => {
  it('passes if it gives the expected answer, and fails if it gives another', async () => {
    const { port } = closing(await udpServer((message) => message));
    await probing(udpProbe({ port, payload: 'ping', answer: 'ping' }), HOST);
    await probing(udpProbe({ port, payload: Uint8Array.of(0, 255), answer: Uint8Array.of(255) }), HOST);
    await probing(udpProbe({ port }), HOST);
    await assert.rejects(probing(udpProbe({ port, payload: 'ping', answer: 'pong' }), HOST), /4 bytes that are not/);
  });

  it('fails at once if nobody has the port, whether an answer is expected or not', async () => {
    const server = await udpServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const { port } = server;
    for (const isAnswered of [true, false]) {
      const probe = udpProbe({ port, isAnswered, intervalMs: 60_000, timeoutMs: 60_000 });
      await assert.rejects(probing(probe, HOST), { code: 'ECONNREFUSED' }, `${isAnswered}`);
    }
  });

  it('fails on silence when the time is up, or passes if no answer is expected', async () => {
    const { port } = closing(await udpServer(() => undefined));
    await assert.rejects(probing(udpProbe({ port, timeoutMs: 20 }), HOST), { message: 'no answer within 20 ms' });
    await probing(udpProbe({ port, timeoutMs: 20, isAnswered: false }), HOST);
  });

  it('hears nobody but the endpoint', async () => {
    const stranger = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(stranger, 'listening');
    const target = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(target, 'listening');
    target.once('message', (_message, { port, address }) => {
      stranger.send('from a stranger', port, address, () => target.send('from the endpoint', port, address));
    });
    await probing(udpProbe({ port: target.address().port, answer: /^from the endpoint$/ }), HOST);
    stranger.close();
    target.close();
  });

  it('takes the largest of answers', async () => {
    const { port } = closing(await udpServer(() => Buffer.alloc(65_507, 7)));
    await probing(udpProbe({ port, answer: Uint8Array.of(7, 7) }), HOST);
  });

  it('fails if the network will not have it', async () => {
    await assert.rejects(probing(udpProbe({ port: 9 }), 'http://255.255.255.255'), { code: /^E(ACCES|NETUNREACH)$/ });
  });

  it('fails if there is no such host', async () => {
    await assert.rejects(probing(udpProbe({ port: 9 }), 'http://name.invalid'), { code: /^E(NOTFOUND|AI_AGAIN)$/ });
  });
});
