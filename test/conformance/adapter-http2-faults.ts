import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import type { Cluster } from '@evenkeel/core';
import type { Http2Law } from './adapter-http2-rig.ts';
import { chunked, inOrder } from './adapter-rig.ts';
import { answer, rawServer, send, turn, until, valuesOf } from './wire.ts';

const REFUSED = 'http://127.0.0.1:1';
const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

function inflight(cluster: Cluster): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

export function http2FaultLaws(law: Http2Law): void {
  law(10, 'a client that resets its stream, or leaves, takes its upstream attempt along', async (rig) => {
    for (const method of ['GET', 'HEAD']) {
      for (const code of [NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, undefined]) {
        const { connect, cluster, endpoint } = await rig.start({ endpoints: [() => undefined] });
        const client = await connect();
        const { stream } = client.send(method, '/');
        await until(() => endpoint.requests.length === 1);
        if (code === undefined) client.close();
        else stream.close(code);
        await until(() => endpoint.open === 0 && inflight(cluster) === 0);
      }
    }
  });

  law(10, 'a client that resets in mid-body does so too, and what it sent is never taken for a whole', async (rig) => {
    const half = send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const { client, cluster, endpoint } = await rig.start({ endpoints: [half] });
    const down = client.send('GET', '/');
    await until(() => down.body === 'half');
    down.stream.close(NGHTTP2_CANCEL);
    await until(() => endpoint.open === 0 && inflight(cluster) === 0);
    for (const code of [NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, undefined]) {
      for (const fields of [['content-length', '100000'], []]) {
        const before = endpoint.requests.length;
        const own = await rig.start({ endpoints: [() => undefined] });
        const { stream } = own.client.send('POST', '/', fields, null);
        stream.write('x'.repeat(1000));
        await until(() => own.endpoint.received.endsWith('xxx') || own.endpoint.received.endsWith('xxx\r\n'));
        // Node would end the body before it resets the stream.
        stream.end = () => stream;
        if (code === undefined) own.client.close();
        else stream.close(code);
        await until(() => own.endpoint.open === 0 && inflight(own.cluster) === 0);
        assert.equal(
          own.endpoint.requests.length,
          0,
          `${code} ${fields} ${JSON.stringify(own.endpoint.received.slice(-60))}`,
        );
        assert.ok(!own.endpoint.received.endsWith('0\r\n\r\n'));
        assert.equal(endpoint.requests.length, before);
      }
    }
  });

  law(10, 'hundreds of resets at any moment leave every count at zero', async (rig) => {
    const slow = answer('x'.repeat(1000));
    const { client, cluster, endpoints } = await rig.start({
      proxy: { sticky: true },
      endpoints: [0, 1, 2].map(() => (message, socket) => void setImmediate(() => slow(message, socket))),
    });
    const requests: [string, string | null | undefined][] = [
      ['GET', undefined],
      ['HEAD', undefined],
      ['POST', 'hello'],
      ['PUT', 'hello'],
      ['POST', 'y'.repeat(70_000)],
      ['POST', null],
      ['PUT', null],
    ];
    for (let round = 0; round < 30; round++) {
      await Promise.all(
        requests.map(async ([method, body], i) => {
          const { stream } = client.send(method, '/', ['cookie', 'JSESSIONID=a.b'], body);
          if (body === null) stream.write('hel');
          for (let turns = (round + i) % 12; turns >= 0; turns--) await turn();
          stream.close(i % 2 === 0 ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR);
        }),
      );
    }
    await until(() => inflight(cluster) === 0);
    assert.equal((await client.send('GET', '/').over()).status, 200);
    await until(() => inflight(cluster) === 0 && endpoints.every((endpoint) => endpoint.open <= 16));
    assert.equal(cluster.pickable, 3);
  });

  law(11, 'an endpoint that dies in mid-body is a reset with an error, and other streams go on', async (rig) => {
    for (const head of ['Content-Length: 10\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', '\r\n']) {
      for (const die of ['destroy', 'resetAndDestroy'] as const) {
        if (head === '\r\n' && die === 'destroy') continue;
        const { client, cluster } = await rig.start({
          endpoints: [
            ({ start }, socket) => {
              if (start.includes('/other')) return answer('ok')(undefined as never, socket);
              socket.write(`HTTP/1.1 200 OK\r\n${head}`, () => setTimeout(() => socket[die](), 20));
            },
          ],
        });
        const response = await client.send('GET', '/').over();
        assert.deepEqual(
          [response.status, response.isWhole, response.stream.rstCode],
          [200, false, NGHTTP2_INTERNAL_ERROR],
        );
        assert.equal(inflight(cluster), 0);
        assert.equal((await client.send('GET', '/other').over()).body, 'ok');
      }
    }
  });

  law(14, 'an endpoint that refuses costs no request, and what is idempotent and held is sent again', async (rig) => {
    const live = await rawServer();
    try {
      const { client } = await rig.start({ cluster: { endpoints: [REFUSED, live.url] } });
      const large = 'z'.repeat(100_000);
      for (let i = 0; i < 4; i++) {
        for (const body of ['abc', large, undefined])
          assert.equal((await client.send('POST', '/', [], body).over()).status, 200);
      }
      assert.deepEqual(new Set(live.requests.map(({ body }) => body)), new Set(['abc', large, '']));
    } finally {
      await live.close();
    }
    for (const [method, body, expected] of [
      ['GET', undefined, 200],
      ['PUT', 'abc', 200],
      ['POST', 'abc', 502],
    ] as const) {
      const { client, endpoints } = await rig.start({
        cluster: { strategy: inOrder },
        endpoints: [(_request, socket) => socket.destroy(), answer('')],
      });
      assert.equal((await client.send(method, '/', [], body).over()).status, expected);
      assert.equal(endpoints[1]!.requests.length, expected === 200 ? 1 : 0);
    }
  });

  law(18, 'more requests than endpoints and queue may hold are 503 with Retry-After', async (rig) => {
    const { client, endpoint } = await rig.start({
      cluster: { maxInflight: 1, maxQueued: 0 },
      endpoints: [() => undefined],
    });
    client.send('GET', '/');
    await until(() => endpoint.requests.length === 1);
    const refused = await client.send('GET', '/').over();
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.values('retry-after')[0]) > 0);
  });

  law(20, 'what an endpoint says that HTTP/2 cannot is 502, and the process goes on', async (rig) => {
    const bad = ['700 Odd\r\nContent-Length: 0', '200 OK\r\nContent-Length: 1\r\nContent-Length: 2', '101 Switch'];
    for (const head of bad) {
      const { client } = await rig.start({ endpoints: [send(`HTTP/1.1 ${head}\r\n\r\n`)] });
      const response = await client.send('GET', '/').over();
      assert.equal(response.status, 502, head);
      assert.equal((await client.send('HEAD', '/').over()).status, 502);
    }
  });

  law(20, 'clients that break the rules of HTTP/2 reach no endpoint and harm nobody else', async (rig) => {
    const { client, connect, endpoint } = await rig.start();
    const hostile: string[][] = [
      ['connection', 'close'],
      ['transfer-encoding', 'chunked'],
      ['te', 'gzip'],
      ['host', 'a.example', 'host', 'b.example'],
      ['content-length', '1', 'content-length', '2'],
    ];
    for (const fields of hostile) {
      const other = await connect();
      let status = 0;
      try {
        ({ status } = await other.send('GET', '/', fields).over());
      } catch (error) {
        // Node's own client refuses to send it.
        assert.match(String(Reflect.get(error as Error, 'code')), /^ERR_HTTP2|^ERR_INVALID/);
      }
      assert.ok(status === 0 || status >= 400, fields.join());
    }
    assert.equal(endpoint.requests.length, 0);
    assert.equal((await client.send('GET', '/').over()).status, 200);
  });

  law(22, 'an error answer is small, in the form that was asked for, and alone on its response', async (rig) => {
    const { client } = await rig.start({ cluster: { endpoints: [REFUSED] } });
    const json = await client.send('GET', '/').over();
    assert.equal(json.status, 502);
    assert.deepEqual(json.values('content-type'), ['application/problem+json']);
    assert.equal(JSON.parse(json.body).code, 'CONNECT_FAILED');
    assert.ok(!json.body.includes('127.0.0.1'));
    const text = await client.send('POST', '/', ['accept', 'text/html'], 'x').over();
    assert.match(text.body, /^502 Bad Gateway\n/);
    const head = await client.send('HEAD', '/').over();
    assert.deepEqual([head.status, head.body, head.isHeadOnly, head.stream.rstCode], [502, '', true, 0]);
  });

  law(22, 'a head that never got out gives way to the error that came after it', async (rig) => {
    const { client } = await rig.start({
      endpoints: [
        (_request, socket) => {
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Stale: 1\r\nContent-Type: text/html\r\n\r\n');
        },
      ],
    });
    const { status, fields } = await client.send('GET', '/').over();
    assert.equal(status, 502);
    assert.ok(!fields.includes('x-stale') && !fields.includes('text/html'));
  });

  law(15, 'sticky clients come back to their endpoint', async (rig) => {
    const { client, endpoints } = await rig.start({ proxy: { sticky: true }, endpoints: [answer('a'), answer('b')] });
    const first = await client.send('GET', '/').over();
    const [cookie] = first.values('set-cookie')[0]!.split(';', 1);
    for (let i = 0; i < 5; i++) {
      const again = await client.send('GET', '/', ['cookie', 'x=1', 'cookie', cookie!]).over();
      assert.equal(again.body, first.body);
      assert.deepEqual(again.values('set-cookie'), []);
    }
    assert.deepEqual(endpoints.map(({ requests }) => requests.length).toSorted(), [0, 6]);
    const reached = endpoints.find(({ requests }) => requests.length === 6)!;
    assert.match(valuesOf(reached.requests[5]!, 'cookie').join('|'), /^x=1; JSESSIONID=\w+$/);
  });

  law(14, 'a body of unknown length is held for what may be repeated', async (rig) => {
    const { client, endpoints } = await rig.start({
      cluster: { strategy: inOrder },
      endpoints: [
        (_request, socket) => socket.destroy(),
        send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('ok')}`),
      ],
    });
    const exchange = client.send('PUT', '/', [], null);
    exchange.stream.write('ab');
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(endpoints[0]!.requests.length, 0);
    exchange.stream.end('c');
    assert.equal((await exchange.over()).body, 'ok');
    assert.equal(endpoints[1]!.requests[0]!.body, 'abc');
  });
}
