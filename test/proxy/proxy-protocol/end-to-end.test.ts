import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { join } from 'node:path';
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { acceptProxyProtocol, createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';
import { closing } from '../../closing.ts';
import { rawClient } from '../../conformance/wire.ts';
import type { RawClient } from '../../conformance/wire.ts';
import { FIXTURES } from '../../core/transport/nginx.ts';
import { systemTool } from '../../core/transport/system-tool.ts';
import { startHaproxy, startNginx } from './programs.ts';
import { listening } from './servers.ts';

const cert = readFileSync(join(FIXTURES, 'cert.pem'));
const key = readFileSync(join(FIXTURES, 'key.pem'));

/** An endpoint that answers with whose connection it was told it is, and counts its connections. */
async function endpoint(server: net.Server): Promise<{ port: number; connections: number }> {
  acceptProxyProtocol(server, { from: ['127.0.0.1'] });
  server.on('request', ({ socket }: http.IncomingMessage, res: http.ServerResponse) => {
    res.end(`${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`);
  });
  server.on('connection', () => self.connections++);
  const self = { port: await listening(server), connections: 0 };
  return self;
}

/** @returns the port of a proxy in front of one endpoint */
async function proxyTo(url: string, options: ProxyOptions, cluster: Partial<ClusterOptions> = {}): Promise<number> {
  const proxy = createProxy(closing(createCluster({ endpoints: [url], transport: 'h1', ...cluster })), options);
  return listening(http.createServer((req, res) => proxy.web(req, res)));
}

async function ask(client: RawClient): Promise<string> {
  client.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  return (await client.response()).body.trim();
}

/** Two clients in turn, each of which has to be told from the other. */
async function assertTold(front: number, what: (client: net.Socket) => string): Promise<void> {
  const clients = [await rawClient(front), await rawClient(front)];
  for (const client of [...clients, ...clients, ...clients]) assert.equal(await ask(client), what(client.socket));
  for (const { socket } of clients) socket.destroy();
}

describe('sendProxyProtocol, end to end', () => {
  for (const version of [1, 2] as const) {
    it(`tells an endpoint every client by version ${version}, and keeps a connection for each`, async () => {
      const server = await endpoint(http.createServer());
      const front = await proxyTo(`http://127.0.0.1:${server.port}`, { sendProxyProtocol: version });
      await assertTold(front, ({ localPort }) => `127.0.0.1 ${localPort} ${front}`);
      assert.equal(server.connections, 2);
    });

    it(`tells an endpoint that speaks TLS by version ${version}, before the handshake`, async () => {
      const server = await endpoint(https.createServer({ cert, key }));
      const options = { sendProxyProtocol: version };
      const front = await proxyTo(`https://127.0.0.1:${server.port}`, options, { tls: { ca: cert.toString() } });
      await assertTold(front, ({ localPort }) => `127.0.0.1 ${localPort} ${front}`);
      assert.equal(server.connections, 2);
    });

    it(`tells nginx by version ${version}`, async function () {
      const program = systemTool(this, 'nginx', 'nginx-light');
      const [port] = await startNginx(
        program,
        1,
        ([own]) => `server {
          listen 127.0.0.1:${own} proxy_protocol;
          location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port"; }
        }`,
      );
      const front = await proxyTo(`http://127.0.0.1:${port}`, { sendProxyProtocol: version });
      await assertTold(front, ({ localPort }) => `127.0.0.1 ${localPort} ${front}`);
    });

    it(`tells HAProxy by version ${version}`, async function () {
      const program = systemTool(this, 'haproxy', 'haproxy');
      const [port] = await startHaproxy(
        program,
        1,
        ([own]) => `
frontend f
  bind 127.0.0.1:${own} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port]"
`,
      );
      const front = await proxyTo(`http://127.0.0.1:${port}`, { sendProxyProtocol: version });
      await assertTold(front, ({ localPort }) => `127.0.0.1 ${localPort} ${front}`);
    });
  }
});
