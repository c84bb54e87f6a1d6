/**
 * A process in which thousands of clients leave, and thousands of endpoint connections die, at moments that a seed decides: before the
 * head, in mid-body either way, during an upgrade and after it. Prints one JSON object: what was left over at the end.
 *
 * `node --expose-gc storm.ts <aborts> <deaths> <seed> <transport>`
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { createCluster } from '@evenkeel/core';
import type { ClusterOptions } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { createProxy } from '@evenkeel/proxy';

/** What a storm leaves behind. */
export interface StormReport {
  readonly answers: Readonly<Record<string, number>>;
  readonly unhandled: number;
  readonly inflight: number;
  readonly clientSockets: number;
  readonly frontSockets: number;
  /** Idle connections that are kept for later do not count. */
  readonly upstreamSocketsAfterClose: number;
  /** MiB, after the first fifth of the storm and at its end. */
  readonly heapBefore: number;
  readonly heapAfter: number;
}

const CONCURRENCY = 40;
const HEAD = 'HTTP/1.1 200 OK\r\n';
const BODY = 'x'.repeat(20_000);

const [aborts, deaths, seed, transport] = process.argv.slice(2);
const random = seeded(Number(seed));
let unhandled = 0;
process.on('uncaughtException', () => unhandled++);
process.on('unhandledRejection', () => unhandled++);

const upstreamSockets = new Set<net.Socket>();
const upstream = net.createServer((socket) => {
  upstreamSockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => upstreamSockets.delete(socket));
  let isUpgraded = false;
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    if (isUpgraded) return void socket.write(text, 'latin1');
    const path = /^[A-Z]+ (\/\S*)/.exec(text)?.[1];
    if (path === undefined) return;
    isUpgraded = path.startsWith('/upgrade');
    answer(socket, path);
  });
});

/** The path says what happens, and whether the connection dies while it does. */
function answer(socket: net.Socket, path: string): void {
  const dies = path.endsWith('/die');
  const end = (): void => void (random.below(2) === 0 ? socket.destroy() : socket.resetAndDestroy());
  const later = (step: () => void): void => void setTimeout(step, random.below(4));
  if (path.startsWith('/mute')) return dies ? later(end) : undefined;
  if (path.startsWith('/upgrade')) {
    if (dies && random.below(2) === 0) return end();
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    return dies ? later(end) : undefined;
  }
  const head = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n`;
  const bytes = head + BODY;
  if (!dies && path.startsWith('/whole')) return void socket.write(bytes, 'latin1');
  socket.write(bytes.slice(0, random.below(bytes.length)), 'latin1');
  if (dies) later(end);
}

async function listen(server: net.Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as net.AddressInfo).port;
}

const options: ClusterOptions = {
  endpoints: [`http://127.0.0.1:${await listen(upstream)}`],
  ...(transport !== undefined && ({ transport } as Partial<ClusterOptions>)),
};
const cluster = createCluster(options);
const proxy = createProxy(cluster, { sticky: true });
const front = http.createServer((req, res) => proxy.web(req, res));
front.on('upgrade', (req, socket, head) => proxy.upgrade(req, socket, head));
const port = await listen(front);

const clients = new Set<net.Socket>();
const answers: Record<string, number> = {};

/** A request whose body may be incomplete if the client is about to leave. */
function requestFor(path: string, isLeaving: boolean): string {
  const head = (method: string, ...fields: string[]): string =>
    [`${method} ${path} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
  if (path.startsWith('/upgrade')) return `${head('GET', 'Connection: Upgrade', 'Upgrade: echo')}hi`;
  const kind = random.below(3);
  if (kind === 0) return head('GET');
  if (kind === 1)
    return head('POST', 'Content-Length: 100000') + 'y'.repeat(isLeaving ? random.below(100_000) : 100_000);
  const end = isLeaving && random.below(2) === 0 ? '' : '0\r\n\r\n';
  return `${head('PUT', 'Transfer-Encoding: chunked')}5\r\nhello\r\n${end}`;
}

/** One client; resolves when its connection has closed. */
function client(path: string, isLeaving: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    clients.add(socket);
    const leave = (): void => void (random.below(2) === 0 ? socket.destroy() : socket.resetAndDestroy());
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clients.delete(socket);
      const status = isLeaving ? 'left' : (/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 'cut');
      answers[status] = (answers[status] ?? 0) + 1;
      resolve();
    });
    socket.on('data', (text: string) => {
      received += text;
      // A whole small answer keeps its connection open; the client has what it wanted.
      if (!isLeaving && /\r\n\r\n\{[^]*\}\s*$/.test(received)) socket.destroy();
      if (isLeaving && random.below(3) === 0) leave();
    });
    socket.on('connect', () => {
      socket.write(requestFor(path, isLeaving), 'latin1');
      if (isLeaving) setTimeout(leave, random.below(6));
    });
  });
}

const PATHS = ['/mute', '/part', '/whole', '/upgrade'];

async function storm(count: number, isLeaving: boolean): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await client(PATHS[random.below(PATHS.length)]! + (isLeaving ? '' : '/die'), isLeaving);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
}

function frontConnections(): Promise<number> {
  return new Promise((resolve) => front.getConnections((_error, count) => resolve(count)));
}

/** Waits until nothing is in flight, and until what has closed is known to have. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 1_000; turns++) {
    if (cluster.endpoints[0]!.inflight === 0 && clients.size === 0 && (await frontConnections()) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function heapMiB(): number {
  for (let i = 0; i < 4; i++) globalThis.gc!();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

await storm(Math.ceil(Number(aborts) / 5), true);
await storm(Math.ceil(Number(deaths) / 5), false);
await settled();
const heapBefore = heapMiB();
await storm(Number(aborts), true);
await storm(Number(deaths), false);
await settled();
const heapAfter = heapMiB();
const frontSockets = await frontConnections();
const { inflight } = cluster.endpoints[0]!;
await cluster.close({ deadlineMs: 0 });
for (let turns = 0; turns < 400 && upstreamSockets.size > 0; turns++)
  await new Promise((resolve) => setTimeout(resolve, 5));
const report: StormReport = {
  answers,
  unhandled,
  inflight,
  clientSockets: clients.size,
  frontSockets,
  upstreamSocketsAfterClose: upstreamSockets.size,
  heapBefore,
  heapAfter,
};
console.log(JSON.stringify(report));
front.close();
front.closeAllConnections();
upstream.close();
for (const socket of upstreamSockets) socket.destroy();
