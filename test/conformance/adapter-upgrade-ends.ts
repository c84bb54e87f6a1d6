/**
 * Law 15 from the change of protocols on: the ends of the two sides, drains, and the way of the bytes.
 */
import assert from 'node:assert/strict';
import { retryPolicy } from '@evenkeel/core';
import type { Law } from './adapter-rig.ts';
import { AGREE, afterHead, agree, change, changed, inflight, isIdle } from './adapter-upgrade-rig.ts';
import { answer, rawClient, turn, until } from './wire.ts';
import type { RawHandler } from './wire.ts';

export function upgradeEndLaws(law: Law): void {
  endLaws(law);
  webSocketLaws(law);
  flowLaws(law);
}

function endLaws(law: Law): void {
  law(15, 'each side may end its direction by itself, and a reset is a reset on the other side', async (rig) => {
    const first = await changed(rig, 'foo');
    first.far.allowHalfOpen = true;
    let isEnded = false;
    first.far.on('end', () => (isEnded = true));
    first.client.socket.end('bye');
    await until(() => isEnded && first.endpoint.received.endsWith('bye'));
    first.far.write('still here');
    await until(() => first.client.received.endsWith('still here'));
    first.far.end();
    await first.client.ended();
    assert.equal(first.client.end, 'fin');
    await isIdle(first.cluster, first.endpoints);

    const second = await changed(rig, 'foo');
    second.client.socket.allowHalfOpen = true;
    second.far.end('bye');
    await second.client.ended();
    second.client.write('still here');
    await until(() => second.endpoint.received.endsWith('still here'));
    second.client.socket.end();
    await isIdle(second.cluster, second.endpoints);

    const third = await changed(rig, 'foo');
    third.far.resetAndDestroy();
    await third.client.ended();
    assert.equal(third.client.end, 'reset');
    await isIdle(third.cluster, third.endpoints);

    const fourth = await changed(rig, 'foo');
    let error: unknown;
    fourth.far.on('error', (reason) => (error = reason));
    fourth.client.socket.resetAndDestroy();
    await until(() => error !== undefined);
    await isIdle(fourth.cluster, fourth.endpoints);
  });

  law(15, 'at the end of a drain a protocol that nobody here knows ends with its connection', async (rig) => {
    const { client, cluster, endpoints } = await changed(rig, 'foo', 'hello');
    await cluster.drain(cluster.endpoints[0]!.id, { deadlineMs: 1 });
    await client.ended();
    assert.equal(client.end, 'fin');
    client.socket.destroy();
    await isIdle(cluster, endpoints);
  });

  law(15, 'a client that goes at any moment of the handshake leaves nothing behind', async (rig) => {
    const handlers = [0, 1].map((): RawHandler => {
      return (request, socket) => void setImmediate(() => agree('websocket', '\x81\x02hi')(request, socket));
    });
    const refusing: RawHandler = (request, socket) => answer('no', [], '403 No')(request, socket);
    const { front, cluster, endpoints } = await rig.start({ endpoints: [...handlers, refusing] });
    const bytes = `${change('websocket')}\x81\x82aaaabc`;
    for (let moment = 0; moment < 72; moment++) {
      const client = await rawClient(front);
      client.write(moment % 4 === 3 ? bytes.slice(0, moment) : bytes);
      for (let turns = moment % 24; turns > 0; turns--) await turn();
      if (moment % 3 === 0) client.socket.destroy();
      else if (moment % 3 === 1) client.socket.resetAndDestroy();
      else client.socket.end();
      if (moment % 3 === 2) setImmediate(() => client.socket.destroy());
    }
    await isIdle(cluster, endpoints);
    assert.equal(cluster.pickable, 3);
  });

  law(15, 'an endpoint that goes at any moment of the handshake is 502, or ends what it has begun', async (rig) => {
    const head = `${AGREE}websocket\r\n\r\n`;
    for (const die of ['destroy', 'resetAndDestroy'] as const) {
      for (let length = 0; length <= head.length; length += 7) {
        const { front, cluster } = await rig.start({
          cluster: { retry: retryPolicy({ maxAttempts: 1 }) },
          endpoints: [(_request, socket) => void socket.write(head.slice(0, length), () => socket[die]())],
        });
        const client = await rawClient(front);
        client.write(change('websocket'));
        const { status } = await client.response({ isBodiless: true });
        assert.ok(status === 502 || (status === 101 && length === head.length), `${length}: ${status}`);
        client.socket.destroy();
        await until(() => inflight(cluster) === 0);
      }
    }
  });
}

