import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { turn, until } from '../../../conformance/wire.ts';
import { END_HEADERS, END_STREAM, FRAME, headers, rawH2 } from './raw-h2.ts';
import { h2Server, reply, rig } from './rig.ts';

const MIB = 1_048_576;
/** The window of a stream, and what Node's streams keep on both sides. */
const MAX_HELD_BYTES = 400_000;

async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe('a slow reader over HTTP/2', () => {
  it('has no more than a window in memory, and holds up nobody else', async () => {
    let left = 0;
    const server = await h2Server((stream, fields) => {
      if (fields[':path'] === '/quick') return reply('quick')(stream, fields, []);
      stream.respond({ ':status': 200 });
      const chunk = Buffer.alloc(16_384, 'x');
      const write = (): void => {
        while (left > 0) {
          left -= chunk.length;
          if (!stream.write(chunk)) return;
        }
        stream.end();
      };
      left = 4 * MIB;
      stream.on('drain', write);
      write();
    });
    const { ask, clock } = rig();
    const slow = ask(server.endpoint, {}, { onHead: (controller) => controller.pause() });
    await until(() => slow.status === 200);
    for (let before = -1; before !== left;) {
      before = left;
      await turns();
    }
    assert.ok(4 * MIB - left < MAX_HELD_BYTES, `${4 * MIB - left} bytes left the endpoint`);
    assert.equal(slow.chunks.length, 0);
    assert.equal((await ask(server.endpoint, { path: '/quick' }).over()).body, 'quick');
    clock.advance(600_000);
    assert.equal(slow.isOver, false, 'the endpoint is not to blame');
    slow.controller!.resume();
    assert.equal((await slow.over()).body.length, 4 * MIB);
    assert.equal(slow.ending, 'end', slow.error?.message);
    assert.equal(server.sessions.length, 1);
  });

  it('may pause at each chunk', async () => {
    const server = await h2Server(reply('x'.repeat(MIB)));
    const answer = rig().ask(
      server.endpoint,
      {},
      {
        onData(controller) {
          controller.pause();
          setImmediate(() => controller.resume());
        },
      },
    );
    assert.equal((await answer.over()).body.length, MIB);
  });
});

describe('an upload over HTTP/2', () => {
  it('goes as fast as the endpoint takes it', async () => {
    let taken = 0;
    let left = 4 * MIB;
    const server = await h2Server((stream) => {
      stream.on('end', () => reply(String(taken))(stream, {}, []));
    });
    const body = new Readable({
      read() {
        left -= 16_384;
        this.push(left < 0 ? null : Buffer.alloc(16_384));
      },
    });
    const answer = rig().ask(server.endpoint, { method: 'PUT', body, headers: ['content-length', String(4 * MIB)] });
    await until(() => server.streams.length === 1);
    for (let before = -1; before !== left;) {
      before = left;
      await turns();
    }
    assert.ok(4 * MIB - left < MAX_HELD_BYTES, `${4 * MIB - left} bytes were taken from the caller`);
    server.streams[0]!.on('data', (chunk: Buffer) => (taken += chunk.length));
    assert.equal((await answer.over()).body, String(4 * MIB));
  });

  it('of a slow caller is not held against the endpoint, one that the endpoint does not take is', async () => {
    const server = await h2Server(() => undefined);
    const { ask, clock } = rig();
    const slow = new Readable({ read: () => undefined });
    slow.push('begun');
    const waiting = ask(server.endpoint, { method: 'PUT', body: slow });
    const stalled = ask(server.endpoint, {
      method: 'PUT',
      body: Readable.from([Buffer.alloc(MIB), Buffer.alloc(MIB)]),
    });
    await until(() => server.streams.length === 2);
    await turns();
    clock.advance(30_000);
    assert.equal(waiting.isOver, false);
    assert.equal(stalled.ending, 'head-timeout');
    slow.push(null);
    await turns();
    clock.advance(30_000);
    assert.equal(waiting.ending, 'head-timeout');
  });
});

