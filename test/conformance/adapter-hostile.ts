import assert from 'node:assert/strict';
import { chunked, get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawClient, until } from './wire.ts';

/** Requests that a server must survive. Each is sent whole, then once more cut short. */
function hostileRequests(): string[] {
  const targets = [
    '',
    'a',
    '*',
    '/\0',
    '/ b',
    '/\t',
    'http://',
    'http://[',
    'http://[bad',
    'http://%zz/',
    '//',
    '/%',
    '\\',
    '/\xff',
  ];
  const hosts = ['', 'a b', 'a\0b', '"', '[', 'a:b:c', '::1', 'x'.repeat(9000), 'a\xff', 'a,b', '\\'];
  const names = [
    '',
    ' ',
    'a b',
    'a\0',
    'a:',
    '\xff',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(9000),
    '(',
    'host ',
  ];
  const values = ['\0', '\x7f', '\x01', '\xff'.repeat(300), '\r', 'a\r\n b', '\n', ',,,,', '"', 'x'.repeat(17_000)];
  const special = [
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Cookie',
    'Via',
    'TE',
    'Upgrade',
    'Expect',
  ];
  special.push('X-Forwarded-For', 'Forwarded', 'Accept', 'Trailer', 'Keep-Alive');
  const versions = ['', 'HTTP', 'HTTP/0.9', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', 'HTTP/1.1 x'];
  const cookies = [
    '=',
    ';;;',
    '='.repeat(100),
    'JSESSIONID',
    'JSESSIONID=',
    'JSESSIONID=.',
    'JSESSIONID=..a',
    'JSESSIONID=a.b',
  ];
  cookies.push(
    'JSESSIONID=__proto__.constructor',
    `JSESSIONID=${'a.'.repeat(400)}`,
    '; '.repeat(3000),
    'JSESSIONID='.repeat(700),
  );
  const framings = [
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Content-Length: 1e3',
    'Content-Length: 3, 3',
  ];
  framings.push(
    'Transfer-Encoding: chunked\r\nContent-Length: 3',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
  );
  framings.push('Transfer-Encoding:\x0bchunked', 'Content-Length: 3\nX: y', 'Transfer-Encoding: chunked, identity');
  const chunks = [
    '',
    'x\r\n',
    '-1\r\n',
    'ffffffffffffffff\r\n',
    '3\r\nabcd\r\n',
    '3;x="\r\nabc\r\n0\r\n\r\n',
    '0\r\nX: \0\r\n\r\n',
  ];
  return [
    ...targets.flatMap((target) => [get(target), requestOf('OPTIONS', target)]),
    ...hosts.map((host) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    ...names.map((name) => get('/', `${name}: x`)),
    ...special.flatMap((name) => values.map((value) => get('/', `${name}: ${value}`))),
    ...versions.map((version) => `GET / ${version}\r\nHost: a.example\r\n\r\n`),
    ...cookies.map((cookie) => get('/', `Cookie: ${cookie}`)),
    ...framings.map((framing) => `${requestOf('POST', '/', framing)}abc`),
    ...chunks.map((chunk) => requestOf('POST', '/', 'Transfer-Encoding: chunked') + chunk),
    ...[
      '',
      '\0',
      '\r\n\r\n',
      'x'.repeat(20_000),
      'GET',
      '\x16\x03\x01\x02',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    ],
    get('/', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'),
    get('/', 'Expect: 100-continue', 'Content-Length: 3'),
  ];
}

/** What an endpoint may say that is not a response. */
function hostileResponses(): string[] {
  const starts = [
    '',
    '\0',
    'HTTP',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 099 x',
    'HTTP/1.1 000 x',
    'HTTP/1.1 1000 x',
    'HTTP/1.1 -1 x',
  ];
  starts.push(
    'HTTP/1.1 2e2 x',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 199 x',
    'HTTP/2.0 200 x',
  );
  starts.push(
    'HTTP/1.1 200 \0',
    'HTTP/1.1 200 \x7f',
    `HTTP/1.1 200 ${'x'.repeat(20_000)}`,
    'HTTP/1.1 200 \xff',
    'ICY 200 OK',
    'garbage',
  );
  const lines = [
    'X',
    ': x',
    'X : y',
    ' X: y',
    'X\0: y',
    'X: \0',
    'X: \x7f',
    'X: a\n b',
    'X: a\rb',
    `X: ${'y'.repeat(20_000)}`,
    '\xff: x',
  ];
  lines.push(
    'Connection: Upgrade\r\nUpgrade: websocket',
    'Set-Cookie: JSESSIONID',
    'Set-Cookie: ;=.',
    'Set-Cookie: JSESSIONID="',
    '__proto__: x',
  );
  lines.push(...Array.from({ length: 3 }, (_, i) => Array.from({ length: 200 * (i + 1) }, () => 'X: y').join('\r\n')));
  const framings = [
    'Content-Length: -1',
    'Content-Length: x',
    'Content-Length: 3\r\nContent-Length: 4',
    'Content-Length: 1',
  ];
  framings.push(
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 3',
    'Transfer-Encoding: identity',
  );
  framings.push(
    'Transfer-Encoding: chunked',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked, chunked',
  );
  return [
    ...starts.flatMap((start) => [`${start}\r\n\r\n`, `${start}\r\nContent-Length: 0\r\n\r\n`]),
    ...lines.map((line) => `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${line}\r\n\r\n`),
    ...framings.map((framing) => `HTTP/1.1 200 OK\r\n${framing}\r\n\r\nabc`),
    ...['zz\r\n', '-1\r\nx', 'ffffffffffffffffff\r\n', '3\r\nabcd\r\n'].map(
      (chunk) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    ),
    'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na${'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'.repeat(2)}`,
    ...Array.from({ length: 20 }, () => 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n').map((hint, i) =>
      hint.repeat(i + 1),
    ),
  ];
}

export function hostileLaws(law: Law): void {
  law(20, 'no request, malformed in whatever way, ends the process or hangs its client', async (rig) => {
    const { front, request, cluster } = await rig.start({ proxy: { sticky: true }, endpoints: [answer('ok')] });
    const corpus = hostileRequests();
    assert.ok(corpus.length > 200, String(corpus.length));
    for (const bytes of [...corpus, ...corpus.map((whole) => whole.slice(0, whole.length >> 1))]) {
      const client = await rawClient(front);
      client.write(bytes);
      // After the last byte a half-close: whatever was meant, it is over now, and the server has to end it.
      client.socket.end();
      await client.ended();
      client.socket.destroy();
    }
    await until(() => cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
    assert.equal((await request(get())).body, 'ok');
  });

  law(20, 'no response, malformed in whatever way, ends the process or hangs its client', async (rig) => {
    let bytes = '';
    const { front, cluster } = await rig.start({
      cluster: {
        ejection: { name: 'none', start: () => ({ track: () => ({ observe: () => 0, restored: () => undefined }) }) },
      },
      endpoints: [(_request, socket) => void socket.end(bytes, 'latin1')],
    });
    const corpus = hostileResponses();
    assert.ok(corpus.length > 80, String(corpus.length));
    for (bytes of [...corpus, ...corpus.map((whole) => whole.slice(0, whole.length - 3))]) {
      const client = await rawClient(front);
      client.write(requestOf('POST', '/', 'Content-Length: 1', 'Connection: close') + 'x');
      await client.ended();
      assert.doesNotMatch(client.received, /poison|HTTP\/1\.1 (0\d\d|10[0124-9])\D/);
      client.socket.destroy();
    }
    await until(() => cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
    bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const client = await rawClient(front);
    client.write(get());
    assert.equal((await client.response()).body, 'ok');
    client.socket.destroy();
  });

  law(20, 'an endpoint that talks out of turn poisons no later answer', async (rig) => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    const { request, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    for (const isLate of [false, true]) {
      endpoint.onRequest = (message, socket) => {
        answer('ok')(message, socket);
        if (isLate) setImmediate(() => socket.write(poison));
        else socket.write(poison);
      };
      for (let i = 0; i < 10; i++) {
        assert.equal((await request(get())).body, 'ok');
        await until(() => endpoint.open === 0);
      }
    }
  });

  law(20, 'an endpoint that resets its connection at any moment is 502, or a response cut short', async (rig) => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';
    for (let length = 0; length <= head.length; length += 8) {
      const { front, cluster } = await rig.start({
        endpoints: [(_request, socket) => void socket.write(head.slice(0, length), () => socket.resetAndDestroy())],
      });
      const client = await rawClient(front);
      client.write(requestOf('POST', '/', 'Content-Length: 1', 'Connection: close') + 'x');
      await client.ended();
      assert.match(client.received, /^HTTP\/1\.1 (502 |200 [^]*\r\n\r\n\w{0,4}$)/);
      client.socket.destroy();
      await until(() => cluster.endpoints.every((endpoint) => endpoint.inflight === 0));
    }
  });

  law(20, 'what a client sends right behind a request that was refused is nobody’s', async (rig) => {
    const { front, endpoint } = await rig.start();
    const client = await rawClient(front);
    client.write(get('/', 'Host: b.example') + get('/behind'));
    await client.ended();
    assert.match(client.received, /^HTTP\/1\.1 400 /);
    assert.equal(client.received.match(/HTTP\/1\.1 /g)?.length, 1);
    assert.equal(endpoint.connections, 0);
    client.socket.destroy();
  });

  law(20, 'an unasked 101 is 502', async (rig) => {
    const bytes = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    const { request } = await rig.start({ endpoints: [(_request, socket) => void socket.write(bytes)] });
    assert.equal((await request(requestOf('POST', '/', 'Content-Length: 1') + 'x')).status, 502);
    assert.equal((await request(requestOf('POST', '/', 'Transfer-Encoding: chunked') + chunked('x'))).status, 502);
  });
}