/** A Close frame of a server. */
function closeOf(code: number): string {
  return `\x88\x02${String.fromCharCode(code >> 8, code & 0xff)}`;
}

function webSocketLaws(law: Law): void {
  law(
    15,
    'a WebSocket is drained with Close 1012 to the client and 1001 to the endpoint, between frames',
    async (rig) => {
      const { client, far, endpoint, cluster, endpoints } = await changed(rig, 'websocket', '\x81\x05he');
      client.socket.allowHalfOpen = true;
      const before = endpoint.received.length;
      client.write('\x81\x82aaaab');
      await until(() => endpoint.received.length === before + 7);
      await cluster.drain(cluster.endpoints[0]!.id, { deadlineMs: 1 });
      // Both are in the middle of a frame: first its rest, and nothing of the next one.
      assert.equal(afterHead(client), '\x81\x05he');
      far.write('llo\x81\x01x', 'latin1');
      await client.ended();
      assert.equal(client.end, 'fin');
      assert.equal(afterHead(client), `\x81\x05hello${closeOf(1012)}`);
      client.write('c\x81\x81aaaab');
      await until(() => endpoint.received.length >= before + 16);
      const sent = endpoint.received.slice(before);
      assert.equal(sent.slice(0, 8), '\x81\x82aaaabc');
      const [, length, a, b, c, d, high, low] = Buffer.from(sent.slice(8), 'latin1');
      assert.deepEqual([sent.length, length], [16, 0x82]);
      assert.equal(((high! ^ a!) << 8) | (low! ^ b!), 1001);
      assert.ok(c !== undefined && d !== undefined);
      client.socket.destroy();
      await isIdle(cluster, endpoints);
    },
  );

  law(15, 'a frame that does not come to its end is cut at the end of the grace', async (rig) => {
    const { client, cluster, endpoints } = await changed(rig, 'websocket', '\x81\x05he');
    await cluster.drain(cluster.endpoints[0]!.id, { deadlineMs: 1 });
    await client.ended();
    assert.equal(afterHead(client), '\x81\x05he');
    await isIdle(cluster, endpoints);
  });

  law(15, 'a client whose endpoint dies hears Close 1012, unless that would be within a frame', async (rig) => {
    for (const die of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const whole = await changed(rig, 'websocket', '\x81\x05hello');
      await until(() => afterHead(whole.client).length === 7);
      whole.far[die]();
      await whole.client.ended();
      assert.equal(afterHead(whole.client), `\x81\x05hello${closeOf(1012)}`);
      assert.equal(whole.client.end, 'fin');
      await isIdle(whole.cluster, whole.endpoints);

      const half = await changed(rig, 'websocket', '\x81\x05he');
      await until(() => afterHead(half.client).length === 4);
      half.far[die]();
      await half.client.ended();
      assert.equal(afterHead(half.client), '\x81\x05he');
      assert.equal(half.client.end, 'reset');
      await isIdle(half.cluster, half.endpoints);
    }
  });

  law(15, "an endpoint's own Close is the last word", async (rig) => {
    const { client, far, cluster, endpoints } = await changed(rig, 'websocket', closeOf(4000));
    await until(() => afterHead(client).length === 4);
    far.end();
    await client.ended();
    assert.equal(afterHead(client), closeOf(4000));
    client.socket.end();
    await isIdle(cluster, endpoints);
  });
}

function flowLaws(law: Law): void {
  law(12, 'back-pressure holds on upgraded connections, in both directions', async (rig) => {
    const MANY = 64 * 1024 * 1024;
    const chunk = Buffer.alloc(65_536);
    const { client, far, cluster, endpoints } = await changed(rig, 'foo');
    for (const [from, to] of [
      [far, client.socket],
      [client.socket, far],
    ] as const) {
      to.pause();
      let sent = 0;
      while (sent < MANY && from.writableLength < 1_000_000) {
        from.write(chunk);
        sent += chunk.length;
        await turn();
      }
      // What is on its way is in socket buffers; a proxy that holds it would have taken it all.
      assert.ok(sent < MANY, `${sent}`);
      to.resume();
      await until(() => from.writableLength === 0);
    }
    client.socket.destroy();
    await isIdle(cluster, endpoints);
  });
}
