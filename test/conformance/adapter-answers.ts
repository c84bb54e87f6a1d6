import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { retryPolicy } from '@evenkeel/core';
import type { ExchangeEndMessage } from '@evenkeel/core';
import { get, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { answer, rawClient, send, valuesOf } from './wire.ts';
import type { RawMessage } from './wire.ts';

const FIXTURES = join(import.meta.dirname, '../core/dispatch/fixtures');

/** The code in the problem details of an answer of the proxy's own. */
function codeOf({ status, body }: RawMessage): [number, string] {
  return [status, (JSON.parse(body) as { code: string }).code];
}

export function answerLaws(law: Law): void {
  law(
    17,
    'each wait has a limit of its own: for a connection, for a response head, between pieces of a body',
    async (rig) => {
      const onceOnly = retryPolicy({ maxAttempts: 1 });
      const mute = await rig.start({ endpoints: [() => undefined], cluster: { headTimeoutMs: 60, retry: onceOnly } });
      assert.deepEqual(codeOf(await mute.request(get())), [504, 'HEAD_TIMEOUT']);
      const own = await rig.start({
        endpoints: [() => undefined],
        cluster: { retry: onceOnly },
        proxy: { headTimeoutMs: 60 },
      });
      assert.deepEqual(codeOf(await own.request(get())), [504, 'HEAD_TIMEOUT']);
      // It takes connections and knows no TLS.
      const { url } = mute.endpoint;
      const endpoints = [url.replace('http:', 'https:')];
      const deaf = await rig.start({ cluster: { endpoints, connectTimeoutMs: 60, retry: onceOnly } });
      assert.deepEqual(codeOf(await deaf.request(get())), [504, 'CONNECT_TIMEOUT']);
      const slow = await rig.start({
        endpoints: [send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')],
        cluster: { bodyTimeoutMs: 60 },
      });
      const codes: unknown[] = [];
      const hear = (message: unknown): void => void codes.push((message as ExchangeEndMessage).code);
      subscribe('evenkeel:exchange:end', hear);
      const client = await rawClient(slow.front);
      client.write(get());
      await client.ended();
      unsubscribe('evenkeel:exchange:end', hear);
      assert.match(client.received, /^HTTP\/1\.1 200 [^]*\r\n\r\nabc$/);
      // A client that has the head can be told nothing more; who watches the cluster can.
      assert.deepEqual(codes, ['BODY_TIMEOUT']);
      client.socket.destroy();
    },
  );

  law(
    19,
    'a certificate that nobody vouches for is 502, and one that its authority vouches for is good',
    async (rig) => {
      const [cert, key] = ['cert.pem', 'key.pem'].map((file) => readFileSync(join(FIXTURES, file)));
      const server = https.createServer({ cert: cert!, key: key! }, (_req, res) => res.end('safe'));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const endpoints = [`https://localhost:${(server.address() as AddressInfo).port}`];
      try {
        const strict = await rig.start({ cluster: { endpoints } });
        assert.deepEqual(codeOf(await strict.request(get())), [502, 'CONNECT_FAILED']);
        const trusting = await rig.start({ cluster: { endpoints, tls: { ca: cert! } } });
        assert.equal((await trusting.request(get())).body, 'safe');
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );

  law(21, 'cookies that are not for stickiness pass byte for byte, both ways', async (rig) => {
    const cookies = [
      'a="x y"; Path=/;HttpOnly',
      'b=\xe9; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'a=2; Domain=.a.example',
    ];
    const { request, last, cluster } = await rig.start({
      endpoints: [
        answer(
          '',
          cookies.map((cookie) => `Set-Cookie: ${cookie}`),
        ),
      ],
      proxy: { sticky: true },
    });
    // One that only begins like the cookie of affinity may even end like it.
    const field = `a="x y";b=\xe9; JSESSIONIDX=1.${cluster.endpoints[0]!.route};; =z`;
    const response = await request(get('/', `Cookie: ${field}`));
    assert.deepEqual(valuesOf(last(), 'cookie'), [field]);
    assert.deepEqual(valuesOf(response, 'set-cookie').slice(0, 3), cookies);
    assert.match(valuesOf(response, 'set-cookie')[3]!, /^JSESSIONID=/);
  });

  law(
    22,
    'an error is one small answer, in the form that the client reads, that tells nothing of the inside',
    async (rig) => {
      const { request, front } = await rig.start({ cluster: { endpoints: ['http://127.0.0.1:1'] } });
      const problem = await request(get('/', 'Accept: application/json'));
      assert.deepEqual(valuesOf(problem, 'content-type'), ['application/problem+json']);
      assert.deepEqual(codeOf(problem), [502, 'CONNECT_FAILED']);
      const text = await request(get('/', 'Accept: text/html'));
      assert.deepEqual(valuesOf(text, 'content-type'), ['text/plain; charset=utf-8']);
      for (const { body } of [problem, text]) {
        assert.ok(body.length < 300);
        assert.doesNotMatch(body, /127\.0\.0\.1|ECONNREFUSED|evenkeel/);
      }
      const head = await rawClient(front);
      head.write(requestOf('HEAD', '/', 'Connection: close'));
      await head.ended();
      assert.match(head.received, /^HTTP\/1\.1 502 [^]*\r\n\r\n$/);
      head.socket.destroy();
      const none = await rig.start({
        cluster: { endpoints: ['http://127.0.0.1:1'] },
        proxy: { sticky: { strict: true } },
      });
      none.cluster.disable(none.cluster.endpoints[0]!.id);
      const unavailable = await none.request(get());
      assert.deepEqual(codeOf(unavailable), [503, 'NO_ENDPOINT']);
      assert.deepEqual(valuesOf(unavailable, 'retry-after'), ['1']);
    },
  );
}
