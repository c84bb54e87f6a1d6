/**
 * One keep-alive connection that, during a turn, asks the same thing again as soon as it is answered.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Scenario } from '../scenarios.ts';
import { requestBytes } from '../scenarios.ts';
import { ResponseReader } from './response-reader.ts';

/** Hears from the connections of one candidate. */
export interface LoadListener {
  /** The turn is not over: ask again. */
  readonly isGoing: boolean;
  onAnswer(ms: number): void;
  onError(what: string): void;
  /** The connection has had its answer and waits for the next turn. */
  onIdle(): void;
}

export class LoadConnection {
  readonly #port: number;
  readonly #scenario: Scenario;
  readonly #listener: LoadListener;
  #request: Buffer;
  #reader = new ResponseReader();
  #socket: Socket | undefined = undefined;
  #sentAt = 0;
  #isBusy = false;
  #answers = 0;

  constructor(port: number, scenario: Scenario, listener: LoadListener) {
    this.#port = port;
    this.#scenario = scenario;
    this.#listener = listener;
    this.#request = requestBytes(scenario, port, '');
  }

  /** Asks until the turn is over. */
  start(): void {
    this.#isBusy = true;
    this.#sentAt = performance.now();
    this.#socket ??= this.#open();
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#isBusy = false;
    this.#socket?.destroy();
  }

  #open(): Socket {
    const buffer = Buffer.alloc(65_536);
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.#read(buffer.subarray(0, bytes));
          return true;
        },
      },
    });
    this.#reader = new ResponseReader();
    this.#answers = 0;
    socket.on('error', (error) => this.#lost(socket, error.message));
    socket.on('close', () => this.#lost(socket, 'the connection was closed'));
    return socket;
  }

  #read(arrived: Buffer): void {
    try {
      if (!this.#isBusy) throw new Error('bytes that nobody asked for');
      if (!this.#reader.read(arrived)) return;
    } catch (error) {
      this.#lost(this.#socket, (error as Error).message);
      return;
    }
    const { status, bodyBytes, head } = this.#reader;
    const now = performance.now();
    this.#listener.onAnswer(now - this.#sentAt);
    if (status !== 200) this.#listener.onError(`status ${status}`);
    else if (bodyBytes !== this.#scenario.receivedBytes) this.#listener.onError(`a body of ${bodyBytes} bytes`);
    if (this.#answers++ === 0) this.#keepCookie(head);
    if (this.#listener.isGoing) {
      this.#sentAt = now;
      this.#socket!.write(this.#request);
    } else {
      this.#isBusy = false;
      this.#listener.onIdle();
    }
  }

  /** A candidate that makes sessions stick is asked by a client with a session. */
  #keepCookie(head: string): void {
    const cookie = /\r\nset-cookie: *(JSESSIONID=[^;\r]*)/i.exec(head)?.[1];
    if (cookie !== undefined) this.#request = requestBytes(this.#scenario, this.#port, `; ${cookie}`);
  }

  /** Between turns a server may close a connection as it likes; the next turn opens another. */
  #lost(socket: Socket | undefined, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    socket?.destroy();
    if (!this.#isBusy) return;
    this.#listener.onError(why);
    this.#isBusy = false;
    this.#listener.onIdle();
  }
}
