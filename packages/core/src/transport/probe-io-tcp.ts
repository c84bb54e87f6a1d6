import net from 'node:net';
import type { Endpoint } from '../endpoint.ts';
import type { ProbeLineOptions } from '../health/probe.ts';
import { addressOf } from './address.ts';
import { inTime } from './probe-deadline.ts';
import type { Settle } from './probe-deadline.ts';

/** Opens and closes a connection. */
export function connect(
  endpoint: Endpoint,
  timeoutMs: number,
  port: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  return inTime<void>({ timeoutMs, signal, missing: 'no connection' }, (settle) => {
    const socket = open(endpoint, port, settle);
    socket.once('connect', () => settle.resolve());
    return () => socket.destroy();
  });
}

/** Reads the first line. */
export function readLine(
  endpoint: Endpoint,
  { port, text, maxBytes }: ProbeLineOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string> {
  return inTime<string>({ timeoutMs, signal, missing: 'no line' }, (settle) => {
    const socket = open(endpoint, port, settle);
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (): void => {
      const read = Buffer.concat(chunks).subarray(0, maxBytes);
      const end = read.findIndex(isLineEnd);
      settle.resolve(read.subarray(0, end < 0 ? read.length : end).toString('utf8'));
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= maxBytes || chunk.some(isLineEnd)) finish();
    });
    socket.once('end', finish);
    if (text !== '') socket.write(text);
    return () => socket.destroy();
  });
}

function open<T>(endpoint: Endpoint, port: number | undefined, settle: Settle<T>): net.Socket {
  const address = addressOf(endpoint);
  const { socketPath } = address;
  const isUnix = port === undefined && socketPath !== undefined;
  const socket = net.connect(isUnix ? { path: socketPath } : { host: address.host, port: port ?? address.port });
  socket.on('error', settle.reject);
  socket.once('close', () => settle.reject(new Error('the connection ended')));
  return socket;
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}
