/**
 * What the specs of the HTTP/2 transport share: real servers of `node:http2` and of raw bytes, the transport on a clock that is turned
 * by hand, and a handler that writes down what it is told.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type net from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '@evenkeel/core';
import { manualClock, seeded } from '@evenkeel/core/testing';
import type { ManualClock } from '@evenkeel/core/testing';
import { h2Transport } from '../../../../packages/core/src/transport/h2/h2-transport.ts';
import type { TransportOptions } from '../../../../packages/core/src/transport/transport-options.ts';
import { TransportError } from '../../../../packages/core/src/transport/transport-error.ts';
import type {
  Transport,
  TransportController,
  TransportHandler,
  UpstreamRequest,
} from '../../../../packages/core/src/transport/transport.ts';
import { closing } from '../../../closing.ts';
import { until } from '../../../conformance/wire.ts';

const FIXTURES = join(import.meta.dirname, '../../dispatch/fixtures');
export const cert: string = readFileSync(join(FIXTURES, 'cert.pem'), 'utf8');
export const key: string = readFileSync(join(FIXTURES, 'key.pem'), 'utf8');

export interface H2Server extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: Endpoint;
  /** Sessions so far. */
  readonly sessions: http2.ServerHttp2Session[];
  /** Streams so far, in the order of their arrival. */
  readonly streams: http2.ServerHttp2Stream[];
  /** Connections that are open now. */
  readonly open: number;
  readonly sockets: ReadonlySet<net.Socket>;
}

export type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: string[]) => void;

/** As far as a transport looks at one. */
export function endpointAt(url: string, socketPath?: string): Endpoint {
  return { id: url, origin: url, socketPath } as unknown as Endpoint;
}

/** An HTTP/2 server; over TLS if it is given a certificate. */
export async function h2Server(
  onStream: OnStream,
  options: http2.SecureServerOptions & { path?: string } = {},
): Promise<H2Server> {
  const isTls = options.cert !== undefined;
  const server = isTls ? http2.createSecureServer(options) : http2.createServer(options as http2.ServerOptions);
  const sessions: http2.ServerHttp2Session[] = [];
  const streams: http2.ServerHttp2Stream[] = [];
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => sessions.push(session));
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers, _flags, raw?: string[]) => {
    streams.push(stream);
    stream.on('error', () => undefined);
    onStream(stream, headers, raw ?? []);
  });
  if (options.path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(options.path);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return closing({
    port,
    endpoint: options.path === undefined ? endpointAt(url) : endpointAt('http://shop.test', options.path),
    sessions,
    streams,
    sockets,
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  });
}

/** Answers with a status, these fields and this body. */
export function reply(body = '', fields: http2.OutgoingHttpHeaders = {}): OnStream {
  return (stream) => {
    stream.respond({ ':status': 200, ...fields });
    stream.end(body);
  };
}

/** The transport, which lets go of its endpoints when the test is over. */
export interface Rig {
  readonly clock: ManualClock;
  readonly transport: Transport;
  /** Sends, and gives what comes of it. */
  ask(endpoint: Endpoint, request?: Partial<UpstreamRequest>, handler?: Partial<Hooks>): Answer;
}

export function rig(
  options: Partial<TransportOptions> = {},
  make: (options: TransportOptions) => Transport = h2Transport,
): Rig {
  const clock = manualClock();
  const transport = make({
    connectTimeoutMs: 1_000,
    headTimeoutMs: 30_000,
    bodyTimeoutMs: 60_000,
    keepAliveMs: 4_000,
    maxHeadBytes: 16_384,
    tls: undefined,
    clock,
    random: seeded(),
    ...options,
  });
  const endpoints = new Set<Endpoint>();
  closing({
    async [Symbol.asyncDispose]() {
      await Promise.all([...endpoints].map((endpoint) => transport.release(endpoint, true)));
    },
  });
  return {
    clock,
    transport,
    ask(endpoint, request = {}, hooks = {}) {
      endpoints.add(endpoint);
      const answer = new Answer(hooks);
      transport.send(endpoint, { method: 'GET', path: '/', headers: [], body: null, ...request }, answer);
      return answer;
    },
  };
}

/** What a test may do when the handler is told something. */
export interface Hooks {
  onStart(controller: TransportController): void;
  onHead(controller: TransportController, status: number): void;
  onData(controller: TransportController, chunk: Buffer): void;
}

/** A handler that writes down what it is told. */
export class Answer implements TransportHandler {
  /** The calls, in order, such as `start`, `head 200`, `data`, `end`. */
  readonly calls: string[] = [];
  status = 0;
  headers: string[] = [];
  trailers: string[] = [];
  readonly interims: [number, string[]][] = [];
  readonly chunks: Buffer[] = [];
  error: Error | undefined = undefined;
  socket: Duplex | undefined = undefined;
  controller: TransportController | undefined = undefined;
  /** What the last call had as its controller. */
  lastController: TransportController | null | undefined = undefined;
  private readonly hooks: Partial<Hooks>;

  constructor(hooks: Partial<Hooks> = {}) {
    this.hooks = hooks;
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get isOver(): boolean {
    return this.calls.some((call) => /^(end|upgrade|error)/.test(call));
  }

  /** The fault of the error, or how else it ended. */
  get ending(): string {
    if (this.error === undefined) return this.calls.at(-1) ?? 'nothing';
    return this.error instanceof TransportError ? this.error.fault : this.error.message;
  }

  /** Waits for the end. @returns itself */
  async over(): Promise<this> {
    await until(() => this.isOver);
    return this;
  }

  onRequestStart(controller: TransportController): void {
    this.calls.push('start');
    this.controller = controller;
    this.hooks.onStart?.(controller);
  }

  onResponseStart(controller: TransportController, status: number): void {
    this.calls.push(`head ${status}`);
    if (status < 200) this.interims.push([status, controller.rawHeaders as string[]]);
    else {
      this.status = status;
      this.headers = controller.rawHeaders as string[];
    }
    this.hooks.onHead?.(controller, status);
  }

  onResponseData(controller: TransportController, chunk: Buffer): void {
    if (this.calls.at(-1) !== 'data') this.calls.push('data');
    this.chunks.push(chunk);
    this.hooks.onData?.(controller, chunk);
  }

  onResponseEnd(controller: TransportController): void {
    this.calls.push('end');
    this.trailers = controller.rawTrailers as string[];
  }

  onRequestUpgrade(controller: TransportController, status: number, _headers: unknown, socket: Duplex): void {
    this.calls.push(`upgrade ${status}`);
    this.headers = controller.rawHeaders as string[];
    this.socket = socket;
  }

  onResponseError(controller: TransportController | null | undefined, error: Error): void {
    this.calls.push(`error`);
    this.error = error;
    this.lastController = controller;
  }
}
