/**
 * HTTP/1 as bytes: a TCP client and a TCP server that add and hide nothing, for laws about what really is on the wire.
 * Text is latin1 throughout, so that one character is one byte.
 */
import { once } from 'node:events';
import net from 'node:net';

/** Waits for `condition` turn by turn; the test's own time-out is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** Lets everything else have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** A message as it was on the wire. */
export interface RawMessage {
  /** The first line. */
  readonly start: string;
  /** Name and value, as written. */
  readonly fields: readonly (readonly [string, string])[];
  /** Without framing. */
  readonly body: string;
  /** The status if it is a response. */
  readonly status: number;
}

/** The values of a field, in order. */
export function valuesOf(message: RawMessage, name: string): string[] {
  return message.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

interface Parsed extends RawMessage {
  readonly end: number;
}

/** The first whole message in `bytes`; undefined if it is not whole yet. @param isBodiless as after HEAD, 204, 304 */
export function parseMessage(bytes: string, isOver: boolean, isBodiless = false): Parsed | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [start = '', ...lines] = bytes.slice(0, headEnd).split('\r\n');
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const status = start.startsWith('HTTP/') ? Number(start.split(' ')[1]) : 0;
  const message = { start, fields, body: '', status };
  const from = headEnd + 4;
  const [length] = valuesOf(message, 'content-length');
  if (isBodiless || status === 204 || status === 304) return { ...message, end: from };
  if (valuesOf(message, 'transfer-encoding').length > 0) return chunked(message, bytes, from);
  if (length !== undefined) {
    const end = from + Number(length);
    return bytes.length < end ? undefined : { ...message, body: bytes.slice(from, end), end };
  }
  if (status === 0) return { ...message, end: from };
  return isOver ? { ...message, body: bytes.slice(from), end: bytes.length } : undefined;
}

function chunked(message: RawMessage, bytes: string, from: number): Parsed | undefined {
  let body = '';
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return { ...message, body, end };
    body += bytes.slice(lineEnd + 2, end - 2);
    at = end;
  }
}

/** A client connection. */
export interface RawClient {
  readonly socket: net.Socket;
  /** All bytes received. */
  readonly received: string;
  readonly end: 'open' | 'fin' | 'reset';
  write(bytes: string): void;
  /** The next whole response. Rejects if the connection ends before that. */
  response(options?: { isBodiless?: boolean }): Promise<RawMessage>;
  /** Resolves when the other side has ended the connection. */
  ended(): Promise<void>;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let received = '';
  let taken = 0;
  let end: RawClient['end'] = 'open';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => (end = 'reset'));
  socket.on('end', () => (end = 'fin'));
  await once(socket, 'connect');
  return {
    socket,
    get received() {
      return received;
    },
    get end() {
      return end;
    },
    write: (bytes) => void socket.write(bytes, 'latin1'),
    async response({ isBodiless = false } = {}) {
      for (;;) {
        const message = parseMessage(received.slice(taken), end === 'fin', isBodiless);
        if (message !== undefined) {
          taken += message.end;
          return message;
        }
        if (end !== 'open') throw new Error(`the connection ended (${end}) after ${JSON.stringify(received)}`);
        await turn();
      }
    },
    ended: () => until(() => end !== 'open'),
  };
}

/** One request on a connection of its own. */
export async function rawRequest(port: number, bytes: string, options?: { isBodiless?: boolean }): Promise<RawMessage> {
  const client = await rawClient(port);
  client.write(bytes);
  try {
    return await client.response(options);
  } finally {
    client.socket.destroy();
  }
}

/** What a raw server does with a request. */
export type RawHandler = (request: RawMessage, socket: net.Socket) => void;

/** A server that hears bytes. */
export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** Whole requests, in the order of their arrival. */
  readonly requests: RawMessage[];
  /** Connections ever made, and those still open. */
  readonly connections: number;
  readonly open: number;
  /** Everything received on all connections. */
  readonly received: string;
  onRequest: RawHandler;
  onConnection: (socket: net.Socket) => void;
  close(): Promise<void>;
}

/** @param onRequest by default a 200 with an empty body */
export async function rawServer(onRequest: RawHandler = answer('')): Promise<RawServer> {
  const requests: RawMessage[] = [];
  const sockets = new Set<net.Socket>();
  let connections = 0;
  let all = '';
  const server = net.createServer((socket) => {
    let received = '';
    connections++;
    sockets.add(socket);
    self.onConnection(socket);
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: string) => {
      received += chunk;
      all += chunk;
      for (
        let message = parseMessage(received, false);
        message !== undefined;
        message = parseMessage(received, false)
      ) {
        received = received.slice(message.end);
        requests.push(message);
        self.onRequest(message, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const self: RawServer = {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    get received() {
      return all;
    },
    onRequest,
    onConnection: () => undefined,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return self;
}

/** A handler that always answers the same. @param fields whole lines, without the `Content-Length` that is added */
export function answer(body: string, fields: readonly string[] = [], status = '200 OK'): RawHandler {
  const head = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`].join('\r\n');
  return (_request, socket) => void socket.write(`${head}\r\n\r\n${body}`, 'latin1');
}

/** A handler that sends these bytes. */
export function send(bytes: string): RawHandler {
  return (_request, socket) => void socket.write(bytes, 'latin1');
}
