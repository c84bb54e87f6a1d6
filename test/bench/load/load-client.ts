/**
 * What all clients have in common: they hold connections open and, during a turn, ask the same thing again as soon as it is answered.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Hears from the clients of one candidate. */
export interface LoadListener {
  /** The turn is not over: ask again. */
  readonly isGoing: boolean;
  onAnswer(ms: number): void;
  onError(what: string): void;
  /** The client has had its answer and waits for the next turn. */
  onIdle(): void;
}

/** One request at a time. */
export interface LoadClient {
  /** Asks until the turn is over. */
  start(): void;
  close(): void;
}

/** Reads into one buffer, over and over: the load generator must cost less than what it measures. */
export function openSocket(port: number, onBytes: (bytes: Buffer) => void, onLost: (why: string) => void): Socket {
  const buffer = Buffer.alloc(65_536);
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback: (bytes) => {
        onBytes(buffer.subarray(0, bytes));
        return true;
      },
    },
  });
  socket.on('error', (error) => onLost(error.message));
  socket.on('close', () => onLost('the connection was closed'));
  return socket;
}
