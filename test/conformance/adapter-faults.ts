import assert from 'node:assert/strict';
import type { Cluster } from '@evenkeel/core';
import { chunked, get, inOrder, requestOf } from './adapter-rig.ts';
import type { Law } from './adapter-rig.ts';
import { endpointProcess } from './endpoint-process.ts';
import { answer, rawClient, rawServer, send, turn, until } from './wire.ts';

const REFUSED = 'http://127.0.0.1:1';

function inflight(cluster: Cluster): number {
  return cluster.endpoints.reduce((sum, endpoint) => sum + endpoint.inflight, 0);
}

export function faultLaws(law: Law): void {
  abortLaws(law);
  cutLaws(law);
  retryLaws(law);
  processLaws(law);
}

function abortLaws(law: Law): void {
  law(10, 'a client that leaves before the head takes its upstream attempt along', async (rig) => {
    for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const { front, cluster, endpoint } = await rig.start({ endpoints: [() => undefined] });
      const client = await rawClient(front);
      client.write(get());
      await until(() => endpoint.requests.length === 1);
      client.socket[leave]();
      await until(() => endpoint.open === 0 && inflight(cluster) === 0);
      client.socket.destroy();
    }
  });

  law(10, 'a client that leaves in mid-body does so too, on its way up or down', async (rig) => {
    const half = send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const { front, cluster, endpoint } = await rig.start({ endpoints: [half] });
    const down = await rawClient(front);
    down.write(get());
    await until(() => down.received.endsWith('half'));
    down.socket.destroy();
    await until(() => endpoint.open === 0 && inflight(cluster) === 0);
    for (const framing of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
      const up = await rawClient(front);
      up.write(`${requestOf('POST', '/', framing)}3e8\r\n${'x'.repeat(1000)}`);
      await until(() => endpoint.open === 1 && endpoint.received.endsWith('xxx'));
      up.socket.destroy();
      await until(() => endpoint.open === 0 && inflight(cluster) === 0);
    }
  });

  law(10, 'hundreds of aborts at any moment leave every count at zero', async (rig) => {
    const slow = answer('x'.repeat(1000));
    const { front, cluster, endpoints, request } = await rig.start({
      proxy: { sticky: true },
      endpoints: [0, 1, 2].map(() => (message, socket) => void setImmediate(() => slow(message, socket))),
    });
    const requests = [
      get(),
      get('/', 'Cookie: JSESSIONID=a.b'),
      requestOf('POST', '/', 'Content-Length: 5') + 'hello',
      requestOf('PUT', '/', 'Transfer-Encoding: chunked') + chunked('hello'),
      requestOf('POST', '/', 'Content-Length: 70000') + 'y'.repeat(69_000),
      requestOf('POST', '/', 'Content-Length: 5') + 'hel',
      get() + get() + get(),
      'GET / HTTP/1.1\r\nHost',
    ];
    for (let round = 0; round < 40; round++) {
      await Promise.all(
        requests.map(async (bytes, i) => {
          const client = await rawClient(front);
          client.write(bytes);
          for (let turns = (round + i) % 12; turns > 0; turns--) await turn();
          if (i % 2 === 0) client.socket.destroy();
          else client.socket.resetAndDestroy();
        }),
      );
    }
    await until(() => inflight(cluster) === 0);
    assert.equal((await request(get())).status, 200);
    await until(() => inflight(cluster) === 0 && endpoints.every((endpoint) => endpoint.open <= 16));
    assert.equal(cluster.pickable, 3);
  });
}

function cutLaws(law: Law): void {
  law(11, 'an endpoint that dies in mid-body is never a clean end', async (rig) => {
    const heads = ['Content-Length: 10\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'];
    for (const head of heads) {
      for (const die of ['destroy', 'resetAndDestroy'] as const) {
        const { front, cluster } = await rig.start({
          endpoints: [
            (_request, socket) => {
              socket.write(`HTTP/1.1 200 OK\r\n${head}`, () => setImmediate(() => socket[die]()));
            },
          ],
        });
        const client = await rawClient(front);
        client.write(get());
        await client.ended();
        await assert.rejects(client.response(), /the connection ended/);
        assert.equal(inflight(cluster), 0);
        client.socket.destroy();
      }
    }
  });

  law(11, 'a client that takes the end of the connection for the end of the body sees a reset', async (rig) => {
    const { front } = await rig.start({
      endpoints: [
        (_request, socket) => {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', () => socket.destroy());
        },
      ],
    });
    const client = await rawClient(front);
    client.write('GET / HTTP/1.0\r\nHost: a.example\r\n\r\n');
    await client.ended();
    assert.equal(client.end, 'reset');
  });
}

