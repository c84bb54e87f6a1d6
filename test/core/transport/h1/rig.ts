/**
 * A transport under test, and servers that say what the test says.
 */
import { once } from 'node:events';
import net from 'node:net';
import { systemClock } from '../../../../packages/core/src/lib/clock.ts';
import { h1Transport } from '../../../../packages/core/src/transport/h1/h1-transport.ts';
import type { TransportOptions } from '../../../../packages/core/src/transport/transport-options.ts';
import type { Transport, UpstreamRequest } from '../../../../packages/core/src/transport/transport.ts';
import type { Endpoint } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';
import { closing } from '../../../closing.ts';
import { turn, until } from '../../../conformance/wire.ts';
import { Hearing } from './hearing.ts';

/** Only what a transport looks at. */
export function endpointAt(origin: string, socketPath?: string): Endpoint {
  return { origin, socketPath } as Endpoint;
}

export interface Rig extends AsyncDisposable {
  readonly transport: Transport;
  readonly endpoint: Endpoint;
  /** Sends a GET, but for what is said otherwise. */
  send(request?: Partial<UpstreamRequest>, hearing?: Hearing): Hearing;
  /** The same, until it is over. */
  ask(request?: Partial<UpstreamRequest>): Promise<Hearing>;
}

const DEFAULTS: TransportOptions = {
  connectTimeoutMs: 5_000,
  headTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  keepAliveMs: 4_000,
  maxHeadBytes: 16_384,
  tls: undefined,
  clock: systemClock,
  random: seeded(),
};

/** @param options what differs from the usual; it ends with the test, and everything that is under way */
export function rig(endpoint: Endpoint | string, options: Partial<TransportOptions> = {}): Rig {
  const transport = h1Transport({ ...DEFAULTS, ...options });
  const target = typeof endpoint === 'string' ? endpointAt(endpoint) : endpoint;
  function send(request: Partial<UpstreamRequest> = {}, hearing = new Hearing()): Hearing {
    transport.send(target, { method: 'GET', path: '/', headers: [], body: null, ...request }, hearing);
    return hearing;
  }
  return closing({
    transport,
    endpoint: target,
    send,
    ask: (request = {}) => send(request).over,
    [Symbol.asyncDispose]: () => transport.release(target, true),
  });
}

/** Long enough for a connection to be ready for its next request. */
export async function cooled(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn();
}

/** A connection as the server sees it. */
export interface Peer {
  readonly socket: net.Socket;
  /** All bytes so far, latin1. */
  received: string;
  isEnded: boolean;
  say(bytes: string): void;
}

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections so far, the first one first. */
  readonly peers: Peer[];
  readonly open: number;
  /** The connection with that number, as soon as it has said something that matches. */
  heard(connection: number, what: RegExp): Promise<Peer>;
}

/** A server that says nothing by itself. @param onData called with each connection that has said something */
export async function server(
  onData: (peer: Peer) => void = () => undefined,
  listen: net.ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<Server> {
  const peers: Peer[] = [];
  const listener = net.createServer({ allowHalfOpen: true }, (socket) => {
    const peer: Peer = { socket, received: '', isEnded: false, say: (bytes) => void socket.write(bytes, 'latin1') };
    peers.push(peer);
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => (peer.isEnded = true));
    socket.on('end', () => {
      peer.isEnded = true;
      socket.end();
    });
    socket.on('data', (text: string) => {
      peer.received += text;
      onData(peer);
    });
  });
  await once(listener.listen(listen), 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return closing({
    url: `http://127.0.0.1:${port}`,
    port,
    peers,
    get open() {
      return peers.filter(({ isEnded }) => !isEnded).length;
    },
    async heard(connection, what) {
      await until(() => what.test(peers[connection]?.received ?? ''));
      return peers[connection]!;
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of peers) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  });
}

/** Answers each request that has no body. @param head fields beside the length, each with its line end */
export function answering(body = 'ok', fields = ''): (peer: Peer) => void {
  return (peer) => {
    while (peer.received.includes('\r\n\r\n')) {
      peer.received = peer.received.slice(peer.received.indexOf('\r\n\r\n') + 4);
      peer.say(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`);
    }
  };
}
