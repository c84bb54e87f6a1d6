/**
 * One keep-alive connection in HTTP/1.1.
 */
import type { Socket } from 'node:net';
import type { Scenario } from '../scenarios.ts';
import { requestBytes } from '../scenarios.ts';
import { openSocket } from './load-client.ts';
import type { LoadClient, LoadListener } from './load-client.ts';
import { ResponseReader } from './response-reader.ts';

export class HttpClient implements LoadClient {
  readonly #port: number;
  readonly #scenario: Scenario;
  readonly #listener: LoadListener;
  #request: Buffer;
  #reader = new ResponseReader();
  #socket: Socket | undefined = undefined;
  #sentAt = 0;
  #isBusy = false;
  #answers = 0;

  /** @param request shared by all clients, as it may be long */
  constructor(port: number, scenario: Scenario, request: Buffer, listener: LoadListener) {
    this.#port = port;
    this.#scenario = scenario;
    this.#request = request;
    this.#listener = listener;
  }

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
    this.#reader = new ResponseReader();
    this.#answers = 0;
    const socket: Socket = openSocket(
      this.#port,
      (bytes) => this.#read(bytes),
      (why) => this.#lost(socket, why),
    );
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
