/**
 * Has a server believe the PROXY protocol of the load balancers in front of it: the head is taken off a connection before the server sees
 * it, and the socket tells the real client's address. Works on every kind of Node server, since all of them get their connections as a
 * `connection` event: it is held back until the head is there.
 */
import { channel } from 'node:diagnostics_channel';
import type { Channel } from 'node:diagnostics_channel';
import { Server, Socket } from 'node:net';
import type { BlockList } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { BalancerError } from '@evenkeel/core';
import { type Clock, systemClock } from '@evenkeel/core';
import { durationMs, objectWith, resolveOptions, v } from '@evenkeel/core/options';
import { isListed, trustedSchema, trustOf, unmapped } from '../peer.ts';
import type { ProxyHead } from './parse.ts';
import { readHead } from './read-head.ts';
import type { HeadReader } from './read-head.ts';
import { proxyProtocolOf, tellSocket } from './told.ts';

/** Who may say where a connection comes from. */
export interface AcceptProxyProtocolOptions {
  /**
   * Addresses and networks (`10.0.0.0/8`, `::1`) of the load balancers; at least one. Connections from elsewhere pass untouched and are
   * never believed.
   */
  readonly from: readonly string[];
  /**
   * False also accepts connections of these load balancers that do not begin with a head. Only for such as never pass a client's first
   * bytes on without one, or clients could write it themselves. @default true
   */
  readonly isRequired?: boolean;
  /** ms from the connection to the end of the head, 1..2^31-1. @default 5_000 */
  readonly timeoutMs?: number;
  /** Where time comes from. @default the machine's timers */
  readonly clock?: Pick<Clock, 'schedule'>;
}

/** A connection was closed because of its PROXY head. */
export interface ProxyProtocolRefusedMessage {
  /** Whose connection it was: the load balancer's address. */
  readonly address: string;
  readonly port: number | undefined;
  /** What was wrong with the head. */
  readonly reason: string;
}

/** `evenkeel:proxy-protocol:refused` carries a `ProxyProtocolRefusedMessage`. */
const refused: Channel = channel('evenkeel:proxy-protocol:refused');

const acceptSchema = v.strictObject({
  from: v.pipe(
    trustedSchema,
    v.check((list) => list.length > 0, 'an array of at least one address or network'),
  ),
  isRequired: v.optional(v.boolean('true or false'), true),
  timeoutMs: v.optional(durationMs(1), 5_000),
  clock: v.optional(objectWith<Pick<Clock, 'schedule'>>('a clock', 'schedule'), () => systemClock),
});

const gated = new WeakSet<Server>();

/**
 * Accepts versions 1 and 2, before TLS where the server speaks it. `req.socket.remoteAddress`, and with it `req.ip` of Express and Koa and
 * the forwarding fields of the proxy, is then the client's; `localAddress` and `localPort` are what the client connected to. Call it once
 * per server, at any time before it listens.
 * @param server of `node:http`, `node:https`, `node:http2`, `node:tls` or `node:net`
 * @throws INVALID_OPTIONS also for a server that does it already
 */
export function acceptProxyProtocol(server: Server, options: AcceptProxyProtocolOptions): void {
  const { from, ...rules } = resolveOptions('acceptProxyProtocol', acceptSchema, options);
  if (!(server instanceof Server)) throw misuse('`server` must be a server of node:net, node:http or their like');
  if (gated.has(server)) throw misuse('the server accepts the PROXY protocol already');
  gated.add(server);
  const trusted = trustOf(from)!;
  const emit = server.emit.bind(server) as Emit;
  const gate = new Gate(emit, server instanceof TlsServer ? new Map() : undefined);
  // Not a listener: those that are there, or come later, are only to see the connection when its head is off.
  (server as { emit: Emit }).emit = (event, ...args) => {
    if (event === 'connection' && args[0] instanceof Socket && isProxied(args[0], trusted)) {
      readHead(args[0], rules, gate);
      return true;
    }
    if (event === 'secureConnection') gate.tellTls(args[0]);
    else if (event === 'tlsClientError') gate.tellTls(args[1]);
    return emit(event, ...args);
  };
}

type Emit = (event: string | symbol, ...args: unknown[]) => boolean;

function misuse(message: string): BalancerError {
  return new BalancerError('INVALID_OPTIONS', `acceptProxyProtocol: ${message}`);
}

/** False for one that another server has taken the head off already. */
function isProxied(socket: Socket, trusted: BlockList): boolean {
  const address = socket.remoteAddress;
  return address !== undefined && isListed(trusted, unmapped(address)) && proxyProtocolOf(socket) === undefined;
}

class Gate implements HeadReader {
  private readonly pass: Emit;
  /**
   * The connections that TLS goes on, by their four numbers. A TLS socket is an object of its own and nothing public leads back to the one
   * below it, but it gives the same addresses.
   */
  private readonly below: Map<string, Socket> | undefined;

  constructor(pass: Emit, below: Map<string, Socket> | undefined) {
    this.pass = pass;
    this.below = below;
  }

  onHead(socket: Socket, head: ProxyHead | undefined): void {
    if (head !== undefined) this.tell(socket, head);
    this.pass('connection', socket);
  }

  onRefused(socket: Socket, reason: string): void {
    if (!refused.hasSubscribers) return;
    const address = socket.remoteAddress === undefined ? 'unknown' : unmapped(socket.remoteAddress);
    refused.publish({ address, port: socket.remotePort, reason } satisfies ProxyProtocolRefusedMessage);
  }

  tellTls(socket: unknown): void {
    if (!(socket instanceof Socket)) return;
    const below = this.below?.get(numbersOf(socket));
    const told = below && proxyProtocolOf(below);
    if (told !== undefined) tellSocket(socket, told);
  }

  private tell(socket: Socket, head: ProxyHead): void {
    const { below } = this;
    if (below !== undefined) {
      const numbers = numbersOf(socket);
      below.set(numbers, socket);
      // The numbers may have been given to the next connection by the time that this one is known to be over.
      socket.once('close', () => below.get(numbers) === socket && below.delete(numbers));
    }
    tellSocket(socket, head);
  }
}

function numbersOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
