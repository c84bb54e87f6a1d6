import assert from 'node:assert/strict';
import { chunked, get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawServer, send, valuesOf } from './wire.ts';
import type { RawMessage } from './wire.ts';

const HOP_BY_HOP = [
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'HTTP2-Settings',
  'Trailer',
];

/** What the proxy, the client library and the framework say for themselves. */
const CONNECTION_FIELDS =
  /^(host|connection|keep-alive|date|via|forwarded|x-forwarded-.*|x-powered-by|content-length)$/i;

function endToEnd(message: RawMessage): string[] {
  return message.fields.filter(([name]) => !CONNECTION_FIELDS.test(name)).map(([name, value]) => `${name}: ${value}`);
}

export function headLaws(law: Law): void {
  law(2, 'hop-by-hop fields never cross, in either direction', async (rig) => {
    const named = ['Connection: close, X-Named', 'X-Named: 1', 'connection: x-other', 'X-Other: 2'];
    const all = [...named, ...HOP_BY_HOP.map((name) => `${name}: hop`), 'Upgrade: h2c'];
    const { request, last } = await rig.start({ endpoints: [answer('ok', [...all.slice(1), 'X-End: 1'])] });
    const response = await request(get('/', ...all, 'TE: gzip, trailers', 'X-End: 2'));
    assert.deepEqual(endToEnd(last()), ['TE: trailers', 'X-End: 2']);
    assert.ok(!valuesOf(last(), 'keep-alive').includes('hop'));
    assert.deepEqual(endToEnd(response), ['X-Named: 1', 'X-End: 1']);
    assert.ok(!valuesOf(response, 'keep-alive').includes('hop'));
  });

  law(3, "a client's Connection names away nothing that the proxy says", async (rig) => {
    const { request, last } = await rig.start();
    const names = 'host, content-length, cookie, forwarded, x-forwarded-for, x-forwarded-host, x-forwarded-proto, via';
    const fields = [`Connection: ${names}`, 'Cookie: a=b', 'Via: 1.0 other'];
    // The first is held as a whole, the second one passes.
    for (const body of ['ab', 'x'.repeat(70_000)]) {
      await request(requestOf('POST', '/', ...fields, `Content-Length: ${body.length}`) + body);
      for (const name of names.split(', ')) assert.equal(valuesOf(last(), name).length, name === 'via' ? 2 : 1, name);
      assert.deepEqual(valuesOf(last(), 'host'), ['a.example']);
      assert.deepEqual(valuesOf(last(), 'content-length'), [String(body.length)]);
      assert.equal(last().body, body);
    }
  });

  law(4, 'order, duplicates, letter case, latin1 bytes and the reason phrase stay', async (rig) => {
    const fields = ['x-B: 1', 'X-a: caf\xe9', 'x-b: 2', 'COOKIE: \xff=1', 'X-a: ', 'Warning: a', 'warning: b'];
    const response = answer('ok', [...fields, 'Set-Cookie: a=1', 'set-cookie: b=2'], '299 Quite caf\xc3\xa9');
    const { request, last } = await rig.start({ endpoints: [response] });
    const { start, fields: received } = await request(get('/', ...fields));
    assert.deepEqual(endToEnd(last()), fields);
    assert.equal(start, 'HTTP/1.1 299 Quite caf\xc3\xa9');
    const lines = received.map(([name, value]) => `${name}: ${value}`);
    for (const field of [...fields, 'Set-Cookie: a=1', 'set-cookie: b=2']) {
      // Behind fields that middleware set before, Node writes the lines of one name together and in one letter case.
      assert.ok(
        lines.some((line) => line.toLowerCase() === field.toLowerCase()),
        field,
      );
    }
  });

  law(4, 'a head in latin1 arrives whole with and without a body', async (rig) => {
    const heads = [
      send('HTTP/1.1 200 OK\r\nX: \xe9\r\nContent-Length: 2\r\n\r\n\xe9\xff'),
      send('HTTP/1.1 200 OK\r\nX: \xe9\r\nContent-Length: 0\r\n\r\n'),
      send(`HTTP/1.1 200 OK\r\nX: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('\xe9\xff')}`),
    ];
    for (const handler of heads) {
      const { request } = await rig.start({ endpoints: [handler] });
      const response = await request(get());
      assert.deepEqual(valuesOf(response, 'x'), ['\xe9']);
      assert.ok(['', '\xe9\xff'].includes(response.body));
    }
  });

  law(6, 'the target goes on byte for byte', async (rig) => {
    const { request, last } = await rig.start();
    for (const target of [
      '/',
      '//',
      '/a//b/%2e%2e/../c?x=/..//',
      '/%00%2F',
      '/?',
      "/{}|^`'",
      '//evil.example/',
      '/a;b=c?d#e',
    ]) {
      await request(get(target));
      assert.equal(last().start, `GET ${target} HTTP/1.1`);
    }
  });

  law(6, 'absolute-form is never dialled: the authority is the Host, or the answer is 400', async (rig) => {
    const evil = await rawServer();
    try {
      const { request, last, endpoint } = await rig.start();
      assert.equal((await request(get('http://A.example:80/x//y?z'))).status, 200);
      assert.equal(last().start, 'GET /x//y?z HTTP/1.1');
      for (const target of [
        `http://127.0.0.1:${evil.port}/`,
        'http://a.example@evil/',
        'http://[bad',
        'http:///',
        'http://a.example:81/',
      ]) {
        // Express itself finds no route for a target that it cannot parse.
        assert.ok([400, 404].includes((await request(get(target))).status), target);
      }
      assert.equal(endpoint.requests.length, 1);
      assert.equal(evil.connections, 0);
    } finally {
      await evil.close();
    }
  });

  law(6, 'OPTIONS * works, and the asterisk is malformed elsewhere', async (rig) => {
    const { request, last } = await rig.start();
    assert.equal((await request(requestOf('OPTIONS', '*'))).status, 200);
    assert.equal(last().start, 'OPTIONS * HTTP/1.1');
    assert.equal((await request(get('*'))).status, 400);
  });

  law(7, "Host is the client's", async (rig) => {
    const { request, last } = await rig.start();
    await request(get());
    assert.deepEqual(valuesOf(last(), 'host'), ['a.example']);
    assert.equal((await request(get('/', 'Host: b.example'))).status, 400);
  });

  law(7, "Host is each endpoint's own with changeOrigin", async (rig) => {
    const { request, endpoints } = await rig.start({
      proxy: { changeOrigin: true },
      endpoints: [answer(''), answer('')],
    });
    await request(get());
    await request(get());
    for (const { port, requests } of endpoints) {
      assert.deepEqual(
        requests.map((message) => valuesOf(message, 'host')),
        [[`127.0.0.1:${port}`]],
      );
      assert.deepEqual(valuesOf(requests[0]!, 'x-forwarded-host'), ['a.example']);
    }
    assert.equal((await request(get('/', 'Host: b.example'))).status, 400);
  });

  const LIES = [
    'X-Forwarded-For: 1.1.1.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil',
    'Forwarded: for=1.1.1.1',
  ];

  law(8, 'what an untrusted client says about itself is replaced', async (rig) => {
    const { request, last, front } = await rig.start({ proxy: { trustedProxies: ['10.0.0.0/8'] } });
    await request(get('/', ...LIES, 'X-Forwarded-Port: 1', 'X_Forwarded_For: 1.1.1.1'));
    const told = last().fields.filter(([name]) => /forwarded/i.test(name));
    assert.deepEqual(told, [
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Host', 'a.example'],
      ['X-Forwarded-Port', String(front)],
      ['Forwarded', 'for=127.0.0.1;proto=http;host=a.example'],
    ]);
  });

  law(8, 'what a trusted proxy says is believed and continued', async (rig) => {
    const { request, last } = await rig.start({ proxy: { trustedProxies: ['127.0.0.0/8'] } });
    await request(get('/', ...LIES, 'X-Forwarded-For: 2.2.2.2'));
    assert.deepEqual(valuesOf(last(), 'x-forwarded-for'), ['1.1.1.1, 2.2.2.2, 127.0.0.1']);
    assert.deepEqual(valuesOf(last(), 'x-forwarded-proto'), ['https']);
    assert.deepEqual(valuesOf(last(), 'x-forwarded-host'), ['evil']);
    assert.deepEqual(valuesOf(last(), 'forwarded'), ['for=1.1.1.1, for=127.0.0.1;proto=http;host=a.example']);
  });

  law(8, 'Via is added, and a loop ends with 508', async (rig) => {
    const { request, last, cluster, front } = await rig.start();
    await request(get('/', 'Via: 1.0 other'));
    const [other, own] = valuesOf(last(), 'via');
    assert.equal(other, '1.0 other');
    assert.match(own!, /^1\.1 evenkeel-[0-9a-f]+$/);
    cluster.update([`http://127.0.0.1:${front}`]);
    assert.equal((await request(get())).status, 508);
  });
}
