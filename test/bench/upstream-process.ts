/**
 * The endpoints behind every candidate: plain node:http servers that answer with as many bytes as the path says, and only if the
 * request body came through as it was sent. A WebSocket gets its messages back.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answer } from './ipc.ts';
import { KEPT_ALIVE_MS, listen } from './listen.ts';
import { CLOSE, FrameReader, frame } from './websocket-frames.ts';

/** RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

interface Order {
  readonly body: Buffer;
  readonly sentBytes: number;
}

const orders = new Map<string, Order>();

function orderOf(url: string): Order {
  let order = orders.get(url);
  if (order === undefined) {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const bytes = Number(pathname.slice('/bytes/'.length));
    order = { body: Buffer.alloc(bytes, 'y'), sentBytes: Number(searchParams.get('sent')) };
    orders.set(url, order);
  }
  return order;
}

function respond(res: ServerResponse, status: number, body: Buffer): void {
  res.writeHead(status, [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'private, max-age=0',
    'ETag',
    '"7d4-18f0c1"',
  ]);
  res.end(body);
}

function serve(req: IncomingMessage, res: ServerResponse): void {
  const { body, sentBytes } = orderOf(req.url!);
  if (req.method !== 'POST') return respond(res, 200, body);
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  req.on('end', () => respond(res, bytes === sentBytes ? 200 : 400, body));
}

function echo(req: IncomingMessage, socket: Duplex): void {
  const accept = createHash('sha1').update(`${req.headers['sec-websocket-key']}${ACCEPT_SUFFIX}`).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  const frames = new FrameReader((opcode, payload) => {
    socket.write(frame(opcode, payload));
    if (opcode === CLOSE) socket.end();
  });
  socket.on('data', (chunk: Buffer) => frames.read(chunk));
  socket.on('error', () => socket.destroy());
}

answer({
  /** @returns the origins of as many endpoints */
  start: async (count: number): Promise<string[]> => {
    const servers = Array.from({ length: count }, () =>
      createServer({ keepAliveTimeout: KEPT_ALIVE_MS }, serve).on('upgrade', echo),
    );
    const ports = await Promise.all(servers.map((server) => listen(server)));
    return ports.map((port) => `http://127.0.0.1:${port}`);
  },
});
