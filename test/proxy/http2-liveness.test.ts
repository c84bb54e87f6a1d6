import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createCluster } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import { lookAtSessions } from '../../packages/proxy/src/http2-liveness.ts';
import { rawServer, turn, until } from '../conformance/wire.ts';

const FIXTURES = join(import.meta.dirname, '../core/dispatch/fixtures');
const [cert, key] = ['cert.pem', 'key.pem'].map((file) => readFileSync(join(FIXTURES, file))) as [Buffer, Buffer];

describe('a client of HTTP/2 that says nothing any more', () => {
  const clients: ChildProcess[] = [];
  // Also after a time-out: who is frozen does not end on its own.
  afterEach(() => {
    for (const client of clients.splice(0)) client.kill('SIGKILL');
  });

  it('is given up if it does not answer a PING, and its requests and its connection with it', async () => {
    const endpoint = await rawServer(() => undefined);
    const cluster = createCluster({ endpoints: [endpoint.url] });
    const proxy = createProxy(cluster);
    const server = http2.createSecureServer({ allowHTTP1: true, cert, key }, (req, res) => {
      proxy.web(req as never, res as never);
    });
    const sessions = new Set<http2.ServerHttp2Session>();
    let acknowledged = 0;
    server.on('session', (session: http2.ServerHttp2Session) => {
      sessions.add(session);
      session.once('localSettings', () => acknowledged++);
      session.on('error', () => undefined);
      session.on('close', () => sessions.delete(session));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (let i = 0; i < 2; i++) {
        const client = fork(join(import.meta.dirname, 'fixtures/h2-client.ts'), [String(port)]);
        clients.push(client);
        await once(client, 'message');
      }
      // The acknowledgement is the last that a client says of its own accord.
      await until(() => cluster.endpoints[0]!.inflight === 2 && acknowledged === 2);
      clients[0]!.kill('SIGSTOP');
      const heard = (): number => [...sessions].reduce((sum, session) => sum + session.socket.bytesRead, 0);
      // The first look notes what was read, the second asks.
      lookAtSessions();
      const before = heard();
      lookAtSessions();
      await until(() => heard() > before);
      // One has answered, the other is frozen.
      lookAtSessions();
      await until(() => cluster.endpoints[0]!.inflight === 1 && sessions.size === 1);
      for (let looks = 0; looks < 3; looks++) {
        const then = heard();
        lookAtSessions();
        if (looks % 2 === 0) await until(() => heard() > then);
      }
      assert.equal(sessions.size, 1, 'who answers stays');
    } finally {
      for (const client of clients) client.kill('SIGKILL');
      await until(() => cluster.endpoints[0]!.inflight === 0);
      await cluster.close();
      await endpoint.close();
      server.close();
      for (const session of sessions) session.destroy();
      await turn();
    }
  });
});
