import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { Memory, READ_BYTES } from '../../../../packages/core/src/transport/h1/memory.ts';
import { until } from '../../../conformance/wire.ts';
import { Hearing } from './hearing.ts';
import { rig, server } from './rig.ts';
import type { Peer } from './rig.ts';

/** A body in which every byte tells where it is. */
function patterned(length: number, seed: number): string {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + seed * 31) % 251)).toString('latin1');
}

/** Takes loans, and reads each piece at once. */
function borrowing(onPiece: Hearing['onChunk'] = () => undefined): Hearing {
  return Object.assign(new Hearing(), { takesLoans: true, isTransient: true, onChunk: onPiece });
}

describe('Memory', () => {
  it('gives transient copies room in common, and others their own', () => {
    const memory = new Memory();
    const bytes = Buffer.from('0123456789');
    const [a, b] = [memory.copy(bytes, 0, 4, true), memory.copy(bytes, 4, 10, true)];
    assert.equal(a.buffer, b.buffer);
    assert.deepEqual([a.toString(), b.toString()], ['0123', '456789']);
    const large = Buffer.alloc(100_000, 'x');
    assert.notEqual(memory.copy(large, 0, 50_000, false).buffer, memory.copy(large, 0, 50_000, false).buffer);
  });

  it('lends a buffer to one connection at a time', () => {
    const memory = new Memory();
    const first = memory.take();
    assert.notEqual(memory.take(), first);
    assert.equal(first.length, READ_BYTES);
    memory.give(first);
    assert.equal(memory.take(), first);
  });

  it('is ample as long as not too many have taken of it', () => {
    const memory = new Memory();
    const taken = Array.from({ length: 64 }, () => memory.take());
    assert.equal(memory.isAmple, true);
    taken.push(memory.take());
    assert.equal(memory.isAmple, false);
    memory.give(taken.pop()!);
    assert.equal(memory.isAmple, true);
    memory.take();
    memory.forsake();
    assert.equal(memory.isAmple, true);
  });
});

