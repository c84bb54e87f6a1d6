/**
 * Real gRPC on both sides of the proxy: grpc-js servers, a cluster that speaks HTTP/2 to them, and a grpc-js client. The service is made by
 * hand; its messages are bytes.
 */
import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { createCluster, roundRobin } from '@evenkeel/core';
import type { Cluster, ClusterOptions } from '@evenkeel/core';
import { createProxy } from '@evenkeel/proxy';
import type { ProxyOptions } from '@evenkeel/proxy';
import { closing } from '../closing.ts';

const FIXTURES = join(import.meta.dirname, '../core/dispatch/fixtures');
const cert = readFileSync(join(FIXTURES, 'cert.pem'));
const key = readFileSync(join(FIXTURES, 'key.pem'));

const asIs = (bytes: Buffer): Buffer => bytes;

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

export const ECHO = {
  unary: method('Unary', false, false),
  download: method('Download', false, true),
  upload: method('Upload', true, false),
  chat: method('Chat', true, true),
} satisfies grpc.ServiceDefinition;

type AnyCall =
  | grpc.ServerUnaryCall<Buffer, Buffer>
  | grpc.ServerWritableStream<Buffer, Buffer>
  | grpc.ServerReadableStream<Buffer, Buffer>
  | grpc.ServerDuplexStream<Buffer, Buffer>;

export interface GrpcServer {
  readonly port: number;
  /** Calls that have reached it. */
  readonly calls: grpc.Metadata[];
  /** Those whose client has gone. */
  readonly cancelled: string[];
  /** Says GOAWAY, and resolves when the calls under way are over. */
  shutdown(): Promise<void>;
}

/** What a call asks the server to do, in its metadata: `fail`, `hang`, or nothing. */
function wish(call: { metadata: grpc.Metadata }): string {
  return String(call.metadata.get('x-wish')[0] ?? '');
}

function failure(): grpc.ServerErrorResponse {
  const metadata = new grpc.Metadata();
  metadata.set('x-trailer', 'failed');
  metadata.set('details-bin', Buffer.from([0, 255, 10]));
  return Object.assign(new Error('no'), {
    code: grpc.status.FAILED_PRECONDITION,
    details: 'not today, caf\u00e9',
    metadata,
  });
}

async function grpcServer(secure: boolean): Promise<GrpcServer> {
  const calls: grpc.Metadata[] = [];
  const cancelled: string[] = [];
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
  const seen = (name: string, call: AnyCall) => {
    calls.push(call.metadata);
    // The types of `on` differ among the four.
    const emitter: EventEmitter = call;
    emitter.on('cancelled', () => cancelled.push(name));
    const head = new grpc.Metadata();
    head.set('x-head', String(call.metadata.get('x-ask')[0] ?? ''));
    head.set('x-server', String(bound));
    return head;
  };
  let bound = 0;
  server.addService(ECHO, {
    unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) {
      const head = seen('unary', call);
      if (wish(call) === 'hang') return;
      if (wish(call) === 'fail') return answer(failure());
      call.sendMetadata(head);
      const trailers = new grpc.Metadata();
      trailers.set('x-trailer', 'end');
      const reply = (): void => answer(null, call.request, trailers);
      if (wish(call) === 'later') setImmediate(reply);
      else reply();
    },
    download(call: grpc.ServerWritableStream<Buffer, Buffer>) {
      call.sendMetadata(seen('download', call));
      if (wish(call) === 'half') {
        call.write(Buffer.from('half'));
        return void setImmediate(() => call.emit('error', failure()));
      }
      for (let i = 0; i < 100; i++) call.write(Buffer.from(`${i}`));
      call.end();
    },
    upload(call: grpc.ServerReadableStream<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) {
      call.sendMetadata(seen('upload', call));
      let bytes = 0;
      if (wish(call) === 'early') return answer(null, Buffer.from('early'));
      call.on('data', (chunk: Buffer) => (bytes += chunk.length));
      call.on('end', () => answer(null, Buffer.from(`${bytes}`)));
    },
    chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
      call.sendMetadata(seen('chat', call));
      call.on('error', () => undefined);
      call.on('data', (chunk: Buffer) => call.write(Buffer.concat([Buffer.from('re: '), chunk])));
      call.on('end', () => call.end());
    },
  });
  const credentials = secure
    ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }])
    : grpc.ServerCredentials.createInsecure();
  bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, given) => (error ? reject(error) : resolve(given)));
  });
  closing({ [Symbol.dispose]: () => server.forceShutdown() });
  return {
    port: bound,
    calls,
    cancelled,
    shutdown: () =>
      new Promise((resolve, reject) => server.tryShutdown((error) => (error ? reject(error) : resolve()))),
  };
}

