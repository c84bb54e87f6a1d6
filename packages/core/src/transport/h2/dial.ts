/**
 * Makes one connection to an endpoint, as far as it takes to know that HTTP/2 is spoken there: TCP, the preamble, TLS with ALPN, and the
 * endpoint's SETTINGS. Waiting for those costs a round trip once, and tells a frozen endpoint, or one that speaks something else, before
 * any request is on its way to it.
 */
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import type { Address } from '../address.ts';
import { identityOptions } from '../tls.ts';
import type { TlsOptions } from '../tls.ts';
import { TransportError } from '../transport-error.ts';
import { CONNECTION_WINDOW_BYTES, sessionOptions } from './settings.ts';
import type { TransportOptions } from '../transport-options.ts';

export interface DialRequest {
  readonly address: Address;
  readonly origin: string;
  readonly preamble: string;
  /** Ask for HTTP/1.1, too. */
  readonly isNegotiated: boolean;
  /** Nobody waits for it. */
  readonly isBackground: boolean;
}

/** How it went; one of them is called, once. */
export interface DialResult {
  onSession(session: http2.ClientHttp2Session, socket: net.Socket): void;
  /** The endpoint prefers HTTP/1.1. */
  onHttp1(): void;
  onFailure(error: TransportError): void;
}

/** @returns calls it off, without a word */
export function dial(request: DialRequest, options: TransportOptions, result: DialResult): () => void {
  let socket: net.Socket | undefined;
  let session: http2.ClientHttp2Session | undefined;
  let isOver = false;
  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    cancel();
    return true;
  }
  function discard(): void {
    session?.destroy();
    socket?.destroy();
  }
  function fail(fault: 'connect-timeout' | 'connect-failed', message: string, cause?: unknown): void {
    if (!finish()) return;
    discard();
    result.onFailure(new TransportError(fault, message, cause));
  }
  const refuse = (cause?: unknown): void => fail('connect-failed', reasonOf(cause), cause);
  const cancel = options.clock.schedule(
    options.connectTimeoutMs,
    () => fail('connect-timeout', `no HTTP/2 connection within ${options.connectTimeoutMs} ms`),
    true,
  );
  function speak(connected: net.Socket): void {
    session = openSession(request, options, connected);
    session.on('error', refuse);
    session.on('close', () => refuse());
    session.once('goaway', () => refuse(new Error('the endpoint went away')));
    const opened = session;
    session.once('remoteSettings', () => {
      if (!finish()) return;
      opened.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
      result.onSession(opened, connected);
    });
  }
  function watch(made: net.Socket): void {
    socket = made;
    made.on('error', refuse);
    made.on('close', () => refuse());
    if (request.isBackground) made.unref();
  }
  function onConnected(connected: net.Socket, protocol: Protocol): void {
    if (isOver) return;
    if (protocol === 'h2') return speak(connected);
    if (!request.isNegotiated) return refuse(new Error('the endpoint speaks no HTTP/2'));
    if (finish()) discard();
    result.onHttp1();
  }
  try {
    connectTo(request, options.tls, watch, onConnected);
  } catch (error) {
    // Such as a client certificate that cannot be read.
    refuse(error);
  }
  return () => {
    if (finish()) discard();
  };
}

/** What ALPN came to. */
type Protocol = string | false | null;

/** @param watch sees every socket from its first tick */
function connectTo(
  request: DialRequest,
  options: TlsOptions | undefined,
  watch: (socket: net.Socket) => void,
  onConnected: (socket: net.Socket, protocol: Protocol) => void,
): void {
  const { address, preamble, isNegotiated } = request;
  const { host, port, isTls, socketPath } = address;
  const target = socketPath === undefined ? { host, port } : { path: socketPath };
  function secure(over: tls.ConnectionOptions): void {
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const ALPNProtocols = isNegotiated ? ['h2', 'http/1.1'] : ['h2'];
    const socket = tls.connect({ ...servername, ...identityOptions(host), ...options, ...over, ALPNProtocols });
    watch(socket);
    socket.once('secureConnect', () => onConnected(socket, socket.alpnProtocol));
  }
  if (isTls && preamble === '') return secure(target);
  const socket = net.connect(target);
  watch(socket);
  socket.once('connect', () => {
    if (!isTls) {
      if (preamble !== '') socket.write(preamble, 'latin1');
      return onConnected(socket, 'h2');
    }
    socket.write(preamble, 'latin1', () => {
      if (!socket.destroyed) secure({ socket, host });
    });
  });
}

function openSession({ origin }: DialRequest, options: TransportOptions, socket: net.Socket): http2.ClientHttp2Session {
  return http2.connect(origin, { ...sessionOptions(options), createConnection: () => socket });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `no HTTP/2 connection: ${cause.message}` : 'the connection ended at once';
}
