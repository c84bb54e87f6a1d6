/**
 * Making connections: TCP or a Unix socket, whichever address family answers first (RFC 8305), with TLS on top where the endpoint wants it.
 */
import net from 'node:net';
import type { OnReadOpts } from 'node:net';
import tls from 'node:tls';
import type { Address } from '../address.ts';
import { identityOptions } from '../tls.ts';
import type { TlsOptions } from '../tls.ts';
import { TransportError } from '../transport-error.ts';

/** As often as undici and most kernels' own default would like: a peer that is gone is found by it in the end. */
const TCP_KEEP_ALIVE_MS = 60_000;

/** What the connections to one endpoint have in common. */
export interface Destination {
  readonly address: Address;
  readonly tls: TlsOptions | undefined;
  /** The last session that the endpoint gave us, so that the next handshake is short (RFC 8446 section 2.2). */
  session: Buffer | undefined;
}

/** @param onread takes what arrives in place of the socket's own buffers */
export function dial(destination: Destination, onread: OnReadOpts | undefined): net.Socket {
  const { address } = destination;
  const target = { ...targetOf(destination), ...(onread !== undefined && { onread }) };
  const socket = address.isTls ? tls.connect({ ...target, ...tlsOptions(destination) }) : net.connect(target);
  if (address.isTls) keepSession(destination, socket as tls.TLSSocket);
  return prepare(socket);
}

/** Only the transport's part, without TLS; for those who have something to say before that. */
export function dialPlain(destination: Destination): net.Socket {
  return prepare(net.connect(targetOf(destination)));
}

/** TLS on a connection that is there. */
export function secure(destination: Destination, socket: net.Socket): tls.TLSSocket {
  const secured = tls.connect({ ...tlsOptions(destination), socket });
  keepSession(destination, secured);
  return secured;
}

function prepare(socket: net.Socket): net.Socket {
  return socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
}

function targetOf({ address }: Destination): net.NetConnectOpts {
  const { host, port, socketPath } = address;
  return socketPath === undefined ? { host, port, autoSelectFamily: true } : { path: socketPath };
}

function tlsOptions({ address, tls: options, session }: Destination): tls.ConnectionOptions {
  const { host } = address;
  return {
    ...(net.isIP(host) === 0 && { servername: host }),
    ...identityOptions(host),
    ...options,
    // Without a name of its own the certificate has to be that of the host.
    host,
    ALPNProtocols: ['http/1.1'],
    ...(session !== undefined && { session }),
  };
}

function keepSession(destination: Destination, socket: tls.TLSSocket): void {
  socket.on('session', (session) => (destination.session = session));
}

/** What it means that a connection could not be made. */
export function connectFailure(error: Error): TransportError {
  if (error instanceof TransportError && error.fault !== 'reset') return error;
  // Of several addresses that were tried each has its own.
  const causes = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  return new TransportError('connect-failed', causes.map(({ message }) => message).join('; '), error);
}
