import assert from 'node:assert/strict';
import type { Http2Law } from './adapter-http2-rig.ts';
import type { H2Client } from './http2-client.ts';
import { answer, send, valuesOf } from './wire.ts';

const OURS = /^(host|via|forwarded|x-forwarded-.*|connection|keep-alive|date|content-length)$/;

function endToEnd(fields: readonly (readonly [string, string])[]): string[] {
  return fields.filter(([name]) => !OURS.test(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!] as [string, string]] : []));
}

export function http2HeadLaws(law: Http2Law, isSecure: boolean): void {
  law(2, 'nothing of the connection crosses, in either direction', async (rig) => {
    const hop = [
      'Connection: keep-alive, x-hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Upgrade: h2c',
      'Proxy-Connection: x',
    ];
    const { client, last } = await rig.start({ endpoints: [answer('ok', [...hop, 'HTTP2-Settings: x', 'X-End: 1'])] });
    const response = await client.send('GET', '/', ['te', 'trailers', 'proxy-authorization', 'x', 'x-end', '2']).over();
    assert.deepEqual(endToEnd(last().fields), ['te: trailers', 'x-end: 2']);
    assert.ok(last().fields.every(([name]) => !name.startsWith(':')));
    assert.deepEqual(endToEnd(pairs(response.fields)), ['x-end: 1']);
    assert.deepEqual([response.status, response.body, response.isWhole], [200, 'ok', true]);
  });

  law(4, 'order, duplicates and latin1 bytes of a request stay, and cookies are one field', async (rig) => {
    const { client, last } = await rig.start();
    const fields = ['x-b', '1', 'cookie', 'a=1', 'x-a', 'caf\xe9', 'cookie', 'b=2', 'x-b', '2', 'cookie', 'c=\xff'];
    await client.send('GET', '/', fields).over();
    assert.deepEqual(endToEnd(last().fields), ['x-b: 1', 'cookie: a=1; b=2; c=\xff', 'x-a: caf\xe9', 'x-b: 2']);
  });

  law(4, 'duplicates, cookies and latin1 bytes of a response stay; there is no reason phrase', async (rig) => {
    const lines = [
      'X-B: 1',
      'Set-Cookie: a=1',
      'X-A: caf\xe9',
      'x-b: 2',
      'set-cookie: b=2',
      'Vary: a',
      'Set-Cookie: a=1',
    ];
    const twice = ['X-Content-Type-Options: nosniff', 'x-content-type-options: nosniff', 'Age: 1', 'age: 2'];
    const { client } = await rig.start({ endpoints: [answer('', [...lines, ...twice], '201 Made \xe9')] });
    const response = await client.send('GET', '/').over();
    assert.equal(response.status, 201);
    assert.deepEqual(response.values('set-cookie'), ['a=1', 'b=2', 'a=1']);
    assert.deepEqual(response.values('x-b'), ['1', '2']);
    assert.deepEqual(response.values('x-a'), ['caf\xe9']);
    // Node would send none of two of these.
    assert.deepEqual(response.values('x-content-type-options'), ['nosniff']);
    assert.deepEqual(response.values('age'), ['1, 2']);
    assert.ok(response.fields.every((name, i) => i % 2 === 1 || name === name.toLowerCase()));
  });

  law(6, 'the target goes on byte for byte, and the asterisk where it may', async (rig) => {
    const { client, last } = await rig.start();
    for (const target of ['/', '//', '/a//b/%2e%2e/../c?x=/..//', '/%00%2F', '/?', '//evil.example/', '/a;b=c?d']) {
      await client.send('GET', target).over();
      assert.equal(last().start, `GET ${target} HTTP/1.1`);
    }
    assert.equal((await client.send('OPTIONS', '*').over()).status, 200);
    assert.equal(last().start, 'OPTIONS * HTTP/1.1');
  });

  law(7, 'the authority is the Host, and a Host beside it has to agree', async (rig) => {
    const { client, last, endpoint } = await rig.start();
    const port = isSecure ? 443 : 80;
    for (const fields of [[], ['host', 'A.example'], ['host', `a.example:${port}`]]) {
      assert.equal((await client.send('GET', '/', fields).over()).status, 200);
      assert.deepEqual(valuesOf(last(), 'host'), ['a.example']);
    }
    assert.equal((await client.send('GET', '/', ['host', 'b.example']).over()).status, 400);
    assert.equal((await client.send('GET', '/', ['host', 'a.example:81']).over()).status, 400);
    // Node may have reset this one by itself.
    assert.ok([0, 400].includes((await client.send('GET', '/', [':authority', 'me@a.example']).over()).status));
    assert.equal(endpoint.requests.length, 3);
  });

  law(7, "Host is each endpoint's own with changeOrigin", async (rig) => {
    const { client, last, endpoint } = await rig.start({ proxy: { changeOrigin: true } });
    await client.send('GET', '/').over();
    assert.deepEqual(valuesOf(last(), 'host'), [`127.0.0.1:${endpoint.port}`]);
    assert.deepEqual(valuesOf(last(), 'x-forwarded-host'), ['a.example']);
  });

  law(8, 'the client is told of truthfully, in Via too, and a loop ends with 508', async (rig) => {
    const { client, last, front } = await rig.start({ proxy: { trustedProxies: ['10.0.0.0/8'] } });
    await client
      .send('GET', '/', ['x-forwarded-for', '1.1.1.1', 'forwarded', 'for=1.1.1.1', 'via', '1.0 other'])
      .over();
    const proto = isSecure ? 'https' : 'http';
    assert.deepEqual(
      last().fields.filter(([name]) => /forwarded/i.test(name)),
      [
        ['X-Forwarded-For', '127.0.0.1'],
        ['X-Forwarded-Proto', proto],
        ['X-Forwarded-Host', 'a.example'],
        ['X-Forwarded-Port', String(front)],
        ['Forwarded', `for=127.0.0.1;proto=${proto};host=a.example`],
      ],
    );
    const [other, own] = valuesOf(last(), 'via');
    assert.equal(other, '1.0 other');
    assert.match(own!, /^2\.0 evenkeel-[0-9a-f]+$/);
    assert.equal((await client.send('GET', '/', ['via', own!]).over()).status, 508);
  });

  law(
    9,
    'trailer fields of an endpoint reach the client, but for those that frame, route or belong to the connection',
    async (rig) => {
      const bytes =
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\n' +
        'X-Sum: 1\r\nx-sum: \xe9\r\nHTTP2-Settings: x\r\nKeep-Alive: x\r\nSet-Cookie: a=1\r\nReferer: a\r\nreferer: b\r\n\r\n';
      const { client } = await rig.start({ endpoints: [send(bytes)] });
      const response = await client.send('GET', '/').over();
      assert.deepEqual([response.body, response.isWhole], ['abc', true]);
      assert.deepEqual(pairs(response.trailers).toSorted(), [
        ['referer', 'a, b'],
        ['x-sum', '1'],
        ['x-sum', '\xe9'],
      ]);
    },
  );

  law(9, 'trailer fields of a client reach the endpoint', async (rig) => {
    const { client, endpoint } = await rig.start();
    const exchange = client.send('POST', '/', ['trailer', 'x-sum'], null);
    exchange.stream.end('abc');
    await exchange.over();
    const { stream, over } = trailing(client);
    stream.end('abc');
    assert.equal((await over()).status, 200);
    assert.match(endpoint.received, /\r\n\r\n3\r\nabc\r\n0\r\n[Xx]-[Ss]um: 1\r\n\r\n$/);
  });

  law(9, 'interim responses pass, and 100 is the endpoint\u2019s word or ours, once', async (rig) => {
    const hints =
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-hop\r\nX-Hop: 1\r\nLink: </b.css>\r\n\r\n';
    const { client, last } = await rig.start({
      endpoints: [send(`${hints}HTTP/1.1 110 Mine\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)],
    });
    const response = await client.send('GET', '/').over();
    assert.deepEqual(response.interims, [
      [103, ['link', '</a.css>', 'link', '</b.css>']],
      [110, ['x', '1']],
    ]);
    assert.equal(response.body, 'ok');
    const expecting = client.send('POST', '/', ['expect', '100-continue', 'content-length', '3'], null);
    expecting.stream.once('continue', () => expecting.stream.end('abc'));
    await expecting.over();
    assert.equal(expecting.interims.filter(([status]) => status === 100).length, 1);
    assert.equal(expecting.status, 200);
    assert.equal(last().body, 'abc');
  });
}

function trailing(client: H2Client): ReturnType<typeof client.send> {
  const request = client.session.request.bind(client.session);
  const { session } = client;
  session.request = (fields, options) => {
    const stream = request(fields, { ...options, waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1', host: 'b' }));
    return stream;
  };
  try {
    return client.send('POST', '/', ['trailer', 'x-sum, host'], null);
  } finally {
    session.request = request;
  }
}
