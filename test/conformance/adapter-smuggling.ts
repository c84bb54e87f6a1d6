/**
 * Where two parsers may disagree about where a message ends (RFC 9112 sections 6 and 11), case by case: what a client or an endpoint says
 * ambiguously is refused or said again without ambiguity, and is never two messages to one side and one to the other.
 */
import assert from 'node:assert/strict';
import { chunked, get, requestOf } from './adapter-rig.ts';
import type { Arrangement, Law } from './adapter-rig.ts';
import { answer, rawClient, until, valuesOf } from './wire.ts';
import type { RawMessage } from './wire.ts';

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';
const HEX = SMUGGLED.length.toString(16);

/** Everything that the client hears until the end of its connection, which it half-closes behind its last byte. */
async function heardBy(front: number, bytes: string): Promise<string> {
  const client = await rawClient(front);
  client.write(bytes);
  client.socket.end();
  await client.ended();
  client.socket.destroy();
  return client.received;
}

function framingOf(message: RawMessage): string[] {
  return [...valuesOf(message, 'content-length'), ...valuesOf(message, 'transfer-encoding')];
}

async function settled({ cluster }: Arrangement): Promise<void> {
  await until(() => cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
}

/** RFC 9112 section 6.3, rules 3 to 5, and section 11.2: refused before an endpoint hears of it. */
const REFUSED: readonly (readonly [what: string, request: string])[] = [
  [
    'a length beside a coding',
    requestOf('POST', '/', 'Content-Length: 6', 'Transfer-Encoding: chunked') + `0\r\n\r\nX`,
  ],
  [
    'a coding beside a length',
    requestOf('POST', '/', 'Transfer-Encoding: chunked', 'Content-Length: 6') + `0\r\n\r\nX`,
  ],
  ['a coding after chunked', requestOf('POST', '/', 'Transfer-Encoding: chunked, identity') + chunked('x')],
  [
    'a coding on a second line',
    requestOf('POST', '/', 'Transfer-Encoding: chunked', 'Transfer-Encoding: x') + chunked('x'),
  ],
  ['an unknown coding', requestOf('POST', '/', 'Transfer-Encoding: xchunked') + chunked('x')],
  ['a coding behind a vertical tab', requestOf('POST', '/', 'Transfer-Encoding:\x0bchunked') + chunked('x')],
  ['a coding in quotes', requestOf('POST', '/', 'Transfer-Encoding: "chunked"') + chunked('x')],
  ['an empty coding', requestOf('POST', '/', 'Transfer-Encoding:') + chunked('x')],
  ['a space before the colon', requestOf('POST', '/', 'Transfer-Encoding : chunked') + chunked('x')],
  ['a coding folded onto the next line', requestOf('POST', '/', 'Transfer-Encoding:\r\n chunked') + chunked('x')],
  ['a coding behind a bare LF', requestOf('POST', '/', 'X: y\nTransfer-Encoding: chunked') + chunked('x')],
  ['a coding behind a bare CR', requestOf('POST', '/', 'X: y\rTransfer-Encoding: chunked') + chunked('x')],
  ['a coding in HTTP/1.0', requestOf('POST', '/', 'Transfer-Encoding: chunked').replace('/1.1', '/1.0') + chunked('x')],
  ['two lengths', `${requestOf('POST', '/', 'Content-Length: 1', 'Content-Length: 2')}xx`],
  ['a list of lengths', `${requestOf('POST', '/', 'Content-Length: 1, 1')}x`],
  ['a length with a sign', `${requestOf('POST', '/', 'Content-Length: +1')}x`],
  ['a negative length', `${requestOf('POST', '/', 'Content-Length: -1')}x`],
  ['a length in hexadecimal', `${requestOf('POST', '/', 'Content-Length: 0x1')}x`],
  ['a length with a fraction', `${requestOf('POST', '/', 'Content-Length: 1.0')}x`],
  ['a length over 64 bits', `${requestOf('POST', '/', 'Content-Length: 18446744073709551617')}x`],
  ['a length in two words', `${requestOf('POST', '/', 'Content-Length: 1 0')}x`],
  ['an empty length', `${requestOf('POST', '/', 'Content-Length:')}x`],
  ['a chunk size in C notation', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `0x1\r\nx\r\n0\r\n\r\n`],
  ['a negative chunk size', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `-1\r\nx\r\n0\r\n\r\n`],
  [
    'a chunk size over 64 bits',
    requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `10000000000000001\r\nx\r\n0\r\n\r\n`,
  ],
  ['a chunk size behind a space', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + ` 1\r\nx\r\n0\r\n\r\n`],
  ['no line end behind a chunk', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `1\r\nxyz\r\n0\r\n\r\n`],
  ['a bare LF behind a chunk size', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `1\nx\r\n0\r\n\r\n`],
  ['a bare CR in a chunk extension', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `1;a\rb\r\nx\r\n0\r\n\r\n`],
  ['a NUL in a trailer', requestOf('PUT', '/', 'Transfer-Encoding: chunked') + `0\r\nX: \0\r\n\r\n`],
  ['two hosts', `POST / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nContent-Length: 1\r\n\r\nx`],
  ['a target of another host', `GET http://evil.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n`],
  ['a target with user information', `GET http://a.example@evil.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n`],
];

export function smugglingLaws(law: Law): void {
  for (const [what, request] of REFUSED) {
    law(5, `${what} is refused, and what follows it is no request`, async (rig) => {
      const arrangement = await rig.start();
      const received = await heardBy(arrangement.front, request);
      assert.match(received, /^HTTP\/1\.1 (400|417|501) /);
      await settled(arrangement);
      assert.doesNotMatch(arrangement.endpoint.received, /./);
    });
  }

  law(5, 'a body that looks like a request stays a body, whatever the method and the framing', async (rig) => {
    const { request, endpoint, last } = await rig.start();
    const bodies = [SMUGGLED, `0\r\n\r\n${SMUGGLED}`, `\r\n${SMUGGLED}`, `${HEX}\r\n${SMUGGLED}\r\n0\r\n\r\n`];
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS', 'HEAD']) {
      for (const body of bodies) {
        const isBodiless = method === 'HEAD';
        await request(requestOf(method, '/', `Content-Length: ${body.length}`) + body, { isBodiless });
        assert.equal(last().body, body);
        await request(requestOf(method, '/', 'Transfer-Encoding: chunked') + chunked(body), { isBodiless });
        assert.equal(last().body, body);
        assert.equal(framingOf(last()).length, 1);
      }
    }
    assert.equal(endpoint.requests.length, 40);
  });

  law(5, 'chunk sizes, extensions and trailers are read, and none of their bytes goes on', async (rig) => {
    const { request, endpoint, last } = await rig.start();
    const bodies = [
      `1;ext=1\r\nx\r\n0\r\n\r\n`,
      `001\r\nx\r\n000\r\n\r\n`,
      `1;a="GET /smuggled HTTP/1.1"\r\nx\r\n0;b\r\n\r\n`,
      `1\r\nx\r\n0\r\nContent-Length: 5\r\nHost: evil.example\r\nTransfer-Encoding: x\r\n\r\n`,
    ];
    for (const body of bodies) {
      await request(requestOf('PUT', '/', 'Transfer-Encoding: chunked') + body);
      assert.equal(last().body, 'x');
      assert.deepEqual(valuesOf(last(), 'host'), ['a.example']);
    }
    assert.doesNotMatch(endpoint.received, /smuggled|evil|ext|000/);
  });

  law(5, 'a Connection field cannot take the framing or the host away', async (rig) => {
    const { request, last } = await rig.start();
    for (const name of ['Content-Length', 'Transfer-Encoding', 'Host']) {
      await request(requestOf('POST', '/', `Connection: ${name}`, 'Content-Length: 5') + 'hello');
      assert.equal(last().body, 'hello');
      assert.deepEqual(valuesOf(last(), 'host'), ['a.example']);
      await request(
        requestOf('POST', '/', `Connection: close, ${name}`, 'Transfer-Encoding: chunked') + chunked('hello'),
      );
      assert.equal(last().body, 'hello');
    }
  });

  law(15, 'a request for another protocol that has a body leaves nothing of it behind as a request', async (rig) => {
    const arrangement = await rig.start({ endpoints: [answer('no', [], '426 Upgrade Required')] });
    for (const protocol of ['websocket', 'h2c', 'x']) {
      const fields = ['Connection: Upgrade', `Upgrade: ${protocol}`, `Content-Length: ${SMUGGLED.length}`];
      await heardBy(arrangement.front, requestOf('GET', '/up', ...fields) + SMUGGLED);
      await settled(arrangement);
    }
    assert.deepEqual(
      arrangement.endpoint.requests.filter(({ start }) => start.includes('smuggled')),
      [],
    );
  });

  law(6, 'a target is one line, and its bytes stay as they are', async (rig) => {
    const { front, request, endpoint, last } = await rig.start();
    for (const target of ['/%0d%0aHost:%20evil', '/a%20HTTP/1.1%0d%0aX:y', '//evil.example/', '/..;/a', '/%e9?a=%']) {
      await request(get(target));
      assert.equal(last().start, `GET ${target} HTTP/1.1`);
    }
    for (const target of ['/a b', '/a\tb', '/a\0b', '/a\rb', '/a\nX: y']) await heardBy(front, get(target));
    assert.equal(endpoint.requests.length, 5);
  });
}
