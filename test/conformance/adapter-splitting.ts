/**
 * What an endpoint says ambiguously, or about somebody else's request (RFC 9112 sections 6.3, 9.2 and 11.1): a client gets one response to its
 * own request or none, and whoever asks next gets theirs.
 */
import assert from 'node:assert/strict';
import { chunked, get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawClient, until, valuesOf } from './wire.ts';
import type { RawHandler } from './wire.ts';

const POISON = 'HTTP/1.1 200 OK\r\nX-Poison: 1\r\nContent-Length: 6\r\n\r\npoison';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Says `bytes` to the first request on a connection to `/`, and the truth to all others. */
function saying(bytes: string): RawHandler {
  return (message, socket) => {
    if (message.start.includes('/next')) answer('next')(message, socket);
    else socket.end(bytes, 'latin1');
  };
}

/** RFC 9112 section 6.3 and section 11.1. What a lenient client would take for the head of a response, a field or a body. */
const REFUSED: readonly (readonly [what: string, response: string])[] = [
  [
    'a length beside chunked',
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('x')}`,
  ],
  ['a length beside a coding', `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n${chunked('x')}`],
  ['a coding after chunked', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n${chunked('x')}`],
  ['an unknown coding', `HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n${chunked('x')}`],
  ['a coding behind a vertical tab', `HTTP/1.1 200 OK\r\nTransfer-Encoding:\x0bchunked\r\n\r\n${chunked('x')}`],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
  ['a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx'],
  ['a length in hexadecimal', 'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx'],
  ['a length over 64 bits', 'HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551617\r\n\r\nx'],
  ['a bare CR in a value', 'HTTP/1.1 200 OK\r\nX: a\rX-Injected: 1\r\nContent-Length: 0\r\n\r\n'],
  ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
  ['a NUL in a name', 'HTTP/1.1 200 OK\r\nX\0: a\r\nContent-Length: 0\r\n\r\n'],
  ['a NUL in a cookie', 'HTTP/1.1 200 OK\r\nSet-Cookie: JSESSIONID=a\0b\r\nContent-Length: 0\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 x\r\nContent-Length: 0\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 x\r\nContent-Length: 0\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n'],
  ['an unasked 101', 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ['HTTP/0.9', '<html>hello</html>'],
  ['another protocol', 'SSH-2.0-x\r\n\r\n'],
  ['a 103 and no more', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'],
];

export function splittingLaws(law: Law): void {
  for (const [what, response] of REFUSED) {
    law(20, `of an endpoint ${what} is 502, and the next request has its own answer`, async (rig) => {
      const { request } = await rig.start({ cluster: { maxEjectedPercent: 0 }, endpoints: [saying(response)] });
      const refused = await request(requestOf('POST', '/', 'Content-Length: 1', 'Connection: close') + 'x');
      const final = refused.status === 103 ? undefined : refused;
      assert.ok(final === undefined || final.status === 502, `${refused.status}`);
      assert.deepEqual(valuesOf(refused, 'x-injected'), []);
      assert.equal((await request(get('/next'))).body, 'next');
    });
  }

  law(11, 'a chunk that is none cuts the response short', async (rig) => {
    for (const chunk of [
      '0x1\r\nx\r\n',
      '-1\r\nx\r\n',
      '10000000000000001\r\nx\r\n',
      '1\r\nxyz\r\n',
      ' 1\r\nx\r\n',
      'g\r\n',
    ]) {
      const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n${chunk}0\r\n\r\n`;
      const { front } = await rig.start({ endpoints: [saying(bytes)] });
      const client = await rawClient(front);
      client.write(requestOf('POST', '/', 'Content-Length: 1') + 'x');
      await client.ended();
      client.socket.destroy();
      assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/, chunk);
    }
  });

  law(5, 'a body after HEAD, 204 or 304 is nobody else’s answer', async (rig) => {
    const heads: [string, string][] = [
      ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 73\r\n\r\n'],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 73\r\n\r\n'],
    ];
    for (const [method, head] of heads) {
      const { front, request, endpoint } = await rig.start({
        endpoints: [
          (message, socket) => {
            if (message.start.includes('/next')) answer('next')(message, socket);
            else socket.write(head + POISON);
          },
        ],
      });
      const client = await rawClient(front);
      client.write(requestOf(method, '/'));
      await client.response({ isBodiless: true });
      await until(() => endpoint.open === 0);
      assert.equal((await request(get('/next'))).body, 'next');
      client.write(get('/next'));
      assert.equal((await client.response()).body, 'next');
      assert.doesNotMatch(client.received, /poison/);
      client.socket.destroy();
    }
  });

  law(20, 'what an endpoint says while nobody asks is never an answer', async (rig) => {
    for (const late of [POISON, 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n', 'x', '\r\n']) {
      const { request, endpoint } = await rig.start();
      endpoint.onRequest = (message, socket) => {
        if (message.start.includes('/next')) answer('next')(message, socket);
        else socket.write(OK, () => setImmediate(() => socket.write(late)));
      };
      for (let i = 0; i < 5; i++) {
        assert.equal((await request(get())).body, 'ok');
        await until(() => endpoint.open === 0);
        assert.equal((await request(get('/next'))).body, 'next');
      }
    }
  });

  law(20, 'requests in a row on one connection get their own answers, in order', async (rig) => {
    const { front } = await rig.start({
      endpoints: [0, 1].map(() => (message, socket) => answer(message.start.split(' ')[1]!)(message, socket)),
    });
    const client = await rawClient(front);
    client.write(Array.from({ length: 20 }, (_, i) => get(`/${i}`)).join(''));
    for (let i = 0; i < 20; i++) assert.equal((await client.response()).body, `/${i}`);
    client.socket.destroy();
  });
}
