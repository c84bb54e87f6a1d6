import assert from 'node:assert/strict';
import net from 'node:net';
import fc from 'fast-check';
import { acceptProxyProtocol } from '@evenkeel/proxy';
import { parseProxyHead } from '../../../packages/proxy/src/proxy-protocol/parse.ts';
import { rawClient, turn, until } from '../../conformance/wire.ts';
import { anyHead, block, hostileHead, V1, V2 } from './heads.ts';
import { echo, FROM, gone, listening, recorder } from './servers.ts';

describe('a connection that acceptProxyProtocol hands on', () => {
  it('shows the connection to listeners only behind its head, whenever they were added', async () => {
    const { port, server } = await recorder();
    const seen: (string | undefined)[] = [];
    server.on('connection', (socket: net.Socket) => seen.push(socket.remoteAddress));
    server.once('connection', (socket: net.Socket) => seen.push(socket.remoteAddress));
    const client = await rawClient(port);
    client.write('PROXY TCP4 203.0.113.7 ');
    await turn();
    assert.deepEqual(seen, []);
    client.write('198.51.100.1 4711 443\r\n');
    await until(() => seen.length > 0);
    assert.deepEqual(seen, ['203.0.113.7', '203.0.113.7']);
    client.socket.destroy();
  });

  it('hands on a socket as good as new: it can be paused, and gives its bytes when it is resumed', async () => {
    let heard = '';
    let accepted: net.Socket | undefined;
    const server = net.createServer((socket) => {
      assert.equal(socket.readableFlowing, null);
      accepted = socket;
      socket.on('data', (chunk) => (heard += chunk));
      socket.pause();
    });
    acceptProxyProtocol(server, { from: FROM });
    const client = net.connect(await listening(server), '127.0.0.1');
    client.write(Buffer.concat([V2, Buffer.from('first')]));
    await until(() => accepted !== undefined);
    await new Promise((resolve) => client.write(', second', resolve));
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(heard, '');
    accepted!.resume();
    await until(() => heard === 'first, second');
    client.destroy();
  });

  it('hands it on as soon as the head is there, since some servers speak first', async () => {
    const server = net.createServer((socket) => void socket.write(`hello ${socket.remoteAddress}`));
    acceptProxyProtocol(server, { from: FROM });
    const port = await listening(server);
    for (const head of [V1, V2]) {
      const client = await rawClient(port);
      for (const byte of head.toString('latin1')) {
        assert.equal(client.received, '');
        client.write(byte);
        await turn();
      }
      await until(() => client.received === 'hello 203.0.113.7');
      client.socket.destroy();
    }
  });

  it('lets the server see that a client ends the connection right behind the head', async () => {
    const { port, asked } = await echo();
    for (const head of [V1, V2]) {
      const client = await rawClient(port);
      client.socket.end(head);
      await client.ended();
      assert.equal(client.received, '');
    }
    assert.equal(asked, 0);
  });

  it('lets the server answer a client that has said all that it has to say', async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on('end', () => void setImmediate(() => socket.end('answer')));
    });
    acceptProxyProtocol(server, { from: FROM });
    const client = await rawClient(await listening(server));
    client.socket.end(Buffer.concat([V2, Buffer.from('question')]));
    await client.ended();
    assert.deepEqual([client.received, client.end], ['answer', 'fin']);
  });

  it('leaves a connection alone that comes from another server that has taken the head off', async () => {
    const inner = net.createServer((socket) => void socket.pipe(socket));
    const outer = net.createServer((socket) => void inner.emit('connection', socket));
    for (const server of [inner, outer]) acceptProxyProtocol(server, { from: FROM });
    const client = await rawClient(await listening(outer));
    client.write(`${block(0x20, 0x00).toString('latin1')}echo`);
    await until(() => client.received === 'echo');
    client.socket.destroy();
  });

  it('survives heads and clients of all kinds; what it passes on is what follows the head, byte for byte', async () => {
    const { port, server, connections } = await recorder({ timeoutMs: 2_147_483_647 });
    const body = Buffer.from(Array.from({ length: 3_000 }, (_, i) => i % 251));
    const bytesOf = fc.tuple(fc.oneof(anyHead, hostileHead), fc.nat(3_000), fc.array(fc.nat(400), { maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(bytesOf, fc.boolean(), async ([head, length, cuts], isReset) => {
        const before = connections.length;
        const bytes = Buffer.concat([head, body.subarray(0, length)]);
        const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
        socket.on('error', () => undefined);
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          const to = Math.min(bytes.length, from + cut);
          if (socket.writable) await new Promise((resolve) => socket.write(bytes.subarray(from, to), resolve));
          from = to;
        }
        const parse = parseProxyHead(bytes);
        if (parse.kind === 'head' && length > 0 && !isReset) {
          const rest = bytes.subarray(parse.byteLength);
          await until(() => connections.length > before && connections[before]!.heard.length >= rest.length);
          assert.deepEqual(connections[before]!.heard, rest);
          assert.equal(connections[before]!.address, parse.source?.address ?? '127.0.0.1');
        }
        if (isReset) socket.resetAndDestroy();
        else socket.end().resume();
        await gone(server);
        if (parse.kind !== 'head') assert.equal(connections.length, before);
        socket.destroy();
      }),
      { numRuns: 200 },
    );
  });
});
