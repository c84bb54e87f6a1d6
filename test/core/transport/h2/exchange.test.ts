import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { turn, until } from '../../../conformance/wire.ts';
import { h2Server, reply, rig } from './rig.ts';

describe('a request over HTTP/2', () => {
  it('arrives as it was given, without what belongs to connections, and its answer comes back as it was sent', async () => {
    let seen: string[] = [];
    const server = await h2Server((stream, _headers, raw) => {
      seen = raw;
      stream.respond([':status', '418', 'x-b', 'two', 'set-cookie', 'a=1', 'x-a', '\xe9', 'set-cookie', 'b=2']);
      stream.end('short and stout');
    });
    const headers = ['Host', 'shop.test', 'X-Twice', 'a', 'Connection', 'close', 'x-twice', 'b', 'Cookie', 'a=1; b=2'];
    const more = ['TE', 'trailers', 'Keep-Alive', 'timeout=5', 'Upgrade', 'h2c', 'X-Latin', '\xe4', 'te', 'gzip'];
    const answer = await rig()
      .ask(server.endpoint, { path: '/a//b/%2e?q', headers: [...headers, ...more] })
      .over();
    assert.deepEqual(seen, [
      ...[':method', 'GET', ':scheme', 'http', ':authority', 'shop.test', ':path', '/a//b/%2e?q'],
      ...['x-twice', 'a', 'x-twice', 'b', 'cookie', 'a=1; b=2', 'te', 'trailers', 'x-latin', '\xe4'],
    ]);
    assert.deepEqual(answer.calls, ['start', 'head 418', 'data', 'end']);
    assert.equal(answer.body, 'short and stout');
    const date = answer.headers.indexOf('date');
    const own = date === -1 ? answer.headers : answer.headers.toSpliced(date, 2);
    assert.deepEqual(own, ['x-b', 'two', 'set-cookie', 'a=1', 'x-a', '\xe9', 'set-cookie', 'b=2']);
  });
  it('many share one connection', async () => {
    const server = await h2Server((stream, headers) => reply(String(headers[':path']))(stream, headers, []));
    const { ask } = rig();
    const answers = Array.from({ length: 300 }, (_, i) => ask(server.endpoint, { path: `/${i}` }));
    for (const [i, answer] of answers.entries()) assert.equal((await answer.over()).body, `/${i}`);
    assert.equal(server.sessions.length, 1);
    await until(() => server.streams.every(({ destroyed }) => destroyed));
  });
  it('streams its body', async () => {
    const server = await h2Server((stream, headers) => {
      stream.respond({ ':status': 200, 'x-length': headers['content-length'] ?? 'none' });
      stream.pipe(stream);
    });
    const { ask } = rig();
    const body = Readable.from(['one ', 'two ', 'three'], { objectMode: false });
    const answer = await ask(server.endpoint, { method: 'POST', body }).over();
    assert.equal(answer.body, 'one two three');
  });

  it('sends trailers after its body, and hears those of the answer', async () => {
    const heard: string[][] = [];
    const server = await h2Server((stream) => {
      stream.on('trailers', (_fields: object, _flags: number, raw: string[]) => heard.push(raw));
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-latin': '\xe4' }));
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.resume().on('end', () => stream.end('done'));
    });
    const { ask } = rig();
    const body = Readable.from([Buffer.from('a')]);
    const trailers = (): string[] => ['X-Sum', '1', 'x-sum', '2'];
    const answer = await ask(server.endpoint, { method: 'POST', body, trailers }).over();
    assert.deepEqual(heard, [['x-sum', '1', 'x-sum', '2']]);
    assert.deepEqual(answer.trailers, ['grpc-status', '0', 'x-latin', '\xe4']);
    const none = await ask(server.endpoint, { method: 'POST', body: Readable.from([]), trailers: () => [] }).over();
    assert.equal(none.ending, 'end');
    const wrong = (): string[] => ['x-bad', 'a\r\nb'];
    const bad = ask(server.endpoint, { method: 'POST', body: Readable.from([]), trailers: wrong });
    assert.equal((await bad.over()).ending, 'bad-request');
  });

  it('hears of interim responses first', async () => {
    const server = await h2Server((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const answer = await rig().ask(server.endpoint).over();
    assert.deepEqual(answer.calls, ['start', 'head 103', 'head 204', 'end']);
    assert.deepEqual(answer.interims, [[103, ['link', '</a.css>']]]);
  });

  it('with an expectation keeps its body until it is wanted, or for a second', async () => {
    const taken: string[] = [];
    const server = await h2Server((stream, { expect }) => {
      assert.equal(expect, '100-continue');
      stream.on('data', (chunk: Buffer) => taken.push(String(chunk)));
      stream.on('end', () => reply('thanks')(stream, {}, []));
    });
    const { ask, clock } = rig();
    const request = { method: 'PUT', headers: ['Expect', '100-continue'], isContinueExpected: true };
    const first = ask(server.endpoint, { ...request, body: Buffer.from('whole') });
    await until(() => server.streams.length === 1);
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual(taken, []);
    server.streams[0]!.additionalHeaders({ ':status': 100 });
    assert.equal((await first.over()).body, 'thanks');
    assert.deepEqual(first.calls, ['start', 'head 100', 'head 200', 'data', 'end']);
    const second = ask(server.endpoint, { ...request, body: Readable.from([Buffer.from('streamed')]) });
    await until(() => server.streams.length === 2);
    clock.advance(999);
    assert.deepEqual(second.calls, ['start']);
    clock.advance(1);
    assert.deepEqual(second.calls, ['start', 'head 100'], 'we say it in the place of the endpoint');
    assert.equal((await second.over()).body, 'thanks');
    assert.deepEqual(taken, ['whole', 'streamed']);
  });

  it('with an expectation that is refused never sends its body', async () => {
    const server = await h2Server((stream) => stream.respond({ ':status': 417 }, { endStream: true }));
    const body = Readable.from([Buffer.from('never')]);
    const answer = await rig().ask(server.endpoint, { method: 'PUT', body, isContinueExpected: true }).over();
    assert.equal(answer.status, 417);
    assert.equal(body.readableDidRead, false);
    await until(() => server.streams[0]!.destroyed);
  });

  it('is answered before it is through, and then takes no more of its body', async () => {
    const server = await h2Server((stream) => stream.respond({ ':status': 413 }, { endStream: true }));
    const body = new Readable({ read: () => undefined });
    body.push('first');
    const answer = await rig().ask(server.endpoint, { method: 'PUT', body }).over();
    assert.deepEqual([answer.status, answer.ending], [413, 'end']);
    await until(() => server.streams[0]!.destroyed);
    assert.equal(body.listenerCount('data'), 0);
  });

  it('has no body in an answer to HEAD, nor with 204 and 304', async () => {
    const server = await h2Server((stream, headers) => {
      const status = Number(String(headers[':path']).slice(1));
      stream.respond({ ':status': status, ...(status !== 204 && { 'content-length': 9 }) }, { endStream: true });
    });
    const { ask } = rig();
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const answer = await ask(server.endpoint, { method, path: `/${status}` }).over();
      assert.deepEqual(answer.calls, ['start', `head ${status}`, 'end']);
    }
  });

  it('asks for `*` and uses its own authority without a Host field', async () => {
    const seen: (string | undefined)[] = [];
    const server = await h2Server((stream, headers) => {
      seen.push(headers[':path'], headers[':authority']);
      reply()(stream, headers, []);
    });
    await rig().ask(server.endpoint, { method: 'OPTIONS', path: '*' }).over();
    assert.deepEqual(seen, ['*', `127.0.0.1:${server.port}`]);
  });

  it('that is not what it announces is not sent, or not finished', async () => {
    const server = await h2Server(() => undefined);
    const { ask } = rig();
    const length = (n: string): string[] => ['content-length', n];
    const wrong = [
      { headers: ['x', 'a\0b'] },
      { headers: ['x', 'a\nb'] },
      { headers: ['x y', 'a'] },
      { headers: [':path', '/'] },
      { headers: ['x', '\u0142'] },
      { headers: ['Host', 'a b'] },
      { path: '/ HTTP/1.1' },
      { path: '' },
      { method: 'G T' },
      { method: 'CONNECT' },
      { headers: length('5'), body: Buffer.from('four') },
      { headers: length('0'), body: Buffer.from('four') },
      { headers: length('4x'), body: Buffer.from('four') },
      { headers: [...length('4'), ...length('4')], body: Buffer.from('four') },
      { headers: length('1') },
    ];
    for (const request of wrong) {
      const answer = await ask(server.endpoint, request).over();
      assert.deepEqual([answer.calls, answer.ending], [['error'], 'bad-request'], JSON.stringify(request));
    }
    assert.equal(server.streams.length, 0);
    for (const n of ['3', '5']) {
      const body = Readable.from([Buffer.from('four')]);
      assert.equal((await ask(server.endpoint, { headers: length(n), body }).over()).ending, 'bad-request', n);
    }
    const broken = new Readable({ read: () => undefined });
    const answer = ask(server.endpoint, { body: broken });
    broken.destroy(new Error('the client left'));
    assert.equal((await answer.over()).ending, 'the client left');
    await until(() => server.streams.every(({ destroyed }) => destroyed));
    assert.equal(server.sessions.length, 1);
  });
});
