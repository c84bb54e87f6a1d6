/**
 * Requests as they are on the wire, and those that never get there.
 */
import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import type { UpstreamRequest } from '../../../../packages/core/src/transport/transport.ts';
import { turn, until } from '../../../conformance/wire.ts';
import { cooled, rig, server } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What a request looks like to the endpoint, which answers when it has seen `until`. */
async function onWire(request: Partial<UpstreamRequest>, ending: RegExp = /\r\n\r\n$/): Promise<string> {
  const { url, peers, port } = await server((peer) => ending.test(peer.received) && peer.say(OK));
  const hearing = await rig(url).ask(request);
  assert.equal(hearing.ending, 'whole', hearing.error?.message);
  return peers[0]!.received.replaceAll(String(port), 'PORT');
}

describe('a request', () => {
  it('begins with the host, the one it names or that of the endpoint', async () => {
    assert.equal(await onWire({}), 'GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n');
    const headers = ['A', '1', 'hOST', 'a.example', 'a', '2', 'X', '', 'Y', '\xe4\t\xff'];
    assert.equal(
      await onWire({ path: '/%00?\xe4', headers }),
      'GET /%00?\xe4 HTTP/1.1\r\nhOST: a.example\r\nA: 1\r\na: 2\r\nX: \r\nY: \xe4\t\xff\r\n\r\n',
    );
  });

  it('can be for the server as a whole', async () => {
    assert.match(await onWire({ method: 'OPTIONS', path: '*' }), /^OPTIONS \* HTTP\/1.1\r\n/);
  });

  it('without a body announces none, but says so where one is expected', async () => {
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'QUERY']) {
      const { url, heard } = await server((peer) => peer.say('HTTP/1.1 204 No\r\n\r\n'));
      await rig(url).ask({ method });
      assert.doesNotMatch((await heard(0, /\r\n\r\n$/)).received, /content-length|transfer-encoding/i);
    }
    for (const method of ['POST', 'PUT', 'PATCH'])
      assert.match(await onWire({ method }), /\r\nContent-Length: 0\r\n\r\n$/);
    const announced = await onWire({ method: 'POST', headers: ['content-length', '0'] });
    assert.equal(announced.match(/content-length/gi)?.length, 1);
  });

  it('keeps what it says about the connection to itself', async () => {
    assert.doesNotMatch(await onWire({ headers: ['Connection', 'keep-alive'] }), /connection/i);
    assert.match(await onWire({ headers: ['Connection', 'Close'] }), /\r\nConnection: close\r\n/);
  });

  it('with bytes announces their length, once', async () => {
    const body = Buffer.from('h\xe4llo', 'latin1');
    const expected = 'POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 5\r\n\r\nh\xe4llo';
    assert.equal(await onWire({ method: 'POST', body }, /llo$/), expected);
    assert.equal(await onWire({ method: 'POST', body, headers: ['Content-Length', '5'] }, /llo$/), expected);
  });

  it('with many bytes sends them all', async () => {
    for (const size of [2_048, 2_049, 262_144, 262_145, 3_000_000]) {
      const body = Buffer.alloc(size, '0123456789');
      const { url, peers } = await server((peer) => isWhole(peer.received, size) && peer.say(OK));
      const { ask } = rig(url);
      assert.equal((await ask({ method: 'PUT', body })).body, 'ok');
      assert.equal(peers[0]!.received.slice(-size), body.toString('latin1'));
      await cooled();
      await until(() => peers.length === 1 && !peers[0]!.isEnded);
    }
    function isWhole(text: string, size: number): boolean {
      return text.includes('\r\n\r\n') && text.length - text.indexOf('\r\n\r\n') - 4 === size;
    }
  });

  it('with a stream sends as much as announced', async () => {
    const body = Readable.from([Buffer.from('he'), Buffer.alloc(0), Buffer.from('llo')]);
    const sent = await onWire({ method: 'POST', body, headers: ['Content-Length', '5'] }, /llo$/);
    assert.match(sent, /Content-Length: 5\r\n\r\nhello$/);
  });

  it('with a stream of unknown length sends chunks, and trailers after them', async () => {
    const body = Readable.from([Buffer.from('he'), Buffer.alloc(0), Buffer.from('0123456789abcdef')]);
    const sent = await onWire({ method: 'POST', body }, /0\r\n\r\n$/);
    assert.match(sent, /\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n$/);
    const trailers = () => ['X-Sum', '1', 'y', '\xe4'];
    const withTrailers = await onWire(
      { method: 'POST', body: Readable.from(['h\xe4']), trailers },
      /\r\n\r\n.*\r\n\r\n$/s,
    );
    assert.match(withTrailers, /\r\n\r\n3\r\nh\xc3\xa4\r\n0\r\nX-Sum: 1\r\ny: \xe4\r\n\r\n$/);
  });

  it('with a stream that is not as long as announced is cut off', async () => {
    for (const length of [4, 6]) {
      const { url, peers } = await server();
      const body = Readable.from([Buffer.from('hel'), Buffer.from('lo')]);
      const hearing = await rig(url).ask({ method: 'POST', body, headers: ['Content-Length', String(length)] });
      assert.equal(hearing.ending, 'bad-request');
      await until(() => peers[0]?.isEnded === true);
      assert.ok((peers[0]!.received.split('\r\n\r\n')[1] ?? '').length <= length);
      assert.ok(body.destroyed);
    }
  });

  it('with a stream that breaks, or ends early, is cut off', async () => {
    for (const end of [(body: Readable) => body.destroy(new Error('lost')), (body: Readable) => body.destroy()]) {
      const { url, heard } = await server();
      const body = new PassThrough();
      const hearing = rig(url).send({ method: 'POST', body });
      body.write('half');
      const peer = await heard(0, /half/);
      end(body);
      await hearing.over;
      assert.ok(hearing.ending === 'lost' || hearing.ending === 'bad-request');
      await until(() => peer.isEnded);
      assert.doesNotMatch(peer.received, /\r\n0\r\n/);
    }
  });

  it('with a stream that breaks before there is a connection is called off', async () => {
    const { url } = await server();
    const { send } = rig(url, { maxConnections: 1 });
    send();
    const body = new PassThrough();
    const waiting = send({ method: 'POST', body });
    body.destroy(new Error('lost'));
    assert.equal((await waiting.over).ending, 'lost');
    assert.ok(!waiting.isStarted);
  });

  it('is sent no faster than the endpoint takes it', async () => {
    const { url, peers } = await server();
    let made = 0;
    const body = new Readable({
      highWaterMark: 65_536,
      read() {
        made += 65_536;
        this.push(made > 40_000_000 ? null : Buffer.alloc(65_536));
      },
    });
    rig(url).send({ method: 'POST', body });
    await until(() => peers.length === 1);
    peers[0]!.socket.pause();
    let before = -1;
    while (made !== before) {
      before = made;
      for (let i = 0; i < 50; i++) await turn();
    }
    assert.ok(made < 30_000_000, `${made} bytes were read`);
    body.destroy();
  });

  it('with Expect sends its body when the endpoint wants it', async () => {
    const { url, heard } = await server();
    const { send } = rig(url);
    for (const body of [Buffer.from('hello'), Readable.from([Buffer.from('hello')])]) {
      const hearing = send({ method: 'POST', body, isContinueExpected: true, headers: ['Content-Length', '5'] });
      const peer = await heard(0, /\r\nExpect: 100-continue\r\n\r\n$/);
      await cooled();
      assert.doesNotMatch(peer.received, /hello/);
      peer.say('HTTP/1.1 100 Continue\r\n\r\n');
      await heard(0, /\r\n\r\nhello$/);
      peer.received = '';
      peer.say(OK);
      assert.equal((await hearing.over).ending, 'whole');
      assert.deepEqual(hearing.interims, [100]);
      await cooled();
    }
  });

  it('with Expect never sends its body to an endpoint that has answered, and is the last one on its connection', async () => {
    const { url, peers } = await server((peer) => peer.say('HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno'));
    const hearing = await rig(url).ask({ method: 'POST', body: Buffer.from('hello'), isContinueExpected: true });
    assert.equal(hearing.body, 'no');
    await until(() => peers[0]!.isEnded);
    assert.doesNotMatch(peers[0]!.received, /hello/);
  });

  it('that could be taken for two is refused before a byte is sent', async () => {
    const bad: Partial<UpstreamRequest>[] = [
      ...['', 'G ET', 'GET\r\n', 'G\0', 'G\xe4', 'CONNECT'].map((method) => ({ method })),
      ...['', '/a b', '/\r\n', '/\n', '/\t', '/\0', '/\x7f', '/\u0100', '/\u010a'].map((path) => ({ path })),
      ...['', 'a b', 'a:', 'a\r\nb', 'a\n', '\xe4', '\u010d'].map((name) => ({ headers: [name, 'x'] })),
      ...['a\r\nb: c', 'a\n', 'a\r', '\0', '\x7f', '\u0100', '\u010d\u010a'].map((value) => ({
        headers: ['a', value],
      })),
      ...['keep-alive', 'Transfer-Encoding', 'upgrade', 'Proxy-Connection'].map((name) => ({
        headers: [name, 'chunked'],
      })),
      { headers: ['Connection', 'x'] },
      { headers: ['Host', 'a', 'host', 'a'] },
      { headers: ['Content-Length', '1'] },
      { headers: ['Content-Length', '0', 'content-length', '0'] },
      { headers: ['Content-Length', '5'], body: Buffer.from('four') },
      { headers: ['Content-Length', '4,4'], body: Buffer.from('four') },
      { headers: ['Content-Length', '+4'], body: Readable.from(['four']) },
      { upgrade: 'a\r\nb: c' },
    ];
    const { url, peers } = await server();
    const { send } = rig(url);
    for (const request of bad) {
      const hearing = send({ method: 'POST', ...request });
      assert.equal(hearing.ending, 'bad-request', JSON.stringify(request));
      assert.ok(!hearing.isStarted);
    }
    await cooled();
    assert.equal(peers.length, 0);
  });

  it('with trailers that could be taken for more is cut off', async () => {
    const { url, peers } = await server();
    const hearing = await rig(url).ask({
      method: 'POST',
      body: Readable.from(['x']),
      trailers: () => ['a', 'b\r\n\r\nc'],
    });
    assert.equal(hearing.ending, 'bad-request');
    await until(() => peers[0]!.isEnded);
    assert.doesNotMatch(peers[0]!.received, /\r\n0\r\n/);
  });
});

describe('an answer before the request is whole', () => {
  it('is delivered; the rest of the request is not sent, and the connection not used again', async () => {
    const { url, heard, peers } = await server();
    const { send } = rig(url);
    const body = new PassThrough();
    const hearing = send({ method: 'POST', body });
    body.write('first');
    const peer = await heard(0, /first/);
    peer.say('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n');
    await until(() => hearing.status === 413);
    body.write('second');
    await cooled();
    assert.doesNotMatch(peer.received, /second/);
    peer.say('no');
    assert.equal((await hearing.over).body, 'no');
    assert.ok(body.destroyed);
    await until(() => peer.isEnded);
    assert.equal(peers.length, 1);
  });

  it('does not stop the rest of it if it is a success: it may be what the answer is made of', async () => {
    const { url, heard } = await server();
    const body = new PassThrough();
    const hearing = rig(url).send({ method: 'POST', body });
    body.write('first');
    const peer = await heard(0, /first/);
    peer.say('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n');
    await until(() => hearing.status === 200);
    body.end('second');
    await heard(0, /second\r\n0\r\n\r\n$/);
    peer.say('ok');
    assert.equal((await hearing.over).body, 'ok');
  });
});
