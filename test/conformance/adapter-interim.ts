import assert from 'node:assert/strict';
import { get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawClient, send, until } from './wire.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n';

export function interimLaws(law: Law): void {
  law(9, 'trailer fields of an endpoint reach the client, but for those that frame or route', async (rig) => {
    const trailers = 'X-Sum: abc\r\nContent-Length: 7\r\nx-sum: \xe9\r\nSet-Cookie: a=1\r\n';
    const { front } = await rig.start({
      endpoints: [send(`${CHUNKED}Trailer: X-Sum, Content-Length\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`)],
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => /\r\n0\r\n[^]*\r\n\r\n$/.test(client.received));
    assert.match(client.received, /\r\ntrailer: X-Sum\r\n/i);
    assert.match(client.received, /\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: abc\r\nx-sum: \xe9\r\n\r\n$/i);
    client.socket.destroy();
  });

  law(9, 'a client of HTTP/1.0 gets the body without them, and no interim response', async (rig) => {
    const { front } = await rig.start({
      endpoints: [
        send(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CHUNKED}Trailer: x\r\n\r\n3\r\nabc\r\n0\r\nx: 1\r\n\r\n`),
      ],
    });
    const client = await rawClient(front);
    client.write(get().replace('1.1', '1.0'));
    await client.ended();
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nabc$/);
    client.socket.destroy();
  });

  law(9, 'trailer fields of a client reach the endpoint, announced or not', async (rig) => {
    const { front, endpoint } = await rig.start();
    for (const announced of [['Trailer: X-Sum, Host'], []]) {
      const before = endpoint.received.length;
      const client = await rawClient(front);
      const head = requestOf('POST', '/', 'Transfer-Encoding: chunked', ...announced);
      client.write(`${head}3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: b\r\nx-sum: 2\r\n\r\n`);
      assert.equal((await client.response()).status, 200);
      const received = endpoint.received.slice(before);
      assert.match(received, /\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n$/);
      assert.equal(/\r\nTrailer: X-Sum\r\n/.test(received), announced.length > 0);
      client.socket.destroy();
    }
  });

  law(9, 'interim responses pass, before the response and without what belongs to the hop', async (rig) => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n';
    const { front } = await rig.start({
      endpoints: [send(`${hints}${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)],
    });
    const client = await rawClient(front);
    client.write(get());
    await until(() => client.received.endsWith('\r\n\r\nok'));
    const [first, second, last] = client.received.split('\r\n\r\n');
    for (const one of [first, second]) {
      assert.match(one!, /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload$/i);
    }
    assert.match(last!, /^HTTP\/1\.1 200 OK\r\n/);
    client.socket.destroy();
  });

  law(9, 'a client that expects 100 gets it, once, and the endpoint its body', async (rig) => {
    const { front, last } = await rig.start({ endpoints: [answer('ok')] });
    const client = await rawClient(front);
    client.write(requestOf('POST', '/', 'Expect: 100-continue', 'Content-Length: 3'));
    await until(() => client.received.endsWith('\r\n\r\n'));
    assert.equal(client.received, 'HTTP/1.1 100 Continue\r\n\r\n');
    client.write('abc');
    await until(() => client.received.endsWith('ok'));
    assert.equal(client.received.match(/HTTP\/1\.1 /g)?.length, 2);
    assert.equal(last().body, 'abc');
    client.socket.destroy();
  });
}
