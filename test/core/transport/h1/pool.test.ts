/**
 * Which connection a request goes out on, and which connections there are.
 */
import assert from 'node:assert/strict';
import { manualClock, seeded } from '@evenkeel/core/testing';
import { turn, until } from '../../../conformance/wire.ts';
import { Hearing } from './hearing.ts';
import { answering, cooled, rig, server } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('connections', () => {
  it('are used again, the one that was used last first', async () => {
    const { url, peers, heard } = await server();
    const { send } = rig(url);
    const first = send({ path: '/1' });
    const second = send({ path: '/2' });
    (await heard(0, /\/1/)).say(OK);
    await first.over;
    await cooled();
    (await heard(1, /\/2/)).say(OK);
    await second.over;
    await cooled();
    send({ path: '/3' });
    await heard(1, /\/3/);
    send({ path: '/4' });
    await heard(0, /\/4/);
    assert.equal(peers.length, 2);
  });

  it('are used again by a request that is sent when the response ends', async () => {
    const { url, peers } = await server(answering());
    const { send } = rig(url);
    const next = new Hearing();
    const first = new Hearing();
    first.onResponseEnd = () => void send({}, next);
    send({}, first);
    assert.equal((await next.over).body, 'ok');
    assert.equal(peers.length, 1);
  });

  it('are used again after HEAD, after a body until 204, and after an interim response', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
      'HTTP/1.1 204 No\r\n\r\n',
      `HTTP/1.1 103 Hints\r\n\r\n${OK}`,
      OK,
    ];
    const { url, peers } = await server((peer) => peer.say(answers.shift()!));
    const { ask } = rig(url);
    for (const method of ['HEAD', 'DELETE', 'GET', 'GET']) {
      assert.equal((await ask({ method })).ending, 'whole');
      await cooled();
    }
    assert.equal(peers.length, 1);
  });

  it('are not used again where the endpoint or the request says so', async () => {
    for (const answer of [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok',
    ]) {
      const { url, peers } = await server((peer) => peer.say(answer));
      const { ask } = rig(url);
      for (let count = 1; count <= 2; count++) {
        assert.equal((await ask()).body, 'ok');
        await until(() => peers[count - 1]!.isEnded);
        assert.equal(peers.length, count);
      }
    }
    const { url, peers, heard } = await server(answering());
    const { ask } = rig(url);
    const asked = ask({ headers: ['Connection', 'close'] });
    assert.equal((await asked).body, 'ok');
    await heard(0, /^/);
    await until(() => peers[0]!.isEnded);
  });

  it('rest for keepAliveMs, or for as long as the endpoint says, less a second', async () => {
    for (const [fields, ms] of [
      ['', 4_000],
      ['Keep-Alive: max=5\r\n', 4_000],
      ['Keep-Alive: timeout=30, max=100\r\n', 29_000],
      ['keep-alive: MAX=100,Timeout=2\r\n', 1_000],
    ] as const) {
      const { url, peers } = await server(answering('ok', fields));
      const clock = manualClock();
      const { ask } = rig(url, { clock });
      await ask();
      await cooled();
      clock.advance(ms - 1);
      await ask();
      assert.equal(peers.length, 1, `${fields} after ${ms - 1} ms`);
      await cooled();
      clock.advance(ms);
      await ask();
      assert.equal(peers.length, 2, `${fields} after ${ms} ms`);
    }
  });

  it('that are idle for too long are closed although nobody asks for one', async () => {
    const { url, peers } = await server(answering());
    const clock = manualClock();
    const { ask } = rig(url, { clock });
    await ask();
    await cooled();
    clock.advance(6_000);
    await until(() => peers[0]!.isEnded);
    assert.equal(clock.pending, 0);
  });

  it('are not used again past their age, which differs by a tenth', async () => {
    const ages = new Set<number>();
    for (let seed = 1; seed <= 6; seed++) {
      const { url, peers } = await server(answering());
      const clock = manualClock();
      const { ask } = rig(url, { clock, random: seeded(seed), maxConnectionAgeMs: 1_000 });
      let age = 0;
      for (; peers.length < 2; age += 25) {
        await ask();
        await cooled();
        clock.advance(25);
      }
      assert.ok(age >= 900 && age <= 1_150, `${age}`);
      ages.add(age);
    }
    assert.ok(ages.size > 1);
  });

  it('that say something unasked are not used again', async () => {
    const { url, peers, heard } = await server();
    const { send } = rig(url);
    const asked = send();
    (await heard(0, /GET/)).say(OK);
    await asked.over;
    await cooled();
    peers[0]!.say('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
    await until(() => peers[0]!.isEnded);
    const next = send();
    (await heard(1, /GET/)).say(OK);
    assert.equal((await next.over).body, 'ok');
    assert.ok(!asked.isBroken, 'nobody hears of it');
  });

  it('are read again if the last reader had paused', async () => {
    const { url, peers } = await server((peer) => peer.say(OK));
    const { ask, send } = rig(url);
    const paused = new Hearing();
    paused.onChunk = () => paused.controller!.pause();
    await send({}, paused).over;
    await cooled();
    assert.equal((await ask()).body, 'ok');
    assert.equal(peers.length, 1);
  });

  it('are not used again if more follows the response, along with it or later', async () => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    for (const isLater of [false, true]) {
      let count = 0;
      const { url, peers } = await server((peer) => peer.say(count++ === 0 && !isLater ? OK + poison : OK));
      const { send } = rig(url);
      const next = new Hearing();
      const first = new Hearing();
      first.onResponseEnd = () => {
        // It is on its way when the next request is sent at once.
        if (isLater) peers[0]!.say(poison);
        send({ path: '/next' }, next);
      };
      send({}, first);
      assert.equal((await next.over).body, 'ok');
      assert.equal(first.body, 'ok');
      assert.equal(peers.length, 2);
    }
  });

  it('that the endpoint has closed are not used again', async () => {
    const { url, peers } = await server(answering());
    const { ask } = rig(url);
    await ask();
    await cooled();
    peers[0]!.socket.end();
    await until(() => peers[0]!.isEnded);
    assert.equal((await ask()).ending, 'whole');
    peers[1]!.socket.resetAndDestroy();
    await cooled();
    assert.equal((await ask()).ending, 'whole');
    assert.equal(peers.length, 3);
  });

  it('are no more than there may be; requests beyond wait in order, and can be called off', async () => {
    const { url, peers, heard } = await server();
    const { send } = rig(url, { maxConnections: 2 });
    const hearings = ['/1', '/2', '/3', '/4', '/5'].map((path) => send({ path }));
    await Promise.all([heard(0, /\/1/), heard(1, /\/2/)]);
    const [first, , third, fourth] = hearings;
    assert.ok(third!.isWaiting && !third!.isStarted);
    third!.controller!.abort(new Error('called off'));
    assert.equal(third!.ending, 'called off');
    peers[0]!.say(OK);
    await first!.over;
    await heard(0, /\/4/);
    peers[1]!.socket.destroy();
    await heard(2, /\/5/);
    assert.equal(hearings[1]!.ending, 'reset');
    peers[0]!.say(OK);
    assert.equal((await fourth!.over).body, 'ok');
    assert.equal(peers.length, 3);
    assert.doesNotMatch(peers.map(({ received }) => received).join(''), /\/3/);
  });

  it('are made for whoever waits, and given to whoever waits longest', async () => {
    const { url, peers, heard } = await server();
    const { send } = rig(url, { maxConnections: 1 });
    for (let i = 0; i < 2_000; i++) {
      const hearing = new Hearing();
      hearing.onStart = (controller) => controller.abort(new Error('too late'));
      send({ path: '/late' }, hearing);
    }
    send({ path: '/last' });
    await heard(0, /last/);
    assert.equal(peers.length, 1);
    assert.doesNotMatch(peers[0]!.received, /late/);
  });

  it('begin with what has to come first, and carry only requests with the same', async () => {
    const { url, peers } = await server((peer) => peer.received.endsWith('\r\n\r\n') && peer.say(OK));
    const { ask } = rig(url, { maxConnections: 2 });
    for (const preamble of ['PROXY a\r\n', 'PROXY b\r\n', 'PROXY a\r\n', undefined, 'PROXY c\r\n']) {
      const asked = await ask(preamble === undefined ? {} : { preamble: Buffer.from(preamble) });
      assert.equal(asked.body, 'ok');
      await cooled();
    }
    assert.equal(peers.length, 4);
    const [a, b] = peers;
    assert.match(a!.received, /^PROXY a\r\nGET [^]*GET/);
    assert.equal(a!.received.split('PROXY').length, 2);
    assert.match(b!.received, /^PROXY b\r\nGET/);
    await until(() => peers.filter(({ isEnded }) => isEnded).length === 2);
  });
});