describe('a request over HTTP/2 that is given up', () => {
  it('resets its stream and leaves the connection to others', async () => {
    const server = await h2Server((stream, fields) => {
      if (fields[':path'] === '/half') {
        stream.respond({ ':status': 200 });
        stream.write('half');
      } else if (fields[':path'] === '/ok') reply('ok')(stream, fields, []);
    });
    const { ask } = rig();
    const left = new Error('the client left');
    const early = ask(server.endpoint, {}, { onStart: (controller) => controller.abort(left) });
    assert.deepEqual([(await early.over()).calls, early.error], [['start', 'error'], left]);
    const waiting = ask(server.endpoint);
    const half = ask(server.endpoint, { path: '/half' });
    const body = new Readable({ read: () => undefined });
    const upload = ask(server.endpoint, { method: 'PUT', body });
    await until(() => half.body === 'half' && server.streams.length === 3);
    for (const answer of [waiting, half, upload]) {
      answer.controller!.abort(left);
      answer.controller!.abort(left);
      assert.equal(answer.error, left);
      assert.equal(answer.calls.filter((call) => call === 'error').length, 1);
    }
    await until(() => server.streams.every(({ destroyed }) => destroyed));
    assert.ok(
      server.streams.every(({ rstCode }) => rstCode === 8),
      'CANCEL',
    );
    assert.equal((await ask(server.endpoint, { path: '/ok' }).over()).body, 'ok');
    assert.equal(server.sessions.length, 1);
    assert.equal(body.listenerCount('data'), 0);
  });

  it('a thousand times, in whatever state, leaves no stream and no timer', async () => {
    const server = await h2Server((stream, fields) => {
      if (fields[':path'] !== '/silent') {
        stream.respond({ ':status': 200 });
        stream.write('half');
      }
    });
    const { ask, clock, transport } = rig();
    const left = new Error('the client left');
    const paths = ['/silent', '/head', '/half'];
    for (let i = 0; i < 1_000; i++) {
      const path = paths[i % paths.length]!;
      const answer = ask(
        server.endpoint,
        { path },
        {
          onHead: (controller) => path === '/head' && controller.abort(left),
          onData: (controller) => controller.abort(left),
        },
      );
      if (path === '/silent') {
        const count = server.streams.length;
        await until(() => answer.controller !== undefined && server.streams.length > count);
        answer.controller!.abort(left);
      }
      assert.equal((await answer.over()).error, left);
    }
    await until(() => server.streams.every(({ destroyed }) => destroyed));
    await transport.release(server.endpoint, false);
    assert.equal(clock.pending, 0);
    await until(() => server.open === 0);
  }).timeout(20_000);
});

describe('an endpoint that is too slow over HTTP/2', () => {
  it('loses the request, by the limits of the transport or those of the request', async () => {
    const server = await h2Server((stream, fields) => {
      if (fields[':path'] !== '/half') return;
      stream.respond({ ':status': 200 });
      stream.write('half');
    });
    const { ask, clock } = rig();
    const own = ask(server.endpoint, { headTimeoutMs: 700 });
    const common = ask(server.endpoint);
    const half = ask(server.endpoint, { path: '/half' });
    const ownHalf = ask(server.endpoint, { path: '/half', bodyTimeoutMs: 900 });
    await until(() => server.streams.length === 4 && half.body === 'half' && ownHalf.body === 'half');
    clock.advance(699);
    assert.equal(own.isOver, false);
    clock.advance(1);
    assert.equal(own.ending, 'head-timeout');
    clock.advance(200);
    assert.equal(ownHalf.ending, 'body-timeout');
    clock.advance(29_099);
    assert.deepEqual([common.isOver, half.isOver], [false, false]);
    clock.advance(1);
    assert.equal(common.ending, 'head-timeout');
    clock.advance(30_000);
    assert.equal(half.ending, 'body-timeout');
    await until(() => server.streams.every(({ destroyed }) => destroyed));
  });

  it('and says nothing at all gets nothing more on that connection', async () => {
    const server = await rawH2(({ type, stream }, socket) => {
      if (type !== FRAME.headers) return;
      socket.write(headers(stream, [[':status', '204']], END_HEADERS | END_STREAM));
    });
    const { ask, clock } = rig();
    await ask(server.endpoint).over();
    server.connections[0]!.pause();
    const eaten = ask(server.endpoint, { headTimeoutMs: 2_000 });
    await turns();
    clock.advance(1_999);
    assert.equal(eaten.isOver, false);
    clock.advance(1);
    assert.equal(eaten.ending, 'head-timeout');
    assert.equal((await ask(server.endpoint).over()).status, 204);
    assert.equal(server.connections.length, 2);
    server.connections[0]!.resume();
    await until(() => server.open === 1);
  });

  it('is asked by one PING whether it is there, and loses new requests if it does not say', async () => {
    const server = await rawH2(() => undefined);
    const { ask, clock } = rig();
    const eaten = ask(server.endpoint);
    await until(() => server.frames.some(({ type }) => type === FRAME.headers));
    const pings = (): number => server.frames.filter(({ type, flags }) => type === FRAME.ping && flags === 0).length;
    clock.advance(4_999);
    await turns();
    assert.equal(pings(), 0);
    clock.advance(1);
    await until(() => pings() === 1);
    clock.advance(4_999);
    ask(server.endpoint);
    await turns();
    assert.deepEqual([pings(), server.connections.length], [1, 1]);
    clock.advance(1);
    ask(server.endpoint);
    await until(() => server.connections.length === 2);
    assert.equal(eaten.isOver, false, 'it may have been heard');
    clock.advance(20_000);
    assert.equal(eaten.ending, 'head-timeout');
  });

  it('keeps its connection if it says that it is there', async () => {
    const server = await h2Server(() => undefined);
    const { ask, clock } = rig();
    ask(server.endpoint);
    await until(() => server.streams.length === 1);
    let pings = 0;
    server.sessions[0]!.on('ping', () => pings++);
    for (let i = 0; i < 5; i++) {
      clock.advance(5_000);
      await turns();
    }
    ask(server.endpoint);
    await until(() => server.streams.length === 2);
    assert.deepEqual([pings, server.sessions.length], [1, 1]);
  });
});
