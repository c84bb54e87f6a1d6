import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { until } from '../../../conformance/wire.ts';
import { rawUpstream, refusedUrl } from '../../dispatch/upstream.ts';
import { closing } from '../../../closing.ts';
import { END_HEADERS, END_STREAM, FRAME, data, frame, goaway, headers, rawH2, reset, settings } from './raw-h2.ts';
import type { Frame } from './raw-h2.ts';
import { endpointAt, h2Server, reply, rig } from './rig.ts';

const OK: [string, string] = [':status', '200'];
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL } = http2.constants;
const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = http2.constants;

/** How a request ends if the endpoint answers it with these bytes. */
async function endingOf(bytes: (stream: number) => Buffer, request = {}): Promise<string> {
  const server = await rawH2((heard, socket) => {
    if (heard.type === FRAME.headers) socket.write(bytes(heard.stream));
  });
  return (await rig().ask(server.endpoint, request).over()).ending;
}

describe('an endpoint that goes away', () => {
  it('is sent what it did not look at once more, on another connection, and finishes what it did', async () => {
    const heard: [number, Frame][] = [];
    const server = await rawH2((frame_, socket) => {
      if (frame_.type !== FRAME.headers) return;
      const connection = server.connections.indexOf(socket);
      heard.push([connection, frame_]);
      if (connection > 0) socket.write(headers(frame_.stream, [OK], END_HEADERS | END_STREAM));
      else if (frame_.stream === 3) {
        socket.write(goaway(1, NGHTTP2_NO_ERROR));
        socket.write(headers(1, [OK]));
        socket.write(data(1, 'old', END_STREAM));
      }
    });
    const { ask } = rig();
    const first = ask(server.endpoint);
    const second = ask(server.endpoint, { method: 'POST', body: Buffer.from('x') });
    assert.equal((await first.over()).body, 'old');
    assert.deepEqual((await second.over()).calls, ['start', 'head 200', 'end'], 'its handler heard nothing of it');
    assert.deepEqual(
      heard.map(([connection, { stream }]) => [connection, stream]),
      [
        [0, 1],
        [0, 3],
        [1, 1],
      ],
    );
    await until(() => server.open === 1);
  });

  it('again and again loses the request to others', async () => {
    const server = await rawH2(({ type }, socket) => {
      if (type === FRAME.headers) socket.write(goaway(0, NGHTTP2_NO_ERROR));
    });
    const answer = await rig().ask(server.endpoint).over();
    assert.deepEqual([answer.calls, answer.ending], [['start', 'error'], 'unprocessed']);
    assert.equal(server.connections.length, 3);
  });

  it('with an error, or while a body was on its way, leaves it to others to send again what it did not look at', async () => {
    const server = await rawH2(({ type, stream }, socket) => {
      if (type === FRAME.headers && stream === 3) socket.write(goaway(1, NGHTTP2_ENHANCE_YOUR_CALM));
    });
    const { ask } = rig();
    const processed = ask(server.endpoint);
    const unprocessed = ask(server.endpoint);
    assert.equal((await unprocessed.over()).ending, 'unprocessed');
    assert.equal((await processed.over()).ending, 'reset');
    const graceful = await rawH2(({ type }, socket) => {
      if (type === FRAME.data) socket.write(goaway(0, NGHTTP2_NO_ERROR));
    });
    const body = new Readable({ read: () => undefined });
    body.push('begun');
    assert.equal((await ask(graceful.endpoint, { body }).over()).ending, 'unprocessed');
    assert.equal(graceful.connections.length, 1);
  });

  it('refuses a stream: it is sent nothing twice, and the connection stays', async () => {
    const server = await h2Server((stream, fields) => {
      if (server.streams.length === 1) stream.close(NGHTTP2_REFUSED_STREAM);
      else reply('ok')(stream, fields, []);
    });
    const { ask } = rig();
    assert.equal((await ask(server.endpoint).over()).ending, 'unprocessed');
    assert.equal((await ask(server.endpoint).over()).body, 'ok');
    assert.equal(server.sessions.length, 1);
  });

  it('in the middle of everything fails what is on it', async () => {
    const server = await h2Server((stream, fields) => {
      if (fields[':path'] === '/half') {
        stream.respond({ ':status': 200 });
        stream.write('half');
      }
    });
    const { ask } = rig();
    const half = ask(server.endpoint, { path: '/half' });
    const none = ask(server.endpoint);
    await until(() => half.body === 'half' && server.streams.length === 2);
    for (const socket of server.sockets) socket.destroy();
    assert.equal((await half.over()).ending, 'reset');
    assert.equal((await none.over()).ending, 'reset');
    assert.equal(
      (await ask(server.endpoint, { path: '/half' }, { onHead: (c) => c.abort(new Error('seen')) }).over()).ending,
      'seen',
    );
    assert.equal(server.sessions.length, 2, 'the next request gets a new connection');
  });
});

