/**
 * What connections to endpoints begin with under `sendProxyProtocol`: the client's connection in a PROXY head.
 */
import type { Socket } from 'node:net';
import type { Peer } from '../peer.ts';
import { proxyHeader } from './format.ts';
import type { ProxyProtocolVersion } from './format.ts';

/**
 * Made once per client connection. It tells the other end of that connection, as a PROXY head has told it if there was one; never
 * what `X-Forwarded-For` says, which is a matter of single requests.
 */
export function preambleOf(peer: Peer, socket: Socket, version: ProxyProtocolVersion | undefined): Buffer | undefined {
  if (version === undefined) return undefined;
  peer.preamble ??= proxyHeader(version, {
    source: { address: socket.remoteAddress, port: socket.remotePort },
    destination: { address: socket.localAddress, port: socket.localPort },
  });
  return peer.preamble;
}
