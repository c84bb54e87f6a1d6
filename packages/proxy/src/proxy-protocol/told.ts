/**
 * What a PROXY head has told about a connection, put where everybody looks: the socket's own properties.
 */
import type { Socket } from 'node:net';
import type { ConnectionEnd, ProxyHead } from './parse.ts';

/** What the PROXY head of a connection said. */
export interface ProxiedConnection {
  /** The client; undefined, as `destination`, if the sender spoke for itself (its own health check) or did not know. */
  readonly source: ConnectionEnd | undefined;
  /** What the client connected to. */
  readonly destination: ConnectionEnd | undefined;
  /** The host name that the client asked for in TLS, where the sender tells it. */
  readonly authority: string | undefined;
  /** The client's own connection is TLS, which the sender has taken off. */
  readonly isTls: boolean;
}

const TOLD: unique symbol = Symbol('evenkeel.proxied-connection');

/** What the PROXY head of this connection said; undefined if there was none. Takes `req.socket` of every kind of server. */
export function proxyProtocolOf(socket: object): ProxiedConnection | undefined {
  // A symbol on the socket, not a WeakMap: HTTP/2 hands out proxies of its sockets, which pass properties on.
  return (socket as { [TOLD]?: ProxiedConnection })[TOLD];
}

/** Has the socket give the addresses of the head, for as long as it lives. */
export function tellSocket(
  socket: Socket,
  { source, destination, authority, isTls }: ProxyHead | ProxiedConnection,
): void {
  define(socket, TOLD, { source, destination, authority, isTls } satisfies ProxiedConnection);
  if (source === undefined || destination === undefined) return;
  define(socket, 'remoteAddress', source.address);
  define(socket, 'remotePort', source.port);
  define(socket, 'remoteFamily', familyOf(source));
  define(socket, 'localAddress', destination.address);
  define(socket, 'localPort', destination.port);
  define(socket, 'localFamily', familyOf(destination));
}

function familyOf({ address }: ConnectionEnd): string {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function define(socket: Socket, name: string | symbol, value: unknown): void {
  Object.defineProperty(socket, name, { value, configurable: true, enumerable: typeof name === 'string' });
}
