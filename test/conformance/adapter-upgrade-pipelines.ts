/**
 * Law 15 and 20 for a request with an `Upgrade` right behind others of its connection: Node lets go of the connection in the middle of things,
 * and whoever has it next has to find it whole.
 */
import assert from 'node:assert/strict';
import { get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { agree, change, isIdle } from './adapter-upgrade-rig.ts';
import { answer, rawClient, turn, until } from './wire.ts';
import type { RawHandler } from './wire.ts';

const H2C = ['Connection: Upgrade', 'Upgrade: h2c'];
const LONG = 'z'.repeat(70_000);
const CHUNKED = `${LONG.length.toString(16)}\r\n${LONG}\r\n0\r\n\r\n`;
const HUGE = 'b'.repeat(8 * 1024 * 1024);

/** Answers with the body that came. */
const echo: RawHandler = (request, socket) => answer(request.body)(request, socket);

async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn();
}

export function upgradePipelineLaws(law: Law): void {
  law(
    15,
    'an upgrade that is an ordinary request behind others is answered whole, whatever body it brings',
    async (rig) => {
      const long = `Content-Length: ${LONG.length}`;
      const cases: [first: string, second: string, body: string][] = [
        [get('/slow'), requestOf('PUT', '/', ...H2C, 'Transfer-Encoding: chunked') + CHUNKED, LONG],
        [get('/slow'), `${requestOf('PUT', '/', ...H2C, 'Transfer-Encoding: chunked')}0\r\n\r\n`, ''],
        [get('/slow'), `${requestOf('POST', '/', ...H2C, 'Content-Length: 5')}hello`, 'hello'],
        [requestOf('POST', '/slow', long) + LONG, requestOf('POST', '/', ...H2C, long) + LONG, LONG],
        [get('/slow'), requestOf('GET', '/', ...H2C), ''],
      ];
      for (const [first, second, body] of cases) {
        for (const isInOnePiece of [true, false]) {
          let go: (() => void) | undefined;
          const { front, cluster, endpoints } = await rig.start({
            endpoints: [
              (request, socket) => {
                if (request.start.includes('/slow')) go = () => answer('first')(request, socket);
                else echo(request, socket);
              },
            ],
          });
          const client = await rawClient(front);
          client.write(first);
          if (!isInOnePiece) await turns();
          client.write(second);
          await until(() => go !== undefined);
          await turns();
          go!();
          assert.equal((await client.response()).body, 'first');
          assert.equal((await client.response()).body, body);
          client.socket.destroy();
          await until(() => cluster.endpoints.every(({ inflight }) => inflight === 0));
          assert.equal(endpoints[0]!.requests.length, 2);
        }
      }
    },
  );

  law(15, 'an upgrade behind a response that the client is slow to read gets its turn, and is read on', async (rig) => {
    const { front, endpoint, cluster } = await rig.start({
      endpoints: [
        (request, socket) => {
          if (request.start.includes('/huge')) answer(HUGE)(request, socket);
          else if (request.start.includes('/ws')) agree('websocket')(request, socket);
          else echo(request, socket);
        },
      ],
    });
    for (const [second, frames] of [
      ['', 'one'],
      // Node stops reading for this one.
      [get('/'), 'two'],
    ] as const) {
      const client = await rawClient(front);
      client.socket.pause();
      client.write(get('/huge'));
      await until(() => endpoint.requests.at(-1)?.start.includes('/huge') === true);
      await turns();
      client.write(second + change('websocket'));
      await turns();
      client.write('early ');
      await turns();
      client.socket.resume();
      assert.equal((await client.response()).body.length, HUGE.length);
      if (second !== '') await client.response();
      assert.equal((await client.response({ isBodiless: true })).status, 101);
      client.write(frames);
      await until(() => endpoint.received.endsWith(`early ${frames}`));
      client.socket.destroy();
      await until(() => cluster.endpoints[0]!.inflight === 0);
    }
    await isIdle(cluster, []);
  });

  law(15, 'a client that ends its side while its upgrade waits gets the answer before it, and the end', async (rig) => {
    for (const upgrade of [change('websocket'), requestOf('GET', '/', ...H2C)]) {
      let go: (() => void) | undefined;
      const { front, endpoint } = await rig.start({
        endpoints: [(request, socket) => (go = () => answer('first')(request, socket))],
      });
      const client = await rawClient(front);
      client.socket.end(get('/slow') + upgrade);
      await until(() => go !== undefined);
      await turns();
      go!();
      assert.equal((await client.response()).body, 'first');
      await client.ended();
      assert.equal(client.end, 'fin');
      assert.equal(endpoint.requests.length, 1);
    }
  });

  law(9, 'a client that waits for 100 Continue hears of it, whatever protocol it offers', async (rig) => {
    const { front } = await rig.start({ endpoints: [echo] });
    const client = await rawClient(front);
    client.write(requestOf('POST', '/', ...H2C, 'Expect: 100-continue', 'Content-Length: 5'));
    await until(() => client.received === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.write('hello');
    await until(() => client.received.endsWith('hello'));
    assert.match(client.received, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
    client.socket.destroy();
  });
}