describe('a body that its handler takes on loan', () => {
  it('arrives whole, and is read into one buffer over and over', async () => {
    for (const framing of ['length', 'chunked', 'end'] as const) {
      const body = patterned(3_000_000, 1);
      const { url } = await server((peer) => {
        const fields = {
          length: `Content-Length: ${body.length}\r\n`,
          chunked: 'Transfer-Encoding: chunked\r\n',
          end: '',
        };
        peer.say(`HTTP/1.1 200 OK\r\n${fields[framing]}\r\n`);
        peer.say(framing === 'chunked' ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body);
        if (framing === 'end') peer.socket.end();
      });
      const memories = new Set<ArrayBufferLike>();
      const hearing = rig(url).send(
        {},
        borrowing(({ buffer }) => void memories.add(buffer)),
      );
      await hearing.over;
      assert.equal(hearing.ending, 'whole', framing);
      assert.ok(hearing.body === body, framing);
      assert.ok(memories.size <= 3, `${memories.size} for ${hearing.chunks} pieces`);
    }
  });

  it('keeps a piece as it is while its handler is paused, whatever other connections read', async () => {
    const bodies = [1, 2, 3].map((seed) => patterned(1_500_000, seed));
    const { url } = await server((peer) => {
      const body = bodies[Number(/ \/(\d)/.exec(peer.received)![1])]!;
      peer.received = '';
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    const { send } = rig(url);
    let lent: Buffer | undefined;
    const paused = borrowing((chunk, controller) => {
      if (paused.chunks !== 4) return;
      lent = chunk;
      controller.pause();
    });
    send({ path: '/0' }, paused);
    await until(() => lent !== undefined);
    const copy = Buffer.from(lent!);
    for (const path of ['/1', '/2', '/1', '/2']) {
      const other = send({ path }, borrowing());
      await other.over;
      assert.ok(other.body === bodies[Number(path[1])]);
    }
    assert.ok(copy.equals(lent!));
    paused.controller!.resume();
    await paused.over;
    assert.ok(paused.body === bodies[0]);
  });

  it('keeps its last piece as it is until the handler resumes, although the connection goes on', async () => {
    const bodies = [1, 2].map((seed) => patterned(400_000, seed));
    const { url, peers } = await server((peer) => {
      const body = bodies[Number(/ \/(\d)/.exec(peer.received)![1])]!;
      peer.received = '';
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    const { send } = rig(url, { maxConnections: 1 });
    let lent: Buffer | undefined;
    const first = borrowing((chunk, controller) => {
      if (first.body.length < 400_000) return;
      lent = chunk;
      controller.pause();
    });
    await send({ path: '/0' }, first).over;
    const copy = Buffer.from(lent!);
    for (const path of ['/1', '/1', '/1']) {
      const next = send({ path }, borrowing());
      await next.over;
      assert.ok(next.body === bodies[1]);
    }
    assert.ok(copy.equals(lent!));
    assert.equal(peers.length, 1);
  });
});

describe('bodies of 16 KiB that their handlers take on loan', () => {
  const LENGTH = 16_384;

  /** Answers `/n` with a body of that pattern, and `/small` with a small one. */
  function answer(peer: Peer): void {
    const [, path = ''] = / \/(\w+)/.exec(peer.received)!;
    peer.received = '';
    const body = path === 'small' ? 'small' : patterned(LENGTH, Number(path));
    peer.say(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }

  it('are read into one buffer of their connection, from the second one on', async () => {
    const { url, peers } = await server(answer);
    const { send } = rig(url, { maxConnections: 1 });
    const memories: ArrayBufferLike[] = [];
    for (let n = 0; n < 10; n++) {
      const hearing = send(
        { path: `/${n}` },
        borrowing(({ buffer }) => void memories.push(buffer)),
      );
      await hearing.over;
      assert.ok(hearing.body === patterned(LENGTH, n), `body ${n}`);
    }
    assert.equal(peers.length, 1);
    assert.ok(new Set(memories).size <= 3, `${new Set(memories).size} memories`);
    assert.equal(memories.at(-1)!.byteLength, READ_BYTES);
  });

  it('leave their connection its buffer until a small one comes', async () => {
    const { url } = await server(answer);
    const { send } = rig(url, { maxConnections: 1 });
    const memories: ArrayBufferLike[] = [];
    for (const path of ['/1', '/2', '/small', '/3', '/4']) {
      let memory: ArrayBufferLike | undefined;
      await send(
        { path },
        borrowing(({ buffer }) => void (memory = buffer)),
      ).over;
      memories.push(memory!);
    }
    const isOwn = memories.map(({ byteLength }) => byteLength === READ_BYTES);
    assert.deepEqual(isOwn, [false, true, false, false, true]);
  });
});

describe('the pieces of a request body', () => {
  async function sent(isBodyTransient: boolean): Promise<number[]> {
    const pieces = Array.from({ length: 4 }, () => Buffer.from(new Uint8Array(40_000).fill(0x78).buffer));
    const { url } = await server((peer) => {
      if (peer.received.endsWith('0\r\n\r\n')) peer.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const hearing = await rig(url).ask({ method: 'POST', body: Readable.from(pieces), isBodyTransient });
    assert.equal(hearing.ending, 'whole');
    return pieces.map(({ length }) => length);
  }

  it('give their memory back when they have been written, if nobody needs them', async () => {
    assert.deepEqual(await sent(true), [0, 0, 0, 0]);
  });

  it('are left alone otherwise', async () => {
    assert.deepEqual(await sent(false), [40_000, 40_000, 40_000, 40_000]);
  });

  it('are left alone if they share their memory with others', async () => {
    const whole = Buffer.alloc(160_000, 'x');
    const pieces = [0, 1, 2, 3].map((i) => whole.subarray(i * 40_000, (i + 1) * 40_000));
    const { url } = await server((peer) => {
      if (peer.received.endsWith('0\r\n\r\n')) peer.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    await rig(url).ask({ method: 'POST', body: Readable.from(pieces), isBodyTransient: true });
    assert.equal(whole.length, 160_000);
  });
});
