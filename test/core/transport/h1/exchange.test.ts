/**
 * What may happen between a request and the end of its response.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { turn, until } from '../../../conformance/wire.ts';
import { Hearing } from './hearing.ts';
import { cooled, rig, server } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('abort', () => {
  it('ends the connection at any time, and says so at once', async () => {
    const cases: [string, number][] = [
      ['', 0],
      ['HTTP/1.1 20', 0],
      ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', 200],
    ];
    for (const [said, status] of cases) {
      const { url, heard } = await server();
      const body = new PassThrough();
      const hearing = rig(url).send({ method: 'POST', body });
      const peer = await heard(0, /chunked/);
      if (said !== '') peer.say(said);
      await until(() => hearing.status === status);
      hearing.controller!.abort(new Error('enough'));
      assert.equal(hearing.ending, 'enough');
      hearing.controller!.abort(new Error('again'));
      await until(() => peer.isEnded);
      assert.ok(body.destroyed);
    }
  });

  it('before the first byte leaves the connection to others', async () => {
    const { url, peers } = await server((peer) => peer.say(OK));
    const { send, ask } = rig(url);
    const hearing = new Hearing();
    hearing.onStart = (controller) => controller.abort(new Error('late'));
    assert.equal((await send({ path: '/no' }, hearing).over).ending, 'late');
    assert.equal((await ask({ path: '/yes' })).body, 'ok');
    assert.equal(peers.length, 1);
    assert.doesNotMatch(peers[0]!.received, /no/);
  });

  it('within any call is the last that is heard', async () => {
    for (const on of ['onStart', 'onInterim', 'onHead', 'onChunk'] as const) {
      const { url } = await server((peer) =>
        peer.say('HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'),
      );
      const hearing = new Hearing();
      hearing[on] = () => hearing.controller!.abort(new Error(on));
      assert.equal((await rig(url).send({}, hearing).over).ending, on);
      await cooled();
      assert.ok(!hearing.isBroken);
    }
  });
});

describe('pause', () => {
  it('stops what arrives until resume, and loses nothing', async () => {
    const body = Buffer.alloc(4_000_000, '0123456789').toString('latin1');
    const { url } = await server((peer) =>
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    );
    const hearing = new Hearing();
    let isPaused = false;
    hearing.onChunk = hearing.onHead = () => {
      assert.ok(!isPaused);
      isPaused = true;
      hearing.controller!.pause();
    };
    rig(url).send({}, hearing);
    while (!hearing.isOver) {
      await until(() => isPaused || hearing.isOver);
      const { chunks } = hearing;
      await turn();
      await turn();
      if (hearing.isOver) break;
      assert.equal(hearing.chunks, chunks);
      isPaused = false;
      hearing.controller!.resume();
    }
    assert.equal(hearing.body, body);
  });

  it('before the head holds the head back', async () => {
    const { url } = await server((peer) => peer.say(OK));
    const hearing = new Hearing();
    hearing.onStart = (controller) => controller.pause();
    rig(url).send({}, hearing);
    await cooled();
    await cooled();
    assert.equal(hearing.status, 0);
    hearing.controller!.resume();
    assert.equal((await hearing.over).body, 'ok');
  });

  it('by somebody who is over does nothing to the next request', async () => {
    const { url, peers } = await server((peer) => peer.say(OK));
    const { ask, send } = rig(url);
    const first = await ask();
    await cooled();
    const second = send();
    first.controller!.pause();
    first.controller!.abort(new Error('late'));
    assert.equal((await second.over).body, 'ok');
    await cooled();
    assert.equal(peers.length, 1);
    assert.equal(first.ending, 'whole');
  });
});

describe('a connection that breaks', () => {
  it('right behind the last bytes of a body that lasts until the end is a reset, too', async () => {
    for (let i = 0; i < 20; i++) {
      const { url, heard } = await server();
      const hearing = rig(url).send();
      const peer = await heard(0, /GET/);
      peer.say('HTTP/1.1 200 OK\r\n\r\nhalf');
      peer.socket.resetAndDestroy();
      await hearing.over;
      assert.equal(hearing.ending, 'reset');
    }
  });

  it('is a reset, before the head and after it', async () => {
    for (const said of [
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
      'HTTP/1.1 200 OK\r\n\r\nhalf',
    ]) {
      for (const isHard of [false, true]) {
        const { url, heard } = await server();
        const hearing = rig(url).send();
        const peer = await heard(0, /GET/);
        peer.say(said);
        if (said.endsWith('half')) await until(() => hearing.body === 'half');
        if (isHard) peer.socket.resetAndDestroy();
        else peer.socket.end();
        await hearing.over;
        const isUntilEnd = said.endsWith('\r\n\r\nhalf') && !said.includes('Length') && !isHard;
        assert.equal(hearing.ending, isUntilEnd ? 'whole' : 'reset');
      }
    }
  });

  it('or was never there is no start of anything', async () => {
    const { url, ...listener } = await server();
    await listener[Symbol.asyncDispose]();
    const { send } = rig(url, { maxConnections: 2 });
    const all = await Promise.all([1, 2, 3, 4, 5].map(() => send().over));
    for (const hearing of all) {
      assert.equal(hearing.ending, 'connect-failed');
      assert.match(hearing.error!.message, /ECONNREFUSED/);
      assert.ok(!hearing.isStarted);
    }
  });
});

describe('an upgrade', () => {
  it('hands the connection over, with what came after the head', async () => {
    const { url, heard } = await server();
    const { send, transport, endpoint } = rig(url);
    const hearing = send({ upgrade: 'echo', headers: ['Sec-X', '1'] });
    const peer = await heard(0, /\r\nSec-X: 1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n$/);
    peer.say('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nfirst');
    const { socket, fields } = await hearing.over;
    assert.deepEqual(fields, ['Upgrade', 'echo', 'Connection', 'Upgrade']);
    const [first] = (await once(socket!, 'data')) as [Buffer];
    assert.equal(String(first), 'first');
    socket!.write('hello');
    await heard(0, /hello$/);
    peer.say('second');
    const [second] = (await once(socket!, 'data')) as [Buffer];
    assert.equal(String(second), 'second');
    await transport.release(endpoint, true);
    assert.ok(!socket!.destroyed, "it is not the transport's any more");
    socket!.destroy();
    await until(() => peer.isEnded);
  });

  it('that is refused is a response as any other, on a connection that is not used again', async () => {
    const { url, peers } = await server((peer) => peer.say('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'));
    const hearing = await rig(url).ask({ upgrade: 'echo' });
    assert.deepEqual([hearing.status, hearing.body, hearing.ending], [403, 'no', 'whole']);
    await until(() => peers[0]!.isEnded);
  });

  it('never goes out on a connection that was used before, and waits for room', async () => {
    const { url, peers, heard } = await server((peer) =>
      peer.say(/Upgrade/.test(peer.received) ? 'HTTP/1.1 101 Up\r\n\r\n' : OK),
    );
    const { ask, send } = rig(url, { maxConnections: 1 });
    await ask();
    await cooled();
    const hearing = await ask({ upgrade: 'echo' });
    assert.equal(peers.length, 2);
    const next = send();
    await heard(2, /GET/);
    assert.equal((await next.over).body, 'ok', 'what was handed over does not count');
    hearing.socket!.destroy();
  });

  it('by an endpoint that dies in the middle is a reset', async () => {
    const { url } = await server((peer) => (peer.say('HTTP/1.1 101 Sw'), peer.socket.end()));
    assert.equal((await rig(url).ask({ upgrade: 'echo' })).ending, 'reset');
  });
});