function retryLaws(law: Law): void {
  law(14, 'an endpoint that refuses costs no request, whatever its method and body', async (rig) => {
    const live = await rawServer();
    try {
      const { request } = await rig.start({ cluster: { endpoints: [REFUSED, live.url] } });
      const large = 'z'.repeat(100_000);
      for (let i = 0; i < 6; i++) {
        assert.equal((await request(requestOf('POST', '/', 'Content-Length: 3') + 'abc')).status, 200);
        assert.equal((await request(requestOf('POST', '/', `Content-Length: ${large.length}`) + large)).status, 200);
        assert.equal(
          (await request(requestOf('POST', '/', 'Transfer-Encoding: chunked') + chunked(large))).status,
          200,
        );
        assert.equal((await request(get())).status, 200);
      }
      assert.deepEqual(new Set(live.requests.map(({ body }) => body)), new Set(['abc', large, '']));
      assert.equal(live.requests.length, 24);
    } finally {
      await live.close();
    }
  });

  law(14, 'after bytes were sent only what is idempotent and held is sent again', async (rig) => {
    const retried = [get(), requestOf('PUT', '/', 'Content-Length: 3') + 'abc', requestOf('DELETE', '/')];
    retried.push(requestOf('PUT', '/', 'Transfer-Encoding: chunked') + chunked('abc'));
    const unrepeatable = [
      requestOf('POST', '/', 'Content-Length: 3') + 'abc',
      requestOf('PUT', '/', 'Content-Length: 70000') + 'x'.repeat(70_000),
    ];
    for (const bytes of [...retried, ...unrepeatable]) {
      const { request, endpoints } = await rig.start({
        cluster: { strategy: inOrder },
        endpoints: [(_request, socket) => socket.destroy(), answer('')],
      });
      const isRetried = retried.includes(bytes);
      const { status } = await request(bytes);
      assert.equal(status, isRetried ? 200 : 502, bytes.slice(0, 60));
      assert.equal(endpoints[1]!.requests.length, isRetried ? 1 : 0);
      if (isRetried) assert.equal(endpoints[1]!.requests[0]!.body, endpoints[0]!.requests[0]!.body);
    }
  });

  law(14, 'nothing is sent again once a byte of the answer has gone out', async (rig) => {
    const { front, endpoints } = await rig.start({
      endpoints: [0, 1].map(() => (_request, socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.destroy());
      }),
    });
    const client = await rawClient(front);
    client.write(get());
    await client.ended();
    assert.equal(endpoints[0]!.requests.length + endpoints[1]!.requests.length, 1);
  });
}

function processLaws(law: Law): void {
  law(14, 'a process that is killed in mid-request costs no idempotent request', async (rig) => {
    const processes = await Promise.all([endpointProcess(), endpointProcess(), endpointProcess()]);
    try {
      const { front, request, cluster } = await rig.start({ cluster: { endpoints: processes.map(({ url }) => url) } });
      const client = await rawClient(front);
      const victims = processes.map(async (victim) => (await victim.reached('/hang'), victim));
      client.write(get('/hang'));
      const victim = await Promise.race(victims);
      const others = processes.filter((other) => other !== victim);
      const again = Promise.race(others.map((other) => other.reached('/hang')));
      const load = Array.from({ length: 60 }, () => request(requestOf('PUT', '/', 'Content-Length: 2') + 'ab'));
      victim.signal('SIGKILL');
      const statuses = (await Promise.all(load)).map(({ status }) => status);
      assert.deepEqual(new Set(statuses), new Set([200]));
      // The one that hangs was sent again as well, to an endpoint where it hangs on.
      await again;
      client.socket.destroy();
      await until(() => inflight(cluster) === 0);
    } finally {
      await Promise.all(processes.map((process) => process.close()));
    }
  });

  law(14, 'a process that is stopped costs a GET its head time-out and a POST a 504', async (rig) => {
    const processes = await Promise.all([endpointProcess(), endpointProcess()]);
    try {
      const [stopped, live] = processes;
      const { request } = await rig.start({
        proxy: { headTimeoutMs: 500 },
        cluster: { strategy: inOrder, endpoints: [stopped.url, live.url] },
      });
      assert.equal((await request(get())).body, String(stopped.pid));
      stopped.signal('SIGSTOP');
      const [got, posted] = await Promise.all([
        request(get()),
        request(requestOf('POST', '/', 'Content-Length: 1') + 'x'),
      ]);
      assert.equal(got.body, String(live.pid));
      assert.equal(posted.status, 504);
    } finally {
      await Promise.all(processes.map((process) => process.close()));
    }
  });
}
