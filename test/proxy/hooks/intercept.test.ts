import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import type { InterceptOptions } from '@evenkeel/proxy';
import { get, makeRig, requestOf } from '../../conformance/adapter-rig.ts';
import { answer, rawClient, send, turn, until, valuesOf } from '../../conformance/wire.ts';
import type { RawHandler } from '../../conformance/wire.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

const shout = (body: Buffer): string => body.toString().toUpperCase();

function coded(body: Buffer, coding: string, ...fields: string[]): RawHandler {
  return answer(body.toString('latin1'), [`Content-Encoding: ${coding}`, ...fields]);
}

describe('interceptResponse', () => {
  afterEach(() => rig.end());

  it('sends what the function makes, under its own length and without what told of the old bytes', async () => {
    const { request } = await rig.start({
      endpoints: [
        answer('hello', [
          'ETag: "x"',
          'Accept-Ranges: bytes',
          'Digest: y',
          'Content-MD5: z',
          'Content-Type: text/plain',
          'Vary: a',
        ]),
      ],
      proxy: {
        interceptResponse: (body, head, req, res) =>
          `${shout(body)} ${head.get('content-type')} ${req.url} ${res.headersSent} \u00fc`,
      },
    });
    const response = await request(get('/p'));
    const expected = Buffer.from('HELLO text/plain /p false \u00fc');
    assert.equal(response.body, expected.toString('latin1'));
    const names = ['content-length', 'etag', 'accept-ranges', 'digest', 'content-md5', 'vary', 'transfer-encoding'];
    assert.deepEqual(
      names.map((name) => valuesOf(response, name)),
      [[String(expected.length)], ['W/"x"'], [], [], [], ['a'], []],
    );
  });

  it('reads all codings that it lets endpoints use', async () => {
    const plain = Buffer.from('hello '.repeat(100));
    const codings: [string, Buffer][] = [
      ['gzip', zlib.gzipSync(plain)],
      ['X-GZIP', zlib.gzipSync(plain)],
      ['deflate', zlib.deflateSync(plain)],
      ['deflate', zlib.deflateRawSync(plain)],
      ['br', zlib.brotliCompressSync(plain)],
      ['deflate, gzip', zlib.gzipSync(zlib.deflateSync(plain))],
      ['identity', plain],
    ];
    if (typeof zlib.zstdCompressSync === 'function') codings.push(['zstd', zlib.zstdCompressSync(plain)]);
    const { request, endpoint } = await rig.start({ proxy: { interceptResponse: shout } });
    for (const [coding, body] of codings) {
      endpoint.onRequest = coded(body, coding);
      const response = await request(get());
      assert.equal(response.body, plain.toString().toUpperCase(), coding);
      assert.deepEqual(valuesOf(response, 'content-encoding'), []);
    }
  });

  it('asks for nothing that it cannot read, and for no parts', async () => {
    const { request, last } = await rig.start({ proxy: { interceptResponse: shout } });
    await request(get('/', 'Accept-Encoding: sdch, GZIP;q=0.5, *;q=0.1', 'Range: bytes=0-1', 'If-Range: "x"'));
    assert.deepEqual(
      ['accept-encoding', 'range', 'if-range'].map((name) => valuesOf(last(), name)),
      [['GZIP;q=0.5'], [], []],
    );
    await request(get('/', 'Accept-Encoding: sdch'));
    assert.deepEqual(valuesOf(last(), 'accept-encoding'), ['identity']);
    await request(get('/'));
    assert.deepEqual(valuesOf(last(), 'accept-encoding'), []);
  });

  it('leaves HEAD, 204 and 304 without a body, and describes them as the others', async () => {
    const interceptResponse = (): never => assert.fail('there is nothing to intercept');
    const { request, endpoint } = await rig.start({ proxy: { interceptResponse } });
    const head = 'ETag: "x"\r\nContent-Encoding: gzip\r\n';
    const cases: [string, string, boolean][] = [
      [requestOf('HEAD', '/'), `HTTP/1.1 200 OK\r\n${head}Content-Length: 5\r\n\r\n`, true],
      [get(), `HTTP/1.1 304 Not Modified\r\n${head}\r\n`, true],
      [get(), `HTTP/1.1 204 No Content\r\n${head}\r\n`, true],
    ];
    for (const [bytes, response, isBodiless] of cases) {
      endpoint.onRequest = send(response);
      const received = await request(bytes, { isBodiless });
      assert.deepEqual([received.start, received.body], [response.split('\r\n')[0]!, '']);
      assert.deepEqual(
        ['etag', 'content-encoding', 'content-length'].map((name) => valuesOf(received, name)),
        [['W/"x"'], [], []],
      );
    }
  });

  it('bounds what it reads and what that becomes', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(20_000_000));
    const twice = zlib.gzipSync(bomb);
    const handlers: [RawHandler, number][] = [
      [answer('x'.repeat(1_000)), 200],
      [answer('x'.repeat(1_001)), 502],
      [
        send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${`3e8\r\n${'x'.repeat(1_000)}\r\n`.repeat(3)}`),
        502,
      ],
      [coded(zlib.gzipSync(Buffer.alloc(1_000)), 'gzip'), 200],
      [coded(zlib.gzipSync(Buffer.alloc(1_001)), 'gzip'), 502],
      [coded(twice, 'gzip, gzip'), 502],
      [coded(Buffer.from('x'), 'gzip'), 502],
      [coded(Buffer.from('x'), 'rot13'), 502],
      [coded(zlib.gzipSync('x'), 'gzip, gzip, gzip, gzip'), 502],
      [coded(Buffer.alloc(0), 'gzip'), 200],
      [answer('x', [], '206 Partial Content'), 502],
    ];
    assert.ok(twice.length < 1_000);
    const options: InterceptOptions = { transform: () => 'ok', maxBytes: 1_000 };
    const { request, endpoint, cluster } = await rig.start({ proxy: { interceptResponse: options } });
    for (const [i, [handler, status]] of handlers.entries()) {
      endpoint.onRequest = handler;
      assert.deepEqual([i, (await request(get())).status], [i, status]);
      await until(() => cluster.endpoints[0]!.inflight === 0);
    }
  });

  it('lets pass what it is not for', async () => {
    const { request } = await rig.start({
      endpoints: [answer('hello', ['ETag: "x"', 'Content-Type: image/png'])],
      proxy: {
        interceptResponse: {
          transform: shout,
          when: (head, req) => req.url === '/yes' || head.get('content-type') === 'text/html',
        },
      },
    });
    const passed = await request(get('/no'));
    assert.deepEqual([passed.body, valuesOf(passed, 'etag')], ['hello', ['"x"']]);
    assert.equal((await request(get('/yes'))).body, 'HELLO');
  });

  it('may change the head, and waits for a promise; the session stays where it is', async () => {
    const { request, cluster } = await rig.start({
      endpoints: [answer('missing', ['Set-Cookie: JSESSIONID=abc'], '404 Not Found')],
      proxy: {
        sticky: true,
        async interceptResponse(body, head) {
          await turn();
          head.status = 200;
          head.set('X-Was', body.toString());
          return Buffer.from('found');
        },
      },
    });
    const response = await request(get());
    assert.equal(response.start, 'HTTP/1.1 200 OK');
    assert.deepEqual([response.body, valuesOf(response, 'x-was')], ['found', ['missing']]);
    assert.deepEqual(valuesOf(response, 'set-cookie'), [`JSESSIONID=abc.${cluster.endpoints[0]!.route}`]);
  });

  it('becomes one answer where it fails, and an endpoint that dies in mid-body is one, too', async () => {
    const { request, endpoint } = await rig.start({
      endpoints: [answer('body')],
      proxy: {
        interceptResponse: async (_body, head, req) => {
          await turn();
          if (req.url === '/throw') throw new Error('broken');
          if (req.url === '/frame') head.set('content-length', '1');
          if (req.url === '/nothing') return undefined as never;
          return 'ok';
        },
      },
    });
    for (const path of ['/throw', '/frame', '/nothing']) assert.equal((await request(get(path))).status, 500);
    assert.equal((await request(get('/ok'))).body, 'ok');
    endpoint.onRequest = (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    assert.equal((await request(get('/ok'))).status, 502);
  });

  it('harms nobody where the client leaves meanwhile', async () => {
    const pending: ((error?: unknown) => void)[] = [];
    const { front, request, cluster } = await rig.start({
      endpoints: [answer('body')],
      proxy: {
        interceptResponse: (_body, _head, req) =>
          req.url === '/ok'
            ? 'ok'
            : new Promise((resolve, reject) => pending.push(req.url === '/no' ? reject : () => resolve('late'))),
      },
    });
    for (const path of ['/no', '/yes']) {
      const client = await rawClient(front);
      client.write(get(path));
      await until(() => pending.length === 1);
      client.socket.resetAndDestroy();
      for (let i = 0; i < 50; i++) await turn();
      pending.pop()!(new Error('too late'));
      await turn();
    }
    assert.equal((await request(get('/ok'))).body, 'ok');
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });
});