export interface GrpcRig {
  readonly cluster: Cluster;
  readonly servers: readonly GrpcServer[];
  readonly client: EchoClient;
}

export type EchoClient = grpc.Client;

export interface GrpcRigOptions {
  /** TLS on both hops. */
  readonly secure?: boolean;
  readonly cluster?: Partial<ClusterOptions>;
  readonly proxy?: ProxyOptions;
}

/** Two servers behind a cluster behind a proxy in front of a client. */
export async function grpcRig({
  secure = false,
  cluster: more,
  proxy: options,
}: GrpcRigOptions = {}): Promise<GrpcRig> {
  const servers = await Promise.all([grpcServer(secure), grpcServer(secure)]);
  const cluster = closing(
    createCluster({
      endpoints: servers.map(({ port }) => `${secure ? 'https' : 'http'}://localhost:${port}`),
      strategy: roundRobin(),
      http2: true,
      ...(secure && { tls: { ca: cert } }),
      ...more,
    }),
  );
  const proxy = createProxy(cluster, options);
  const take = (req: unknown, res: unknown): void => proxy.web(req as never, res as never);
  const server = secure ? http2.createSecureServer({ cert, key, allowHTTP1: true }, take) : http2.createServer(take);
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const credentials = secure ? grpc.credentials.createSsl(cert) : grpc.credentials.createInsecure();
  const client = new grpc.Client(`localhost:${port}`, credentials, {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
  });
  closing({
    async [Symbol.asyncDispose]() {
      client.close();
      await proxy.close({ deadlineMs: 0 });
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  });
  return { cluster, servers, client };
}

/** What became of a call. */
export interface CallResult {
  readonly message: string;
  readonly head: grpc.Metadata | undefined;
  readonly status: grpc.StatusObject;
}

export interface CallOptions {
  readonly metadata?: Record<string, string>;
  readonly deadline?: number;
}

export function metadataOf(fields: Record<string, string> = {}): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.add(name, value);
  return metadata;
}

/** One unary call; never rejects. */
export function unary(
  client: EchoClient,
  message: Buffer,
  { metadata, deadline }: CallOptions = {},
): Promise<CallResult> {
  return new Promise((resolve) => {
    let head: grpc.Metadata | undefined;
    let body = '';
    const { path } = ECHO.unary;
    const options = deadline === undefined ? {} : { deadline };
    const call = client.makeUnaryRequest(path, asIs, asIs, message, metadataOf(metadata), options, (_error, value) => {
      body = value?.toString('latin1') ?? '';
    });
    call.on('metadata', (given) => (head = given));
    call.on('status', (status) => setImmediate(() => resolve({ message: body, head, status })));
  });
}

export function chat(client: EchoClient, metadata: grpc.Metadata): grpc.ClientDuplexStream<Buffer, Buffer> {
  return client.makeBidiStreamRequest(ECHO.chat.path, asIs, asIs, metadata);
}

export function download(client: EchoClient, metadata: grpc.Metadata): grpc.ClientReadableStream<Buffer> {
  return client.makeServerStreamRequest(ECHO.download.path, asIs, asIs, Buffer.from('go'), metadata);
}

/** A call whose messages the test sends, and what became of it. */
export function upload(
  client: EchoClient,
  metadata: grpc.Metadata,
): { call: grpc.ClientWritableStream<Buffer>; over: Promise<CallResult> } {
  let body = '';
  const call = client.makeClientStreamRequest(ECHO.upload.path, asIs, asIs, metadata, (_error, value) => {
    body = value?.toString('latin1') ?? '';
  });
  const over = new Promise<CallResult>((resolve) => {
    call.on('status', (status) => setImmediate(() => resolve({ message: body, head: undefined, status })));
  });
  return { call, over };
}
