/**
 * Servers of every kind on free loopback ports, closed when the test is over.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { promisify } from 'node:util';
import { acceptProxyProtocol } from '@evenkeel/proxy';
import type { AcceptProxyProtocolOptions } from '@evenkeel/proxy';
import { closing } from '../../closing.ts';
import { turn } from '../../conformance/wire.ts';

/** Where the connections of tests come from. */
export const FROM: readonly string[] = ['127.0.0.1'];

/** Has the server listen. @returns its port */
export async function listening(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  // Not `connection`, which a connection reaches only when its head is off.
  const { emit } = server;
  server.emit = (event: string, ...args: unknown[]) => {
    if (event === 'connection') {
      const socket = args[0] as net.Socket;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    return Reflect.apply(emit, server, [event, ...args]) as boolean;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  });
  return (server.address() as net.AddressInfo).port;
}

/** An HTTP server that answers with the addresses it was told. */
export async function echo(
  options: Partial<AcceptProxyProtocolOptions> = {},
): Promise<{ port: number; asked: number }> {
  const server = http.createServer(({ socket }, res) => {
    self.asked++;
    res.end(`${socket.remoteAddress} ${socket.remotePort} > ${socket.localAddress} ${socket.localPort}`);
  });
  acceptProxyProtocol(server, { from: FROM, ...options });
  const self = { port: await listening(server), asked: 0 };
  return self;
}

export interface Recorder {
  readonly port: number;
  readonly server: net.Server;
  readonly connections: { address: string | undefined; heard: Buffer; isOver: boolean }[];
}

/** A TCP server that keeps what it hears, connection by connection. */
export async function recorder(options: Partial<AcceptProxyProtocolOptions> = {}): Promise<Recorder> {
  const connections: Recorder['connections'] = [];
  const server = net.createServer((socket) => {
    const connection = { address: socket.remoteAddress, heard: Buffer.alloc(0), isOver: false };
    connections.push(connection);
    socket.on('data', (chunk) => (connection.heard = Buffer.concat([connection.heard, chunk])));
    socket.on('close', () => (connection.isOver = true));
  });
  acceptProxyProtocol(server, { from: FROM, ...options });
  return { port: await listening(server), server, connections };
}

/** Waits until no connection is open, not even one that waits for its head. */
export async function gone(server: net.Server): Promise<void> {
  const count = promisify(server.getConnections.bind(server));
  while ((await count()) > 0) await turn();
}
