import assert from 'node:assert/strict';
import { get, makeRig } from '../../conformance/adapter-rig.ts';
import { answer, rawClient, send, turn, until, valuesOf } from '../../conformance/wire.ts';
import { makeServer } from '../server.ts';

const rig = makeRig(makeServer);

describe('selfHandle', () => {
  afterEach(() => rig.end());

  it('hands over status, fields, body and trailers, with the affinity cookie, and writes nothing itself', async () => {
    const { request, cluster } = await rig.start({
      endpoints: [
        send(
          'HTTP/1.1 201 Made\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nX-Two: a\r\nx-two: b\r\n' +
            'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n',
        ),
      ],
      proxy: {
        sticky: true,
        async selfHandle(response, req, res) {
          let body = '';
          for await (const chunk of response) body += String(chunk);
          const { status, reason, headers, rawHeaders, rawTrailers } = response;
          res.end(JSON.stringify({ url: req.url, status, reason, headers, rawHeaders, rawTrailers, body }));
        },
      },
    });
    const response = await request(get('/p'));
    const seen = JSON.parse(response.body) as { rawHeaders: string[]; headers: Record<string, unknown> };
    const cookie = seen.headers['set-cookie'];
    assert.match(String(cookie), new RegExp(`^JSESSIONID=[\\w-]+\\.${cluster.endpoints[0]!.route};`));
    assert.deepEqual(seen, {
      url: '/p',
      status: 201,
      reason: 'Made',
      headers: { 'x-two': ['a', 'b'], 'set-cookie': cookie, 'cache-control': 'private' },
      rawHeaders: ['X-Two', 'a', 'x-two', 'b', 'Set-Cookie', cookie, 'Cache-Control', 'private'],
      rawTrailers: ['X-Sum', '5'],
      body: 'hello',
    });
    assert.deepEqual([response.status, valuesOf(response, 'set-cookie')], [200, []]);
  });

  it('holds an endpoint back that sends more than is read', async () => {
    let written = 0;
    const piece = 'x'.repeat(65_536);
    const { front, cluster } = await rig.start({
      endpoints: [
        (_request, socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
          const more = (): void => {
            while (written < 1e9 && socket.write(piece)) written += piece.length;
          };
          socket.on('drain', more);
          more();
        },
      ],
      proxy: { selfHandle: (_response, _req, res) => void res.write('no thanks') },
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => client.received.includes('no thanks'));
    for (let i = 0; i < 2_000; i++) await turn();
    assert.ok(written < 5e7, `${written} bytes were taken`);
    client.socket.destroy();
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('discards what is not read, and keeps the connection where that is little', async () => {
    const { request, endpoint, cluster } = await rig.start({
      endpoints: [answer('small')],
      proxy: { selfHandle: (_response, _req, res) => void res.end('mine') },
    });
    for (let i = 0; i < 3; i++) {
      assert.equal((await request(get())).body, 'mine');
      await until(() => cluster.endpoints[0]!.inflight === 0);
    }
    assert.equal(endpoint.connections, 1);
  });

  it('becomes one answer where it fails, before or after it has said something', async () => {
    const { request, front, cluster } = await rig.start({
      endpoints: [answer('body')],
      proxy: {
        selfHandle: (response, req, res) => {
          if (req.url === '/throw') throw new Error('broken');
          if (req.url === '/reject') return Promise.reject(new Error('broken'));
          if (req.url === '/destroy') {
            response.destroy();
            return Promise.reject(new Error('broken'));
          }
          res.write('half');
          return Promise.reject(new Error('broken'));
        },
      },
    });
    for (const path of ['/throw', '/reject', '/destroy']) assert.equal((await request(get(path))).status, 500);
    const client = await rawClient(front);
    client.write(get('/late'));
    await client.ended();
    assert.match(client.received, /half/);
    assert.doesNotMatch(client.received, /\r\n0\r\n/);
    client.socket.destroy();
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('sees an endpoint that dies in mid-body; if it does not look, the client sees it', async () => {
    const errors: string[] = [];
    const { front, request } = await rig.start({
      endpoints: [
        (_request, socket) => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
          setImmediate(() => socket.destroy());
        },
      ],
      proxy: {
        selfHandle(response, req, res) {
          if (req.url === '/look') {
            response.on('error', (error: Error & { code?: string }) => {
              errors.push(error.code!);
              res.writeHead(599).end('seen');
            });
            response.resume();
          } else if (req.url === '/pipe') {
            response.pipe(res);
          }
        },
      },
    });
    assert.equal((await request(get('/look'))).body, 'seen');
    assert.deepEqual(errors, ['UPSTREAM_RESET']);
    assert.equal((await request(get('/silent'))).status, 502);
    const client = await rawClient(front);
    client.write(get('/pipe'));
    await client.ended();
    assert.doesNotMatch(client.received, /\r\n0\r\n/);
    client.socket.destroy();
  });

  it('gives the endpoint up with the stream, and can still answer', async () => {
    let answerLate: (() => void) | undefined;
    const { front, cluster } = await rig.start({
      endpoints: [send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')],
      proxy: {
        selfHandle(response, _req, res) {
          response.destroy();
          answerLate = () => res.end('mine');
        },
      },
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => answerLate !== undefined && cluster.endpoints[0]!.inflight === 0);
    answerLate!();
    assert.equal((await client.response()).body, 'mine');
    client.socket.destroy();
  });

  it('may hand the request back', async () => {
    const { request, cluster } = await rig.start({
      endpoints: [answer('missing', [], '404 Not Found')],
      proxy: { selfHandle: (_response, _req, _res, next) => next() },
    });
    assert.equal((await request(get())).status, 404);
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  it('lets go of everything where the client leaves', async () => {
    let isHandled = false;
    const { front, cluster, endpoint } = await rig.start({
      endpoints: [send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')],
      proxy: { selfHandle: () => void (isHandled = true) },
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => isHandled);
    client.socket.destroy();
    await until(() => cluster.endpoints[0]!.inflight === 0 && endpoint.open === 0);
  });
});