describe('a response over HTTP/2 that is cut off', () => {
  it('never looks whole', async () => {
    for (const code of [NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR]) {
      const fields: [string, string][] = code === NGHTTP2_NO_ERROR ? [OK, ['content-length', '5']] : [OK];
      const bytes = (stream: number): Buffer => Buffer.concat([headers(stream, fields), data(stream, 'half')]);
      assert.equal(await endingOf((stream) => Buffer.concat([bytes(stream), reset(stream, code)])), 'reset', `${code}`);
    }
    const server = await h2Server((stream) => {
      stream.respond({ ':status': 200, 'content-length': 5 });
      stream.write('half', () => stream.destroy());
    });
    assert.equal((await rig().ask(server.endpoint).over()).ending, 'reset');
  });

  it('may be whole if nobody knows better: a server of Node ends some like that', async () => {
    for (const fields of [[OK], [OK, ['content-length', '5']]] as [string, string][][]) {
      const bytes = (stream: number): Buffer => Buffer.concat([headers(stream, fields), data(stream, 'whole')]);
      assert.equal(await endingOf((stream) => Buffer.concat([bytes(stream), reset(stream, NGHTTP2_NO_ERROR)])), 'end');
    }
  });

  it('or too long for its Content-Length is reset', async () => {
    const fields: [string, string][] = [OK, ['content-length', '5']];
    for (const body of ['four', 'sixsix']) {
      const bytes = (stream: number): Buffer =>
        Buffer.concat([headers(stream, fields), data(stream, body, END_STREAM)]);
      assert.equal(await endingOf(bytes), 'reset', body);
    }
  });

  it('before its head is reset, whatever the code', async () => {
    for (const code of [NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR]) {
      assert.equal(await endingOf((stream) => reset(stream, code)), 'reset', String(code));
    }
  });
});

describe('a response head over HTTP/2', () => {
  const head =
    (fields: [string, string][], flags = END_HEADERS | END_STREAM) =>
    (stream: number) =>
      headers(stream, fields, flags);
  const padding = (count: number, value: string): [string, string][] =>
    Array.from({ length: count }, (_, i) => [`x-${i}`, value]);

  it('that makes no sense is a bad response', async () => {
    for (const status of ['099', '000', '1', '20', '2000', 'abc', '-20', '101', '100']) {
      assert.equal(await endingOf(head([[':status', status]])), 'bad-response', status);
    }
    assert.equal(await endingOf(head([])), 'bad-response', 'no status');
    assert.equal(await endingOf(head([OK, OK])), 'bad-response', 'two');
    assert.equal(await endingOf(head([OK, ['connection', 'close']])), 'bad-response');
    assert.equal(await endingOf(head([OK, ['X-Upper', 'a']])), 'bad-response');
    assert.equal(await endingOf(head([[':status', '101']], END_HEADERS)), 'bad-response', '101 unasked');
    assert.equal(await endingOf((stream) => data(stream, 'no head')), 'bad-response');
    const hints = Buffer.concat(Array.from({ length: 70 }, () => headers(1, [[':status', '103']])));
    assert.equal(await endingOf(() => hints), 'bad-response', 'interim responses without end');
  });

  it('is within limits, or a bad response', async () => {
    assert.equal(await endingOf(head([OK, ...padding(100, 'y')])), 'end');
    assert.equal(await endingOf(head([OK, ...padding(129, 'y')])), 'bad-response');
    assert.equal(await endingOf(head([OK, ...padding(120, 'y'.repeat(120))])), 'end');
    assert.equal(await endingOf(head([OK, ...padding(127, 'y'.repeat(126))])), 'bad-response');
  });

  it('with far too many fields, or cut off, never ends the process', async () => {
    for (const mode of ['many', 'cut-frame', 'cut-head']) {
      const args = [...process.execArgv, join(import.meta.dirname, 'fixtures/hostile-heads.ts'), mode];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      assert.deepEqual(await once(child, 'exit'), [0, null], mode);
    }
  }).timeout(60_000);
});

describe('an endpoint that', () => {
  it('refuses, is silent, or speaks something else fails before anything is sent', async () => {
    const { ask, clock } = rig();
    const refused = await ask(endpointAt(await refusedUrl())).over();
    assert.deepEqual([refused.calls, refused.ending, refused.lastController], [['error'], 'connect-failed', null]);
    for (const bytes of ['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n'.repeat(9), '\0'.repeat(5_000)]) {
      const server = closing(await rawUpstream((socket) => void socket.resume().write(bytes)));
      const answer = await ask(endpointAt(server.url)).over();
      assert.deepEqual([answer.calls, answer.ending], [['error'], 'connect-failed'], bytes);
    }
    const silent = closing(await rawUpstream((socket) => void socket.resume()));
    const answer = ask(endpointAt(silent.url));
    await until(() => silent.open === 1);
    clock.advance(1_000);
    assert.deepEqual([answer.calls, answer.ending], [['error'], 'connect-timeout']);
    await until(() => silent.open === 0);
    const closed = closing(await rawUpstream((socket) => void socket.destroy()));
    assert.equal((await ask(endpointAt(closed.url)).over()).ending, 'connect-failed');
  });

  it('takes no streams at all fails', async () => {
    const server = await rawH2(() => undefined, settings([3, 0]));
    assert.equal((await rig().ask(server.endpoint).over()).ending, 'connect-failed');
    assert.equal(server.connections.length, 1);
  });

  it('breaks the rules of the connection loses it', async () => {
    assert.equal(await endingOf(() => Buffer.alloc(9_000, 0xff)), 'bad-response');
    assert.equal(
      await endingOf((stream) => frame(FRAME.headers, END_HEADERS, stream, Buffer.alloc(40, 0xff))),
      'bad-response',
    );
    assert.equal(await endingOf(() => frame(FRAME.continuation, 0, 1, Buffer.alloc(9))), 'bad-response');
  });
});
