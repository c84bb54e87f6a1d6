import dgram from 'node:dgram';
import { lookup } from 'node:dns';
import type { Endpoint } from '../endpoint.ts';
import type { ProbeDatagramOptions } from '../health/probe.ts';
import { addressOf } from './address.ts';
import { inTime } from './probe-deadline.ts';
import type { Settle } from './probe-deadline.ts';

/** Sends a datagram and waits for one back. */
export function datagram(
  endpoint: Endpoint,
  { port, payload, isAnswered }: ProbeDatagramOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const otherwise = isAnswered ? undefined : new Uint8Array();
  return inTime<Uint8Array>({ timeoutMs, signal, missing: 'no answer', otherwise }, (settle) =>
    exchange(endpoint, port, payload, settle),
  );
}

function exchange(endpoint: Endpoint, port: number, payload: Uint8Array, settle: Settle<Uint8Array>): () => void {
  let socket: dgram.Socket | undefined;
  let isOver = false;
  lookup(addressOf(endpoint).host, (error, address, family) => {
    if (error !== null) return settle.reject(error);
    if (isOver) return;
    const opened = (socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4'));
    opened.on('error', settle.reject);
    opened.once('message', (message) => settle.resolve(Uint8Array.from(message)));
    // Only a connected socket is told that the port is unreachable, and gets no datagrams from anybody else.
    const check = (failure: Error | null | undefined): void => void (failure && settle.reject(failure));
    opened.connect(port, address, (failure?: Error) => {
      check(failure);
      if (!isOver) opened.send(payload, check);
    });
  });
  return () => {
    isOver = true;
    socket?.close();
  };
}
