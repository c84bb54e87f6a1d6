import http2 from 'node:http2';
import net from 'node:net';
import type { Endpoint } from '../endpoint.ts';
import type { ProbeGrpcCall } from '../health/probe.ts';
import { addressOf } from './address.ts';
import { outlive } from './http2-lifetime.ts';
import { inTime } from './probe-deadline.ts';
import type { Settle } from './probe-deadline.ts';
import { identityOptions } from './tls.ts';
import type { TlsOptions } from './tls.ts';

/** gRPC's own frame around a message: whether it is compressed, and its length in four bytes. */
const FRAME_HEAD_BYTES = 5;
/** Far more than any health service says. */
const MAX_ANSWER_BYTES = 65_536;
/** gRPC has eight digits for it. */
const MAX_GRPC_TIMEOUT = 99_999_999;
/** `:status`, `content-type` and the like; a server that sends more is up to no good. */
const MAX_FIELDS = 64;

/** One unary call on a connection of its own. */
export function grpc(
  endpoint: Endpoint,
  call: ProbeGrpcCall,
  timeoutMs: number,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return inTime<Uint8Array>({ timeoutMs, signal, missing: 'no answer' }, (settle) => {
    const { host, port, isTls, socketPath } = addressOf(endpoint);
    const authority = `${host.includes(':') ? `[${host}]` : host}:${call.port ?? port}`;
    const session = http2.connect(`${isTls ? 'https' : 'http'}://${authority}`, {
      ...serverNameIn(call.authority),
      ...identityOptions(host),
      ...tls,
      ...(call.port === undefined && socketPath !== undefined && { path: socketPath }),
      settings: { enablePush: false },
      maxHeaderListPairs: MAX_FIELDS,
    });
    session.on('error', settle.reject);
    session.on('close', () => settle.reject(new Error('the connection ended without an answer')));
    const stream = session.request({
      ':method': 'POST',
      ':path': call.path,
      // Node's own has no brackets around an address of IPv6.
      ':authority': call.authority ?? authority,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${Math.min(MAX_GRPC_TIMEOUT, Math.ceil(timeoutMs))}m`,
    });
    session.once('connect', () => outlive(session, stream));
    listen(stream, settle);
    stream.end(frameOf(call.message));
    return () => session.destroy();
  });
}

function listen(stream: http2.ClientHttp2Stream, settle: Settle<Uint8Array>): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let status: string | undefined;
  let message = '';
  function note(fields: http2.IncomingHttpHeaders): void {
    const code = fields['grpc-status'];
    if (code === undefined) return;
    status = String(code);
    message = String(fields['grpc-message'] ?? '');
  }
  stream.on('error', (error) => settle.reject(causeOf(error)));
  stream.on('response', (fields) => {
    if (fields[':status'] !== 200) settle.reject(new Error(`gRPC over HTTP status ${fields[':status']}`));
    note(fields);
  });
  stream.on('trailers', note);
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) settle.reject(new Error(`a gRPC answer of more than ${MAX_ANSWER_BYTES} bytes`));
  });
  stream.on('end', () => {
    if (status !== '0')
      return settle.reject(new Error(`gRPC status ${status ?? 'missing'}${message && `: ${message}`}`));
    const answer = messageIn(Buffer.concat(chunks));
    if (answer === undefined) settle.reject(new Error('a gRPC answer that is no single plain message'));
    else settle.resolve(answer);
  });
  stream.on('close', () => settle.reject(new Error('the gRPC call ended without an answer')));
}

/** As with `node:https`, the name that is asked for is the name that the certificate must have. */
function serverNameIn(authority: string | undefined): { servername?: string } {
  const host = authority?.replace(/:\d*$/, '');
  return host === undefined || host.startsWith('[') || net.isIP(host) !== 0 ? {} : { servername: host };
}

/** A session that breaks cancels its streams before it says why. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEAD_BYTES);
  return frame;
}

function messageIn(frame: Buffer): Uint8Array | undefined {
  if (frame.length < FRAME_HEAD_BYTES || frame[0] !== 0) return undefined;
  if (frame.readUInt32BE(1) !== frame.length - FRAME_HEAD_BYTES) return undefined;
  return Uint8Array.from(frame.subarray(FRAME_HEAD_BYTES));
}
