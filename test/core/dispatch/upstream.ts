/**
 * Real endpoints for tests: HTTP servers on loopback that end with the test.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Requests so far, `METHOD path`. */
  readonly requests: string[];
  /** TCP connections so far. */
  readonly connections: number;
}

/** Starts an HTTP server. Its responses close nothing, so the connections stay open between requests. */
export async function upstream(handler: http.RequestListener): Promise<Upstream> {
  const requests: string[] = [];
  const server = http.createServer((req, res) => {
    requests.push(`${req.method} ${req.url}`);
    handler(req, res);
  });
  const listening = await listen(server);
  return {
    ...listening,
    requests,
    get connections() {
      return listening.sockets.seen;
    },
  };
}

/** Starts a TCP server that speaks as the test says. */
export async function rawUpstream(handler: (socket: net.Socket) => void): Promise<Upstream> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    handler(socket);
  });
  const listening = await listen(server);
  return {
    ...listening,
    requests: [],
    get connections() {
      return listening.sockets.seen;
    },
  };
}

/** A port that nothing listens on. */
export async function refusedUrl(): Promise<string> {
  const { url, [Symbol.asyncDispose]: dispose } = await upstream(() => undefined);
  await dispose();
  return url;
}

async function listen(server: net.Server) {
  const sockets = { open: new Set<net.Socket>(), seen: 0 };
  server.on('connection', (socket: net.Socket) => {
    sockets.seen++;
    sockets.open.add(socket);
    socket.on('close', () => sockets.open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Reads a request's body whole. */
export async function bodyOf(req: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
