/**
 * The endpoints behind every candidate: plain node:http servers that answer with as many bytes as the path says, and only if the
 * request body came through as it was sent.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './ipc.ts';
import { listen } from './listen.ts';

const bodies = new Map<string, Buffer>();

function bodyOf(url: string): Buffer {
  let body = bodies.get(url);
  if (body === undefined) {
    const bytes = /^\/bytes\/(\d+)/.exec(url)?.[1] ?? '0';
    body = Buffer.alloc(Number(bytes), 'y');
    bodies.set(url, body);
  }
  return body;
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
  if (req.method !== 'POST') return respond(res, 200, bodyOf(req.url!));
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  req.on('end', () => respond(res, bytes === 16_384 ? 200 : 400, bodyOf(req.url!)));
}

answer({
  /** @returns the origins of as many endpoints */
  start: async (count: number): Promise<string[]> => {
    const servers = Array.from({ length: count }, () => createServer({ keepAliveTimeout: 60_000 }, serve));
    const ports = await Promise.all(servers.map((server) => listen(server)));
    return ports.map((port) => `http://127.0.0.1:${port}`);
  },
});
