import assert from 'node:assert/strict';
import { seeded } from '@evenkeel/core/testing';
import type { ServerHttp2Stream } from 'node:http2';
import { turn, until } from '../../../conformance/wire.ts';
import { rawUpstream } from '../../dispatch/upstream.ts';
import { closing } from '../../../closing.ts';
import { endpointAt, h2Server, reply, rig } from './rig.ts';
import type { Answer, H2Server } from './rig.ts';

/** A server whose streams wait until the test answers them. */
function held(options = {}): Promise<H2Server> {
  return h2Server(() => undefined, options);
}

function finish(stream: ServerHttp2Stream): void {
  reply('ok')(stream, {}, []);
}

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

describe('the HTTP/2 connections of an endpoint', () => {
  it('are more when one takes no more streams, up to the limit; then requests wait in line', async () => {
    const server = await held({ settings: { maxConcurrentStreams: 3 } });
    const { ask } = rig({ maxConnections: 2 });
    const started: number[] = [];
    const answers = Array.from({ length: 10 }, (_, i) =>
      ask(server.endpoint, { path: `/${i}` }, { onStart: () => started.push(i) }),
    );
    await until(() => server.streams.length === 6);
    await turns();
    assert.deepEqual([server.sessions.length, started], [2, [0, 1, 2, 3, 4, 5]]);
    for (let i = 0; i < 10; i++) {
      await until(() => server.streams.length > i);
      finish(server.streams[i]!);
    }
    for (const answer of answers) assert.equal((await answer.over()).body, 'ok');
    assert.deepEqual([server.sessions.length, started], [2, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  it('follow the endpoint when it takes more', async () => {
    const server = await held({ settings: { maxConcurrentStreams: 1 } });
    const { ask } = rig({ maxConnections: 1 });
    for (let i = 0; i < 3; i++) ask(server.endpoint);
    await until(() => server.streams.length === 1);
    await turns();
    assert.equal(server.streams.length, 1);
    server.sessions[0]!.settings({ maxConcurrentStreams: 10 });
    await until(() => server.streams.length === 3);
  });

  it('end when they were idle for long enough', async () => {
    const server = await h2Server(reply());
    const { ask, clock } = rig();
    await ask(server.endpoint).over();
    clock.advance(3_000);
    await ask(server.endpoint).over();
    clock.advance(3_999);
    await turns();
    assert.equal(server.open, 1);
    clock.advance(1);
    await until(() => server.open === 0);
    assert.equal(clock.pending, 0);
    await ask(server.endpoint).over();
    assert.equal(server.sessions.length, 2);
  });

  it('get no new requests when they are old, and end with the last of theirs', async () => {
    const server = await held();
    const { ask, clock } = rig({ maxConnectionAgeMs: 100_000, bodyTimeoutMs: 900_000, random: seeded(3) });
    const begin = async (count: number): Promise<Answer> => {
      const answer = ask(server.endpoint);
      await until(() => server.streams.length === count);
      server.streams[count - 1]!.respond({ ':status': 200 });
      await until(() => answer.status === 200);
      return answer;
    };
    const old = await begin(1);
    clock.advance(89_000);
    const second = await begin(2);
    assert.equal(server.sessions.length, 1);
    clock.advance(22_000);
    await begin(3);
    assert.equal(server.sessions.length, 2);
    server.streams[0]!.end('old');
    server.streams[1]!.end('old');
    assert.equal((await old.over()).body, 'old');
    assert.equal((await second.over()).body, 'old');
    await until(() => server.open === 1);
  });

  it('begin with the bytes that a request asks for, and carry only requests with the same', async () => {
    const heard: string[] = [];
    const server = closing(
      await rawUpstream((socket) => {
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
          if (text.includes('PRI *')) heard.push(text.slice(0, text.indexOf('\r\n')));
          socket.destroy();
        });
      }),
    );
    const { ask } = rig();
    const line = (host: string): string => `PROXY TCP4 ${host} 127.0.0.1 1 2`;
    const preamble = (host: string): Buffer => Buffer.from(`${line(host)}\r\n`);
    const endpoint = endpointAt(server.url);
    const answers: Answer[] = [];
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.1']) {
      answers.push(ask(endpoint, { preamble: preamble(host) }));
    }
    for (const answer of answers) assert.equal((await answer.over()).ending, 'connect-failed');
    assert.deepEqual(heard.toSorted(), [line('10.0.0.1'), line('10.0.0.2')]);
  });
});

describe('the release of an HTTP/2 endpoint', () => {
  it('ends what is idle at once and what is busy when it is over', async () => {
    const server = await held();
    const { ask, transport, clock } = rig();
    const answer = ask(server.endpoint);
    await until(() => server.streams.length === 1);
    let isReleased = false;
    const released = transport.release(server.endpoint, false).then(() => (isReleased = true));
    await turns();
    assert.deepEqual([isReleased, server.open], [false, 1]);
    finish(server.streams[0]!);
    assert.equal((await answer.over()).body, 'ok');
    await released;
    await until(() => server.open === 0);
    assert.equal(clock.pending, 0);
    const idle = ask(server.endpoint);
    await until(() => server.streams.length === 2);
    finish(server.streams[1]!);
    await idle.over();
    await transport.release(server.endpoint, false);
    await until(() => server.open === 0);
  });

  it('lets requests that wait for a connection go through first', async () => {
    const server = await held({ settings: { maxConcurrentStreams: 1 } });
    const { ask, transport } = rig({ maxConnections: 1 });
    const answers = [ask(server.endpoint), ask(server.endpoint)];
    const released = transport.release(server.endpoint, false);
    for (const [i, answer] of answers.entries()) {
      await until(() => server.streams.length > i);
      finish(server.streams[i]!);
      assert.equal((await answer.over()).body, 'ok');
    }
    await released;
    await until(() => server.open === 0);
  });

  it('by force ends everything, whatever state it is in', async () => {
    const server = await held({ settings: { maxConcurrentStreams: 1 } });
    const { ask, transport, clock } = rig({ maxConnections: 1 });
    const busy = ask(server.endpoint);
    const waiting = ask(server.endpoint);
    await until(() => server.streams.length === 1);
    for (const socket of server.sockets) socket.pause();
    await transport.release(server.endpoint, true);
    assert.deepEqual([(await busy.over()).ending, (await waiting.over()).ending], ['reset', 'connect-failed']);
    assert.equal(waiting.lastController, null);
    const dialling = ask(server.endpoint);
    await transport.release(server.endpoint, true);
    assert.equal((await dialling.over()).ending, 'connect-failed');
    assert.equal(clock.pending, 0);
    for (const socket of server.sockets) socket.resume();
    await until(() => server.open === 0);
  });
});