describe('release of an endpoint', () => {
  it('ends idle connections at once and busy ones when they are over', async () => {
    const { url, peers, heard } = await server();
    const { send, transport, endpoint } = rig(url);
    const [quick, slow] = [send({ path: '/1' }), send({ path: '/2' })];
    await heard(1, /\/2/);
    peers[0]!.say(OK);
    await quick.over;
    await cooled();
    let isReleased = false;
    const released = transport.release(endpoint, false).then(() => (isReleased = true));
    await until(() => peers[0]!.isEnded);
    await turn();
    assert.ok(!isReleased);
    peers[1]!.say(OK);
    await released;
    assert.equal(slow.ending, 'whole');
    await until(() => peers[1]!.isEnded);
  });

  it('ends everything at once if it has to, also what is left of a gentle one', async () => {
    const { url, peers, heard } = await server();
    const { send, transport, endpoint } = rig(url, { maxConnections: 1 });
    const [busy, waiting] = [send(), send()];
    await heard(0, /GET/);
    const gentle = transport.release(endpoint, false);
    await transport.release(endpoint, true);
    await gentle;
    assert.equal(busy.ending, 'reset');
    assert.equal(waiting.ending, 'reset');
    await until(() => peers[0]!.isEnded);
  });

  it('waits for nothing where nothing is', async () => {
    const { transport, endpoint } = rig('http://127.0.0.1:9');
    await transport.release(endpoint, false);
    await transport.release(endpoint, true);
  });
});
