import assert from 'node:assert/strict';
import { chunked, get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawClient, send, turn, until, valuesOf } from './wire.ts';

const MIB = 1024 * 1024;

export function bodyLaws(law: Law): void {
  law(1, 'connections to endpoints are reused, after HEAD and bodied GET and DELETE too', async (rig) => {
    const { front, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    endpoint.onRequest = ({ start }, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${start.startsWith('HEAD') ? '' : 'ok'}`);
    };
    const client = await rawClient(front);
    for (const method of ['GET', 'HEAD', 'GET', 'DELETE', 'POST', 'PUT', 'OPTIONS']) {
      const body = ['GET', 'HEAD', 'OPTIONS'].includes(method) ? '' : 'abc';
      client.write(requestOf(method, '/', `Content-Length: ${body.length}`) + body);
      await client.response({ isBodiless: method === 'HEAD' });
      client.write(`${get('/', 'Content-Length: 3')}abc`);
      await client.response();
    }
    client.socket.destroy();
    assert.equal(endpoint.requests.length, 14);
    assert.equal(endpoint.connections, 1);
  });

  law(5, 'a request body arrives whole under exactly one framing, whatever the method', async (rig) => {
    const { request, last, endpoint } = await rig.start();
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      for (const body of ['abc', 'GET /smuggled HTTP/1.1\r\n\r\n', 'x'.repeat(70_000)]) {
        await request(requestOf(method, '/', `Content-Length: ${body.length}`) + body);
        assert.equal(last().body, body);
        assert.deepEqual(valuesOf(last(), 'content-length'), [String(body.length)]);
        assert.deepEqual(valuesOf(last(), 'transfer-encoding'), []);
        await request(requestOf(method, '/', 'Transfer-Encoding: chunked') + chunked(body));
        assert.equal(last().body, body, method);
        const framing = [...valuesOf(last(), 'content-length'), ...valuesOf(last(), 'transfer-encoding')];
        assert.equal(framing.length, 1, `${method} ${framing}`);
      }
    }
    assert.equal(endpoint.requests.length, 42);
  });

  law(5, 'a request without a body stays one', async (rig) => {
    const { request, last } = await rig.start();
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      await request(requestOf(method, '/'));
      assert.deepEqual([...valuesOf(last(), 'content-length'), ...valuesOf(last(), 'transfer-encoding')], []);
    }
    await request(requestOf('POST', '/', 'Content-Length: 0'));
    assert.deepEqual(valuesOf(last(), 'content-length'), ['0']);
  });

  law(5, 'contradictory framing never reaches an endpoint', async (rig) => {
    const { request, endpoint } = await rig.start();
    const requests = [
      requestOf('POST', '/', 'Content-Length: 3', 'Transfer-Encoding: chunked') + chunked('abc'),
      `${requestOf('POST', '/', 'Content-Length: 3', 'Content-Length: 4')}abcd`,
      requestOf('POST', '/', 'Transfer-Encoding: gzip, chunked') + chunked('abc'),
      requestOf('POST', '/', 'Transfer-Encoding: chunked').replace('1.1', '1.0') + chunked('abc'),
    ];
    for (const bytes of requests) assert.ok([400, 501].includes((await request(bytes)).status), bytes);
    assert.equal(endpoint.requests.length, 0);
  });

  law(5, 'a response arrives whole under exactly one framing', async (rig) => {
    const body = 'y'.repeat(200_000);
    const responses: [string, string][] = [
      [`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc`, 'abc'],
      [`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('abc', body)}`, `abc${body}`],
      [`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, body],
      ['HTTP/1.1 204 No Content\r\n\r\n', ''],
      ['HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', ''],
    ];
    for (const [bytes, expected] of responses) {
      const { request } = await rig.start({ endpoints: [send(bytes)] });
      const response = await request(get());
      assert.equal(response.body, expected);
      const framing = [...valuesOf(response, 'content-length'), ...valuesOf(response, 'transfer-encoding')];
      assert.ok(framing.length === (expected === '' ? 0 : 1), framing.join());
    }
  });

  law(5, 'a body that ends with the connection is passed on as one that ends', async (rig) => {
    const { request } = await rig.start({
      endpoints: [(_request, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nabc')],
    });
    assert.equal((await request(get())).body, 'abc');
  });

  law(5, 'HEAD keeps the length and has no body', async (rig) => {
    const { front } = await rig.start({ endpoints: [send('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n')] });
    const client = await rawClient(front);
    client.write(requestOf('HEAD', '/'));
    assert.deepEqual(valuesOf(await client.response({ isBodiless: true }), 'content-length'), ['1234']);
    client.write(requestOf('HEAD', '/'));
    await client.response({ isBodiless: true });
    assert.match(client.received, /\r\n\r\n$/);
    client.socket.destroy();
  });

  law(12, 'a response head goes out before its body comes', async (rig) => {
    const { front, endpoint } = await rig.start({
      endpoints: [send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX: \xe9\r\n\r\n')],
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => client.received.includes('\r\n\r\n'));
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[^]*X: \xe9\r\n/);
    client.socket.destroy();
    await until(() => endpoint.open === 0);
  });

  law(13, 'an early answer reaches a client that still uploads, and its connection goes on', async (rig) => {
    const { front, endpoint } = await rig.start();
    let say: (() => void) | undefined;
    endpoint.onConnection = (socket) => {
      socket.once('data', () => {
        socket.pause();
        say = () => answer('early')(undefined as never, socket);
      });
    };
    const client = await rawClient(front);
    const piece = 'x'.repeat(MIB / 4);
    for (const isStuck of [false, false, true]) {
      const before = endpoint.connections;
      client.write(requestOf('POST', '/', `Content-Length: ${32 * MIB}`));
      for (let i = 0; i < 96; i++) client.write(piece);
      await until(() => say !== undefined);
      // Nothing moves any more: the endpoint takes no more, so that the proxy does not, either.
      if (isStuck) await settled(() => client.socket.writableLength, turn);
      say!();
      say = undefined;
      assert.equal((await client.response()).body, 'early');
      for (let i = 0; i < 32; i++) client.write(piece);
      assert.equal(endpoint.connections, before + 1);
    }
    endpoint.onConnection = () => undefined;
    client.write(get());
    assert.equal((await client.response()).status, 200);
    client.socket.destroy();
  });

  law(12, 'a client that does not read holds its endpoint back', async (rig) => {
    let pulled = 0;
    const { front, request } = await rig.start({
      endpoints: [
        ({ start }, socket) => {
          if (!start.includes('/endless')) return answer('ok')(undefined as never, socket);
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
    const client = await rawClient(front);
    client.socket.pause();
    client.write(get('/endless'));
    await settled(
      () => pulled,
      () => request(get('/other')),
    );
    assert.ok(pulled > 0 && pulled < 64 * MIB, `${pulled} bytes were pulled`);
    client.socket.destroy();
  });

  law(12, 'an endpoint that does not read holds its client back', async (rig) => {
    const { front, request, endpoint } = await rig.start({ endpoints: [answer('ok')] });
    const client = await rawClient(front);
    const head = requestOf('POST', '/', `Content-Length: ${4096 * MIB}`);
    client.write(head);
    const piece = Buffer.alloc(MIB / 4, 'x');
    let isStopped = false;
    endpoint.onRequest = (message, socket) => answer('ok')(message, socket);
    endpoint.onConnection = (socket) => {
      if (isStopped) return;
      isStopped = true;
      socket.pause();
    };
    await until(() => isStopped);
    let pushed = 0;
    const pour = (): void => {
      while (!client.socket.destroyed && client.socket.write(piece)) pushed += piece.length;
    };
    client.socket.on('drain', pour);
    pour();
    await settled(
      () => pushed,
      () => request(get('/other')),
    );
    assert.ok(pushed > 0 && pushed < 64 * MIB, `${pushed} bytes were taken`);
    client.socket.destroy();
  });

  law(18, 'a request head over the limits is 431', async (rig) => {
    const { request, endpoint } = await rig.start();
    const many = Array.from({ length: 101 }, (_, i) => `X-${i}: 1`);
    assert.equal((await request(get('/', ...many))).status, 431);
    assert.equal((await request(get('/', `X: ${'y'.repeat(20_000)}`))).status, 431);
    assert.equal((await request(get('/', ...many.slice(0, 98)))).status, 200);
    assert.equal(endpoint.requests.length, 1);
    // Node's own limit comes first unless the proxy's is lower.
    const strict = await rig.start({ proxy: { maxHeadBytes: 1_024 } });
    assert.equal((await strict.request(get('/', `X: ${'y'.repeat(1_024)}`))).status, 431);
    assert.equal((await strict.request(get('/', `X: ${'y'.repeat(900)}`))).status, 200);
  });

  law(18, 'a body over the limit is 413, announced or not, and the client can go on', async (rig) => {
    const { front, endpoint } = await rig.start({ proxy: { maxBodyBytes: 100_000 } });
    const client = await rawClient(front);
    for (const method of ['POST', 'PUT']) {
      // What is announced is refused before it comes.
      client.write(requestOf(method, '/', 'Content-Length: 100001'));
      assert.equal((await client.response()).status, 413);
      client.write('x'.repeat(100_001));
      client.write(
        requestOf(method, '/', 'Transfer-Encoding: chunked') + chunked('x'.repeat(70_000), 'x'.repeat(70_000)),
      );
      assert.equal((await client.response()).status, 413);
    }
    client.write(requestOf('POST', '/', 'Content-Length: 100000') + 'x'.repeat(100_000));
    assert.equal((await client.response()).status, 200);
    client.socket.destroy();
    assert.equal(endpoint.requests.length, 1);
    const small = await rig.start({ proxy: { maxBodyBytes: 10 } });
    // The first would be held as a whole if it were not too long, the second is too long for that, too.
    for (const body of ['x'.repeat(11), 'x'.repeat(70_000)]) {
      const refused = await small.request(requestOf('PUT', '/', 'Transfer-Encoding: chunked') + chunked(body));
      assert.equal(refused.status, 413);
    }
    assert.equal(small.endpoint.connections, 0);
  });

  law(18, 'more requests than endpoints and queue may hold are 503 with Retry-After', async (rig) => {
    const { front, request, endpoint } = await rig.start({
      cluster: { maxInflight: 1, maxQueued: 0 },
      endpoints: [() => undefined],
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => endpoint.requests.length === 1);
    const refused = await request(get());
    assert.equal(refused.status, 503);
    assert.ok(Number(valuesOf(refused, 'retry-after')[0]) > 0);
    client.socket.destroy();
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
