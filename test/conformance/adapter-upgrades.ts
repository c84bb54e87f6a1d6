/**
 * Law 15 up to the change of protocols: the handshake, and what is answered instead of it.
 */
import assert from 'node:assert/strict';
import { get, inOrder, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { upgradeEndLaws } from './adapter-upgrade-ends.ts';
import { upgradePipelineLaws } from './adapter-upgrade-pipelines.ts';
import { AGREE, agree, change, inflight, isIdle } from './adapter-upgrade-rig.ts';
import { answer, rawClient, rawServer, send, turn, until, valuesOf } from './wire.ts';

const REFUSED = 'http://127.0.0.1:1';

export function upgradeLaws(law: Law): void {
  handshakeLaws(law);
  refusalLaws(law);
  ordinaryLaws(law);
  upgradePipelineLaws(law);
  upgradeEndLaws(law);
}

function handshakeLaws(law: Law): void {
  law(15, 'a handshake passes whole, with all its fields, and what either side says early', async (rig) => {
    const { front, last, endpoint, cluster } = await rig.start({
      proxy: { sticky: true },
      endpoints: [agree('websocket', 'hello', 'Sec-WebSocket-Accept: x', 'Keep-Alive: hop', 'X-B: \xe9', 'x-b: 2')],
    });
    const client = await rawClient(front);
    const fields = [
      'Sec-WebSocket-Key: eA==',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: a, b',
      'Sec-WebSocket-Protocol: c',
      'Sec-WebSocket-Extensions: permessage-deflate',
      'Origin: http://a.example',
      'Authorization: Basic eA==',
    ];
    client.write(`${change('websocket', ...fields, 'Keep-Alive: hop')}early`);
    const response = await client.response({ isBodiless: true });
    assert.equal(response.status, 101);
    assert.deepEqual(valuesOf(response, 'connection'), ['Upgrade']);
    assert.deepEqual(valuesOf(response, 'upgrade'), ['websocket']);
    assert.deepEqual(valuesOf(response, 'sec-websocket-accept'), ['x']);
    assert.deepEqual(valuesOf(response, 'x-b'), ['\xe9', '2']);
    assert.deepEqual(valuesOf(response, 'keep-alive'), []);
    assert.match(valuesOf(response, 'set-cookie')[0]!, /^JSESSIONID=[\w-]+\.[0-9a-z]+;/);
    const request = last();
    assert.equal(request.start, 'GET /ws HTTP/1.1');
    const lines = request.fields.map(([name, value]) => `${name}: ${value}`);
    for (const field of fields) assert.ok(lines.includes(field), field);
    assert.match(valuesOf(request, 'connection').join(), /^upgrade$/i);
    assert.deepEqual(valuesOf(request, 'upgrade'), ['websocket']);
    assert.deepEqual(valuesOf(request, 'keep-alive'), []);
    assert.deepEqual(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1']);
    assert.equal(valuesOf(request, 'via').length, 1);
    await until(() => endpoint.received.endsWith('early') && client.received.endsWith('hello'));
    assert.equal(inflight(cluster), 1);
    client.socket.destroy();
    await isIdle(cluster, [endpoint]);
  });

  law(15, 'a sticky client comes back to its endpoint with a WebSocket, too', async (rig) => {
    const { front, endpoints, cluster } = await rig.start({
      proxy: { sticky: true },
      endpoints: [0, 1, 2].map(() => agree('websocket')),
    });
    const cookie = `Cookie: JSESSIONID=a.${cluster.endpoints[2]!.route}`;
    for (let i = 0; i < 4; i++) {
      const client = await rawClient(front);
      client.write(change('websocket', cookie));
      assert.deepEqual(valuesOf(await client.response({ isBodiless: true }), 'set-cookie'), []);
      client.socket.destroy();
    }
    assert.deepEqual(
      endpoints.map(({ requests }) => requests.length),
      [0, 0, 4],
    );
    await isIdle(cluster, endpoints);
  });

  law(15, 'a client hears of no change before the endpoint has agreed to it', async (rig) => {
    let go: (() => void) | undefined;
    const { front, endpoint } = await rig.start({
      endpoints: [(request, socket) => (go = () => agree('a/1')(request, socket))],
    });
    const client = await rawClient(front);
    client.write(change('b, A/1, h2c'));
    await until(() => go !== undefined);
    assert.deepEqual(valuesOf(endpoint.requests[0]!, 'upgrade'), ['b, A/1']);
    assert.equal(client.received, '');
    go!();
    assert.equal((await client.response({ isBodiless: true })).status, 101);
    client.socket.destroy();
    await until(() => endpoint.open === 0);
  });

  law(15, 'an endpoint that refuses connections costs no upgrade', async (rig) => {
    const live = await rawServer(agree('websocket'));
    try {
      const { front, cluster } = await rig.start({ cluster: { endpoints: [REFUSED, live.url], strategy: inOrder } });
      const client = await rawClient(front);
      client.write(change('websocket'));
      assert.equal((await client.response({ isBodiless: true })).status, 101);
      client.socket.destroy();
      await isIdle(cluster, [live]);
    } finally {
      await live.close();
    }
  });

  law(15, 'an upgrade right behind another request waits for the answer to that one', async (rig) => {
    let go: (() => void) | undefined;
    const { front, endpoint } = await rig.start({
      endpoints: [
        (request, socket) => {
          if (request.start.includes('/ws')) agree('websocket')(request, socket);
          else go = () => answer('first')(request, socket);
        },
      ],
    });
    const client = await rawClient(front);
    client.write(get('/slow') + change('websocket'));
    await until(() => go !== undefined);
    for (let i = 0; i < 10; i++) await turn();
    assert.equal(endpoint.requests.length, 1);
    go!();
    assert.equal((await client.response()).body, 'first');
    assert.equal((await client.response({ isBodiless: true })).status, 101);
    client.socket.destroy();
    await until(() => endpoint.requests.length === 2);
  });
}

function refusalLaws(law: Law): void {
  law(15, 'a refused upgrade is passed on with its body, and the connection ends', async (rig) => {
    const bodies = [
      'HTTP/1.1 403 No Way\r\nX: 1\r\nContent-Length: 4\r\n\r\nbody',
      'HTTP/1.1 426 Upgrade Required\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody',
    ];
    for (const bytes of bodies) {
      const { front, endpoint, cluster } = await rig.start({
        proxy: { sticky: true },
        endpoints: [(_request, socket) => void socket.end(bytes)],
      });
      const client = await rawClient(front);
      client.write(`${change('websocket')}early`);
      const response = await client.response();
      assert.equal(response.body, 'body');
      assert.equal(response.start, bytes.slice(0, bytes.indexOf('\r\n')));
      assert.deepEqual(valuesOf(response, 'connection'), ['close']);
      assert.equal(valuesOf(response, 'set-cookie').length, 1);
      await client.ended();
      assert.equal(client.end, 'fin');
      client.socket.destroy();
      await isIdle(cluster, [endpoint]);
    }
  });

  law(15, 'what an endpoint agrees to without having been asked is 502', async (rig) => {
    const heads = [`${AGREE}other\r\n\r\n`, 'HTTP/1.1 101 OK\r\nConnection: Upgrade\r\n\r\n', `${AGREE}a, b\r\n\r\n`];
    for (const head of [...heads, `${AGREE}a\r\nTransfer-Encoding: gzip\r\n\r\n`]) {
      const { request, endpoint, cluster } = await rig.start({ endpoints: [send(head)] });
      assert.equal((await request(change('a'))).status, 502, head);
      await isIdle(cluster, [endpoint]);
    }
  });

  law(15, 'an upgrade that fails gets the usual answer', async (rig) => {
    const { request } = await rig.start({ cluster: { endpoints: [REFUSED] } });
    const problem = await request(change('websocket'));
    assert.equal(problem.status, 502);
    assert.deepEqual(valuesOf(problem, 'content-type'), ['application/problem+json']);
    assert.deepEqual(valuesOf(problem, 'connection'), ['close']);
    assert.match((await request(change('websocket', 'Accept: text/html'))).body, /^502 Bad Gateway\n/);
    assert.equal((await request(change('websocket', 'Host: b.example'))).status, 400);
    const { request: through, cluster } = await rig.start();
    await cluster.close();
    assert.equal((await through(change('websocket'))).status, 503);
  });
}

function ordinaryLaws(law: Law): void {
  law(15, 'h2c, and any upgrade that brings a body, is an ordinary request on an ordinary connection', async (rig) => {
    const { front, last, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    const settings = ['Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const requests: [string, string][] = [
      [requestOf('GET', '/', ...settings, 'Upgrade: h2c'), ''],
      [requestOf('POST', '/', ...settings, 'Upgrade: h2c', 'Content-Length: 5') + 'hello', 'hello'],
      [requestOf('POST', '/', 'Connection: upgrade', 'Upgrade: foo', 'Content-Length: 5') + 'hello', 'hello'],
      [
        `${requestOf('POST', '/', 'Connection: upgrade', 'Upgrade: foo', 'Transfer-Encoding: chunked')}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`,
        'hello',
      ],
      ['GET / HTTP/1.0\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', ''],
    ];
    for (const [bytes, body] of requests) {
      const client = await rawClient(front);
      client.write(bytes);
      assert.equal((await client.response()).body, 'ok');
      assert.equal(last().body, body);
      assert.deepEqual(valuesOf(last(), 'upgrade'), []);
      assert.deepEqual(valuesOf(last(), 'http2-settings'), []);
      client.socket.destroy();
    }
    assert.equal(endpoint.requests.length, requests.length);
  });

  law(15, 'an upgrade that is an ordinary request keeps its place behind another one', async (rig) => {
    let go: (() => void) | undefined;
    const { front, endpoint } = await rig.start({
      endpoints: [
        (request, socket) => {
          if (request.start.includes('/slow')) go = () => answer('first')(request, socket);
          else answer(request.body)(request, socket);
        },
      ],
    });
    const client = await rawClient(front);
    const fields = ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 6'];
    client.write(`${get('/slow')}${requestOf('POST', '/', ...fields)}sec`);
    await until(() => go !== undefined);
    for (let i = 0; i < 10; i++) await turn();
    client.write('ond');
    assert.equal(endpoint.requests.length, 1);
    go!();
    assert.equal((await client.response()).body, 'first');
    assert.equal((await client.response()).body, 'second');
    client.socket.destroy();
  });

  law(15, 'the body of an upgrade is framed as it was announced, and no request of its own', async (rig) => {
    const { front, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    const inner = get('/smuggled');
    const client = await rawClient(front);
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', `Content-Length: ${inner.length}`];
    client.write(requestOf('GET', '/', ...fields) + inner);
    assert.equal((await client.response()).status, 200);
    assert.deepEqual(
      endpoint.requests.map(({ start, body }) => [start, body]),
      [['GET / HTTP/1.1', inner]],
    );
    client.socket.destroy();
  });
}
