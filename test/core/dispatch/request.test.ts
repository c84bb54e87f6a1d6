import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { createCluster, isBalancerError, retryPolicy, roundRobin } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { bodyOf, rawUpstream, refusedUrl, upstream } from './upstream.ts';
import { closing } from '../../closing.ts';

describe('cluster.request', () => {
  it('sends method, path, fields and body, and reads status, fields and body', async () => {
    const endpoint = closing(
      await upstream(async (req, res) => {
        res.writeHead(201, 'Made', {
          'X-Echo': `${req.headers['x-a']} ${await bodyOf(req)}`,
          'Set-Cookie': ['a=1', 'b=2'],
        });
        res.end(JSON.stringify({ url: req.url }));
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.request({ method: 'POST', path: '/x?y=1', headers: { 'X-A': 'b' }, body: 'hello' });
    assert.equal(response.status, 201);
    assert.equal(response.statusText, 'Made');
    assert.equal(response.endpoint, endpoint.url);
    assert.equal(response.headers['x-echo'], 'b hello');
    assert.deepEqual(response.headers['set-cookie'], ['a=1', 'b=2']);
    assert.deepEqual(await response.json(), { url: '/x?y=1' });
  });

  it('uses the connection again, after HEAD and after a DELETE with a body too', async () => {
    const endpoint = closing(await upstream((req, res) => void req.resume().on('end', () => res.end('ok'))));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const kinds = [{ path: '/' }, { path: '/', method: 'HEAD' }, { path: '/', method: 'DELETE', body: 'x' }];
    for (let i = 0; i < 30; i++) await (await cluster.request(kinds[i % 3]!)).text();
    // undici frees a connection one turn of the event loop after its response, so that two take turns.
    assert.ok(endpoint.connections <= 2, `${endpoint.connections} connections`);
  });

  it('resolves with an error status as with any other', async () => {
    const endpoint = closing(await upstream((_req, res) => void res.writeHead(503).end('later')));
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.request('/');
    assert.equal(response.status, 503);
    assert.equal(await response.text(), 'later');
    assert.equal(endpoint.requests.length, 1, 'the only endpoint is not asked again for what it said');
  });

  it('tries another endpoint for any method if nothing was sent', async () => {
    const endpoint = closing(await upstream((req, res) => void bodyOf(req).then((body) => res.end(body))));
    const dead = await refusedUrl();
    for (let seed = 1; seed <= 6; seed++) {
      const cluster = closing(
        createCluster({
          endpoints: [dead, endpoint.url],
          strategy: roundRobin(),
          random: seeded(seed),
        }),
      );
      const body = seed % 2 === 0 ? 'bytes' : Readable.from(['by', 'tes']);
      const response = await cluster.request({ method: 'POST', path: '/', body });
      assert.equal(await response.text(), 'bytes');
    }
  });

  it('tries an idempotent request again after a reset, and a POST never', async () => {
    const broken = closing(await rawUpstream((socket) => void socket.once('data', () => socket.destroy())));
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const endpoints = [broken.url, endpoint.url];
    let lost = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const cluster = closing(createCluster({ endpoints, strategy: roundRobin(), random: seeded(seed) }));
      assert.equal(await (await cluster.request({ method: 'PUT', path: '/', body: 'x' })).text(), 'ok');
      await cluster.request({ method: 'POST', path: '/', body: 'x' }).catch((error: unknown) => {
        assert.ok(isBalancerError(error) && error.code === 'UPSTREAM_RESET');
        assert.deepEqual(
          error.attempts.map((attempt) => attempt.endpoint),
          [broken.url],
        );
        lost++;
      });
    }
    assert.ok(lost > 0, 'the POST met the broken endpoint at least once');
    assert.equal(endpoint.requests.filter((request) => request === 'PUT /').length, 8);
  });

  it('goes to another endpoint on 502, 503 and 504, and keeps the connection that said so', async () => {
    const failing = closing(await upstream((_req, res) => void res.writeHead(503).end('no')));
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const cluster = closing(createCluster({ endpoints: [failing.url, endpoint.url], strategy: roundRobin() }));
    for (let i = 0; i < 8; i++) {
      const response = await cluster.request('/');
      assert.equal(response.status, 200);
      await response.text();
    }
    assert.ok(failing.requests.length > 0);
    assert.equal(failing.connections, 1);
  });

  it('goes to another endpoint on any status that it is told to', async () => {
    const missing = closing(await upstream((_req, res) => void res.writeHead(404).end()));
    const endpoint = closing(await upstream((_req, res) => void res.end('ok')));
    const cluster = closing(
      createCluster({
        endpoints: [missing.url, endpoint.url],
        strategy: roundRobin(),
        retry: retryPolicy({ statuses: [404] }),
      }),
    );
    for (let i = 0; i < 4; i++) assert.equal(await (await cluster.request('/')).text(), 'ok');
    assert.ok(missing.requests.length > 0);
  });

  it('names every failed attempt when it gives up', async () => {
    const dead = [await refusedUrl(), await refusedUrl(), await refusedUrl()];
    const cluster = closing(createCluster({ name: 'users', endpoints: dead, retry: retryPolicy({ maxAttempts: 3 }) }));
    await assert.rejects(cluster.request('/'), (error: unknown) => {
      assert.ok(isBalancerError(error));
      assert.equal(error.code, 'CONNECT_FAILED');
      assert.equal(error.status, 502);
      assert.match(error.message, /^users: GET failed on http:/);
      assert.deepEqual(error.attempts.map((attempt) => attempt.endpoint).toSorted(), dead.toSorted());
      return true;
    });
  });

  it('gives up when its signal is aborted, before and after the head', async () => {
    const endpoint = closing(
      await upstream((req, res) => {
        if (req.url === '/head') res.write('some');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    await assert.rejects(cluster.request({ path: '/', signal: AbortSignal.abort() }), { code: 'CANCELLED' });
    const controller = new AbortController();
    const response = await cluster.request({ path: '/head', signal: controller.signal });
    controller.abort();
    await assert.rejects(response.text(), { code: 'CANCELLED' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('fails with its own code for each timeout', async () => {
    const endpoint = closing(
      await upstream((req, res) => {
        if (req.url === '/body') res.write('some');
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url], retry: retryPolicy({ maxAttempts: 1 }) }));
    await assert.rejects(cluster.request({ path: '/', headTimeoutMs: 20 }), { code: 'HEAD_TIMEOUT', status: 504 });
    const response = await cluster.request({ path: '/body', bodyTimeoutMs: 20 });
    await assert.rejects(response.text(), { code: 'BODY_TIMEOUT' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('pauses the endpoint while nobody reads, and loses nothing', async () => {
    const size = 8 * 1024 * 1024;
    let written = 0;
    const endpoint = closing(
      await upstream((_req, res) => {
        const chunk = Buffer.alloc(65_536, 'x');
        const write = (): void => {
          while (written < size) {
            written += chunk.length;
            if (!res.write(chunk)) return void res.once('drain', write);
          }
          res.end();
        };
        write();
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.request('/');
    let length = 0;
    for await (const chunk of response.stream()) length += (chunk as Buffer).length;
    assert.equal(length, size);
  });

  it('rejects a path that is not in origin-form, and a body it cannot send', async () => {
    const cluster = closing(createCluster({ endpoints: ['http://127.0.0.1:9'] }));
    await assert.rejects(cluster.request('x'), {
      code: 'BAD_REQUEST',
      message: /`path` must start with "\/", got "x"/,
    });
    await assert.rejects(cluster.request('http://evil/'), { code: 'BAD_REQUEST' });
    await assert.rejects(cluster.request({ path: '/a b' }), { code: 'BAD_REQUEST' });
    await assert.rejects(cluster.request({ path: '/', body: 5 as never }), { code: 'BAD_REQUEST' });
    await assert.rejects(cluster.request({ path: '/', headers: { 'x-a': 'b\r\nx: y' } }), { code: 'BAD_REQUEST' });
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });

  it('calls a response that is not HTTP what it is', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      'HTTP/1.1 099 X\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ]) {
      const endpoint = closing(await rawUpstream((socket) => void socket.once('data', () => socket.end(bytes))));
      const cluster = closing(createCluster({ endpoints: [endpoint.url], retry: retryPolicy({ maxAttempts: 1 }) }));
      await assert.rejects(
        cluster.request('/'),
        (error: unknown) => isBalancerError(error) && error.status === 502,
        bytes,
      );
      assert.equal(cluster.endpoints[0]!.inflight, 0);
    }
  });

  it('ends a body that was cut short with an error, and counts it against the endpoint once', async () => {
    const endpoint = closing(
      await rawUpstream((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
      }),
    );
    const cluster = closing(createCluster({ endpoints: [endpoint.url] }));
    const response = await cluster.request('/');
    await assert.rejects(response.text(), (error: unknown) => isBalancerError(error) && error.status === 502);
    assert.equal(cluster.endpoints[0]!.inflight, 0);
  });
});
