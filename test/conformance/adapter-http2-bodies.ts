import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import type { Http2Law } from './adapter-http2-rig.ts';
import { chunked } from './adapter-rig.ts';
import { answer, send, until, valuesOf } from './wire.ts';
import type { RawMessage } from './wire.ts';

const MIB = 1024 * 1024;

function framing(message: RawMessage): string[] {
  return [...valuesOf(message, 'content-length'), ...valuesOf(message, 'transfer-encoding')];
}

export function http2BodyLaws(law: Http2Law): void {
  law(5, 'a request without a body stays one, however its end was said', async (rig) => {
    const { client, last } = await rig.start();
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) {
      assert.equal((await client.send(method, '/').over()).status, 200);
      assert.deepEqual(framing(last()), [], method);
      const late = client.send(method, '/', [], null);
      late.stream.end();
      assert.equal((await late.over()).status, 200);
      assert.ok(
        framing(last()).every((value) => value === '0'),
        method,
      );
    }
    await client.send('POST', '/', ['content-length', '0']).over();
    assert.deepEqual(framing(last()), ['0']);
    assert.equal((await client.send('POST', '/').over()).status, 200);
    assert.ok(framing(last()).every((value) => value === '0'));
  });

  law(5, 'a request body arrives whole under exactly one framing, whatever the method', async (rig) => {
    const { client, last } = await rig.start();
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PROPFIND']) {
      for (const body of ['abc', 'GET /smuggled HTTP/1.1\r\n\r\n', 'x'.repeat(70_000)]) {
        await client.send(method, '/', ['content-length', String(body.length)], body).over();
        assert.equal(last().body, body);
        assert.deepEqual(framing(last()), [String(body.length)]);
        await client.send(method, '/', [], body).over();
        assert.equal(last().body, body);
        assert.equal(framing(last()).length, 1, method);
      }
    }
  });

  law(5, 'a body that is not what was announced reaches no endpoint as a whole one', async (rig) => {
    const { connect, endpoint } = await rig.start();
    for (const [length, body] of [
      ['5', 'abc'],
      ['2', 'abc'],
      ['70001', 'x'.repeat(70_000)],
    ] as const) {
      // Node 22 ends the connection for it.
      const client = await connect();
      const exchange = await client.send('POST', '/', ['content-length', length], body).over();
      assert.equal(exchange.isWhole && exchange.status === 200, false);
    }
    const contradictory = await (await connect()).send('POST', '/', ['content-length', '3']).over();
    assert.notEqual(contradictory.status, 200);
    assert.equal(endpoint.requests.length, 0);
  });

  law(5, 'a response arrives whole, and one without a body ends with its head', async (rig) => {
    const body = 'y'.repeat(200_000);
    const responses: [string, string, boolean][] = [
      ['200 OK\r\nContent-Length: 3\r\n\r\nabc', 'abc', false],
      [`200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('abc', body)}`, `abc${body}`, false],
      [`200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, body, false],
      ['200 OK\r\nContent-Length: 0\r\n\r\n', '', true],
      ['200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '', true],
      ['204 No Content\r\n\r\n', '', true],
      ['205 Reset Content\r\nContent-Length: 0\r\n\r\n', '', true],
      ['205 Reset Content\r\nContent-Length: 3\r\n\r\nabc', '', true],
      ['304 Not Modified\r\nETag: "x"\r\n\r\n', '', true],
    ];
    for (const [bytes, expected, isHeadOnly] of responses) {
      const { client } = await rig.start({ endpoints: [send(`HTTP/1.1 ${bytes}`)] });
      const response = await client.send('GET', '/').over();
      assert.equal(response.body, expected);
      assert.equal(response.status, Number(bytes.slice(0, 3)));
      assert.deepEqual(
        [response.isWhole, response.isHeadOnly, response.stream.rstCode],
        [true, isHeadOnly, 0],
        bytes.slice(0, 60),
      );
    }
  });

  law(5, 'HEAD keeps the length and has no body', async (rig) => {
    const { client } = await rig.start({ endpoints: [send('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')] });
    const response = await client.send('HEAD', '/').over();
    assert.deepEqual([response.values('content-length'), response.isHeadOnly], [['1234'], true]);
  });

  law(12, 'a response head goes out before its body comes', async (rig) => {
    const { client, endpoint } = await rig.start({
      endpoints: [send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')],
    });
    const exchange = await client.send('GET', '/').head();
    assert.deepEqual([exchange.status, exchange.isHeadOnly], [200, false]);
    exchange.stream.close();
    await until(() => endpoint.open === 0);
  });

  law(12, 'a client that does not read one stream holds its endpoint back, and no other stream', async (rig) => {
    let pulled = 0;
    const { client } = await rig.start({
      endpoints: [
        ({ start }, socket) => {
          if (!start.includes('/endless')) return answer('z'.repeat(100_000))(undefined as never, socket);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${4096 * MIB}\r\n\r\n`);
          const piece = Buffer.alloc(MIB / 4);
          const pour = (): void => {
            while (!socket.destroyed && socket.write(piece)) pulled += piece.length;
          };
          socket.on('drain', pour);
          pour();
        },
      ],
    });
    const stalled = client.send('GET', '/endless');
    await stalled.head();
    stalled.stream.pause();
    await settled(
      () => pulled,
      async () => assert.equal((await client.send('GET', '/other').over()).body.length, 100_000),
    );
    assert.ok(pulled > 0 && pulled < 64 * MIB, `${pulled} bytes were pulled`);
  });

  law(12, 'an endpoint that does not read holds its client back, and no other stream', async (rig) => {
    const { client, cluster, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    let isStopped = false;
    endpoint.onConnection = (socket) => {
      if (isStopped) return;
      isStopped = true;
      socket.pause();
    };
    const { stream } = client.send('POST', '/', [], null);
    const piece = Buffer.alloc(MIB / 4, 'x');
    let pushed = 0;
    const pour = (): void => {
      while (!stream.destroyed && stream.write(piece)) pushed += piece.length;
    };
    stream.on('drain', pour);
    pour();
    await until(() => isStopped);
    await settled(
      () => pushed,
      async () => assert.equal((await client.send('GET', '/other').over()).body, 'ok'),
    );
    assert.ok(pushed < 64 * MIB, `${pushed} bytes were taken`);
    // What lies there unread does not keep the proxy from hearing of the end.
    stream.end = () => stream;
    stream.close(constants.NGHTTP2_NO_ERROR);
    await until(() => cluster.endpoints[0]!.inflight === 0);
  });

  law(13, 'an early answer reaches a client that still uploads, which is told to stop', async (rig) => {
    for (const trailer of ['', 'x: 1\r\n']) {
      const { client, endpoint } = await rig.start();
      endpoint.onConnection = (socket) => {
        socket.once('data', () => {
          socket.pause();
          const early = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n0\r\n${trailer}\r\n`;
          send(early)(undefined as never, socket);
        });
      };
      const exchange = client.send('POST', '/', ['content-length', String(16 * MIB)], null);
      exchange.stream.write(Buffer.alloc(8 * MIB));
      await exchange.over();
      assert.deepEqual([exchange.body, exchange.isWhole, exchange.stream.rstCode], ['early', true, 0]);
      assert.equal(exchange.trailers.length, trailer === '' ? 0 : 2);
      endpoint.onConnection = () => undefined;
      assert.equal((await client.send('GET', '/').over()).status, 200);
      await until(() => endpoint.open <= 1);
    }
  });

  law(18, 'a request head over the limits is 431, and a body over the limit 413, announced or not', async (rig) => {
    const { client, endpoint } = await rig.start({ proxy: { maxBodyBytes: 100_000 } });
    const many = Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1']).flat();
    assert.equal((await client.send('GET', '/', many).over()).status, 431);
    assert.equal((await client.send('GET', '/', ['x', 'y'.repeat(20_000)]).over()).status, 431);
    const large = 'x'.repeat(150_000);
    for (const method of ['POST', 'PUT']) {
      assert.equal((await client.send(method, '/', ['content-length', '150000'], large).head()).status, 413);
      assert.equal((await client.send(method, '/', [], large).head()).status, 413);
    }
    assert.equal((await client.send('POST', '/', [], 'x'.repeat(100_000)).over()).status, 200);
    assert.equal(endpoint.requests.length, 1);
  });
}

/** Resolves when `amount` has stood still over many round trips of `step`. */
async function settled(amount: () => number, step: () => Promise<unknown>): Promise<void> {
  let before = -1;
  for (let still = 0; still < 30; still++) {
    if (amount() !== before) still = 0;
    before = amount();
    await step();
  }
}
