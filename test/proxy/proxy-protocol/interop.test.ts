import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { acceptProxyProtocol, proxyProtocolOf } from '@evenkeel/proxy';
import { proxyHeader } from '../../../packages/proxy/src/proxy-protocol/format.ts';
import type { ProxyProtocolVersion } from '../../../packages/proxy/src/proxy-protocol/format.ts';
import { parseMessage, rawRequest } from '../../conformance/wire.ts';
import type { RawMessage } from '../../conformance/wire.ts';
import { FIXTURES } from '../../core/transport/nginx.ts';
import { systemTool } from '../../core/transport/system-tool.ts';
import { startHaproxy, startNginx } from './programs.ts';
import { listening } from './servers.ts';

const cert = readFileSync(join(FIXTURES, 'cert.pem'));
const key = readFileSync(join(FIXTURES, 'key.pem'));
const GET = 'GET /path HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';
const VERSIONS: readonly ProxyProtocolVersion[] = [1, 2];

/** Answers with who it was told is calling, and what for. */
function echo(req: http.IncomingMessage, res: http.ServerResponse): void {
  const { remoteAddress, remotePort, localAddress, localPort } = req.socket;
  const { isTls, authority } = proxyProtocolOf(req.socket)!;
  const { method, url } = req;
  res.end(JSON.stringify({ remoteAddress, remotePort, localAddress, localPort, isTls, authority, method, url }));
}

function accepting(server: net.Server): Promise<number> {
  acceptProxyProtocol(server, { from: ['127.0.0.1'] });
  return listening(server);
}

/** Source and destination. */
const ENDS = [
  ['203.0.113.7', '198.51.100.1'],
  ['2001:db8::1', '2001:db8:0:1::2'],
] as const;

describe('the PROXY protocol of HAProxy', () => {
  let program: string;
  before(function () {
    program = systemTool(this, 'haproxy', 'haproxy');
  });

  for (const [how, send] of [
    ['version 1', 'send-proxy'],
    ['version 2', 'send-proxy-v2'],
    ['version 2 with a checksum and more', 'send-proxy-v2 proxy-v2-options crc32c,unique-id,ssl,authority,cert-cn'],
  ] as const) {
    it(`is understood: ${how}`, async () => {
      const to = await accepting(http.createServer(echo));
      const [port, tcpPort] = await startHaproxy(program, 2, (ports) => frontends(ports, to, send));
      for (const front of [port!, tcpPort!]) {
        const socket = net.connect(front, '127.0.0.1');
        await once(socket, 'connect');
        const { localPort } = socket;
        const { body } = await exchange(socket, GET);
        const { isTls, authority, ...ends } = JSON.parse(body) as Record<string, unknown>;
        assert.deepEqual(ends, {
          remoteAddress: '127.0.0.1',
          remotePort: localPort,
          localAddress: '127.0.0.1',
          localPort: front,
          method: 'GET',
          url: '/path',
        });
        assert.equal(isTls, false);
        assert.equal(authority, undefined);
      }
    });
  }

  it('is understood in front of TLS', async () => {
    const to = await accepting(https.createServer({ cert, key }, echo));
    const [, port] = await startHaproxy(program, 2, (ports) => frontends(ports, to, 'send-proxy-v2'));
    const socket = tls.connect({ port: port!, host: '127.0.0.1', ca: cert });
    await once(socket, 'secureConnect');
    const { localPort } = socket;
    const told = JSON.parse((await exchange(socket, GET)).body) as Record<string, unknown>;
    assert.deepEqual([told['remotePort'], told['localPort']], [localPort, port]);
  });

  it('is understood where HAProxy takes TLS off: the name asked for, and that there was TLS', async () => {
    const to = await accepting(http.createServer(echo));
    const config = ([port]: number[]): string => `
frontend tls
  bind 127.0.0.1:${port} ssl crt both.pem
  default_backend b
backend b
  server s 127.0.0.1:${to} send-proxy-v2 proxy-v2-options crc32c,ssl,authority
`;
    const [port] = await startHaproxy(program, 1, config, { 'both.pem': Buffer.concat([cert, key]) });
    const socket = tls.connect({ port: port!, host: '127.0.0.1', ca: cert, servername: 'localhost' });
    await once(socket, 'secureConnect');
    const { localPort } = socket;
    const told = JSON.parse((await exchange(socket, GET)).body) as Record<string, unknown>;
    assert.deepEqual([told['remotePort'], told['isTls'], told['authority']], [localPort, true, 'localhost']);
  });

  it('is spoken: HAProxy believes our heads', async () => {
    const config = ([port]: number[]): string => `
frontend f
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"
`;
    const [port] = await startHaproxy(program, 1, config);
    for (const version of VERSIONS) {
      for (const [from, to] of ENDS) {
        const head = proxyHeader(version, {
          source: { address: from, port: 4711 },
          destination: { address: to, port: 443 },
        });
        const { body } = await rawRequest(port!, head.toString('latin1') + GET);
        assert.equal(body, `${from} 4711 ${to} 443`);
      }
      const nobody = { address: undefined, port: undefined };
      const head = proxyHeader(version, { source: nobody, destination: nobody });
      const { body } = await rawRequest(port!, head.toString('latin1') + GET);
      assert.match(body, new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${port}$`));
    }
  });
});

describe('the PROXY protocol of nginx', () => {
  it('is spoken: nginx believes our heads', async function () {
    const program = systemTool(this, 'nginx', 'nginx-light');
    const config = ([port]: number[]): string => `
      server {
        listen 127.0.0.1:${port} proxy_protocol;
        set_real_ip_from 127.0.0.1;
        real_ip_header proxy_protocol;
        location / { return 200 "$remote_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"; }
      }`;
    const [port] = await startNginx(program, 1, config);
    for (const version of VERSIONS) {
      for (const [from, to] of ENDS) {
        const head = proxyHeader(version, {
          source: { address: from, port: 4711 },
          destination: { address: to, port: 443 },
        });
        const { body } = await rawRequest(port!, head.toString('latin1') + GET);
        assert.equal(body, `${from} 4711 ${to} 443`);
      }
      const nobody = { address: undefined, port: undefined };
      const head = proxyHeader(version, { source: nobody, destination: nobody });
      const { body } = await rawRequest(port!, head.toString('latin1') + GET);
      assert.match(body, /^127\.0\.0\.1 /);
    }
  });
});

/** Writes a request and reads until the end. */
async function exchange(socket: net.Socket, request: string): Promise<RawMessage> {
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (received += chunk));
  socket.write(request);
  await once(socket, 'end');
  socket.destroy();
  return parseMessage(received, true)!;
}

/** One that speaks HTTP and one that passes bytes on. */
function frontends([port, tcpPort]: number[], to: number, send: string): string {
  return `
frontend http
  bind 127.0.0.1:${port}
  unique-id-format %ci-%cp
  default_backend http
backend http
  server s 127.0.0.1:${to} ${send}
frontend tcp
  mode tcp
  bind 127.0.0.1:${tcpPort}
  default_backend tcp
backend tcp
  mode tcp
  server s 127.0.0.1:${to} ${send}
`;
}
