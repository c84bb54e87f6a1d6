import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import net from 'node:net';
import { manualClock } from '@evenkeel/core/testing';
import type { ProxyProtocolRefusedMessage } from '@evenkeel/proxy';
import { rawClient, rawRequest, turn, until } from '../../conformance/wire.ts';
import { block, line, V1, V2 } from './heads.ts';
import { echo, gone, recorder } from './servers.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

/** What the channel says while `run` runs. */
async function refusals(run: () => Promise<void>): Promise<string[]> {
  const reasons: string[] = [];
  const note = (message: unknown): void => {
    const { address, reason } = message as ProxyProtocolRefusedMessage;
    assert.equal(address, '127.0.0.1');
    reasons.push(reason);
  };
  subscribe('evenkeel:proxy-protocol:refused', note);
  try {
    await run();
  } finally {
    unsubscribe('evenkeel:proxy-protocol:refused', note);
  }
  return reasons;
}

describe('acceptProxyProtocol', () => {
  it('tells the real client, for every request of a connection', async () => {
    const { port } = await echo();
    for (const head of [V1, V2]) {
      const client = await rawClient(port);
      client.write(head.toString('latin1') + GET + GET);
      for (let request = 0; request < 3; request++) {
        assert.equal((await client.response()).body, '203.0.113.7 4711 > 198.51.100.1 443');
        if (request === 1) client.write(GET);
      }
      client.socket.destroy();
    }
  });

  it('tells the load balancer itself where that speaks for itself, or does not know', async () => {
    const { port } = await echo();
    for (const head of [line('PROXY UNKNOWN'), block(0x20, 0x00), block(0x21, 0x31, Buffer.alloc(216))]) {
      const { body } = await rawRequest(port, head.toString('latin1') + GET);
      assert.match(body, new RegExp(`^127\\.0\\.0\\.1 \\d+ > 127\\.0\\.0\\.1 ${port}$`));
    }
  });

  it('believes nobody else, and leaves their connections alone', async () => {
    const { port, connections } = await recorder();
    for (const bytes of [V1, V2, Buffer.from(GET)]) {
      const socket = net.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      socket.end(bytes);
      await once(socket.resume(), 'close');
      const { address, heard } = connections.at(-1)!;
      assert.equal(address, '127.0.0.2');
      assert.deepEqual(heard, bytes);
    }
  });

  it('takes one head off, so that a client that sends one of its own is not believed', async () => {
    const server = await echo();
    const { status } = await rawRequest(
      server.port,
      V1.toString() + line('PROXY TCP4 10.0.0.1 10.0.0.1 1 1').toString() + GET,
    );
    assert.equal(status, 400);
    assert.equal(server.asked, 0);
  });

  it('closes connections that do not begin with a head, and says why', async () => {
    const server = await echo();
    const said = await refusals(async () => {
      for (const bytes of [GET, 'PROXY TCP4 1.2.3.4\r\n' + GET, V2.toString('latin1').replace('!', '9')]) {
        const client = await rawClient(server.port);
        client.write(bytes);
        await client.ended();
        assert.equal(client.received, '');
      }
      const client = await rawClient(server.port);
      client.socket.end(V1.subarray(0, 20));
      await client.ended();
    });
    assert.deepEqual(said.length, 4);
    assert.match(said.join('; '), /there is none; an address is not .*; the version or command .*; it is cut short/);
    assert.equal(server.asked, 0);
  });

  it('says nothing about connections that end without a word', async () => {
    const { port, server } = await recorder();
    const said = await refusals(async () => {
      const client = await rawClient(port);
      client.socket.end();
      await client.ended();
      (await rawClient(port)).socket.resetAndDestroy();
      await gone(server);
    });
    assert.deepEqual(said, []);
  });

  it('passes connections without a head on where none is required, every byte of them', async () => {
    const { port, connections } = await recorder({ isRequired: false });
    for (const [bytes, address, rest] of [
      [GET, '127.0.0.1', GET],
      ['PROPFIND / HTTP/1.1\r\n\r\n', '127.0.0.1', 'PROPFIND / HTTP/1.1\r\n\r\n'],
      [V1.toString() + GET, '203.0.113.7', GET],
    ] as const) {
      const before = connections.length;
      const client = await rawClient(port);
      for (const byte of bytes) {
        client.write(byte);
        await turn();
      }
      client.socket.end();
      await until(() => connections.length > before && connections[before]!.isOver);
      assert.equal(connections[before]!.heard.toString(), rest);
      assert.equal(connections[before]!.address, address);
      client.socket.destroy();
    }
    const client = await rawClient(port);
    client.write('PROXY TCP4 nonsense\r\n');
    await client.ended();
  });

  it('gives a head so much time, and no more', async () => {
    const clock = manualClock();
    const server = await echo({ clock, timeoutMs: 3_000 });
    const slow = await rawClient(server.port);
    await until(() => clock.pending === 1);
    clock.advance(2_000);
    slow.write('PROXY TCP4 ');
    const inTime = await rawClient(server.port);
    await until(() => clock.pending === 2);
    inTime.write(V1.toString() + GET);
    assert.match((await inTime.response()).body, /^203\.0\.113\.7/);
    assert.equal(clock.pending, 1, 'the timer of a head that is there');
    assert.equal(slow.end, 'open');
    const said = await refusals(async () => {
      clock.advance(1_000);
      await slow.ended();
    });
    assert.deepEqual(said, ['it did not come in time']);
    clock.advance(60_000);
    inTime.write(GET);
    assert.match((await inTime.response()).body, /^203\.0\.113\.7/);
    inTime.socket.destroy();
  });
});
