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
  /** TCP connections now. */
  readonly open: number;
  /** Calls back, once, when a connection ends. */
  onClose(listener: () => void): void;
}

/** Starts an HTTP server. Its responses close nothing, so the connections stay open between requests. */
export async function upstream(handler: http.RequestListener): Promise<Upstream> {
  const requests: string[] = [];
  const server = http.createServer((req, res) => {
    requests.push(`${req.method} ${req.url}`);
    handler(req, res);
  });
  return listen(server, requests);
}

/** Starts a TCP server that speaks as the test says. */
export async function rawUpstream(handler: (socket: net.Socket) => void): Promise<Upstream> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    handler(socket);
  });
  return listen(server, []);
}

const refused = new Set<string>();

/** A port that nothing listens on; another one each time, though the system may give the same one twice in a row. */
export async function refusedUrl(): Promise<string> {
  for (;;) {
    const { url, [Symbol.asyncDispose]: dispose } = await upstream(() => undefined);
    await dispose();
    if (refused.has(url)) continue;
    refused.add(url);
    return url;
  }
}

async function listen(server: net.Server, requests: string[]): Promise<Upstream> {
  const sockets = new Set<net.Socket>();
  const closeListeners: (() => void)[] = [];
  let connections = 0;
  server.on('connection', (socket: net.Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      for (const listener of closeListeners.splice(0)) listener();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    onClose: (listener) => void closeListeners.push(listener),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
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
