/**
 * One WebSocket, on which one message is out at a time; what comes back must be the same text.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Scenario } from '../scenarios.ts';
import { upgradeBytes } from '../scenarios.ts';
import { CLOSE, FrameReader, PING, PONG, TEXT, frame } from '../websocket-frames.ts';
import { openSocket } from './load-client.ts';
import type { LoadClient, LoadListener } from './load-client.ts';

const HEAD_END = Buffer.from('\r\n\r\n');

export class WebSocketClient implements LoadClient {
  readonly #port: number;
  readonly #listener: LoadListener;
  readonly #text: Buffer;
  readonly #message: Buffer;
  #frames: FrameReader | undefined = undefined;
  #head: Buffer = Buffer.alloc(0);
  #socket: Socket | undefined = undefined;
  #sentAt = 0;
  #isBusy = false;

  constructor(port: number, { sentBytes }: Scenario, listener: LoadListener) {
    this.#port = port;
    this.#listener = listener;
    this.#text = Buffer.from(randomBytes(sentBytes).toString('hex').slice(0, sentBytes));
    this.#message = frame(TEXT, this.#text, randomBytes(4));
  }

  start(): void {
    this.#isBusy = true;
    // The first message waits for the handshake.
    if (this.#socket === undefined) this.#socket = this.#open();
    else if (this.#frames !== undefined) this.#send(performance.now());
  }

  close(): void {
    this.#isBusy = false;
    this.#socket?.destroy();
  }

  #open(): Socket {
    this.#frames = undefined;
    this.#head = Buffer.alloc(0);
    const socket: Socket = openSocket(
      this.#port,
      (bytes) => this.#read(socket, bytes),
      (why) => this.#lost(socket, why),
    );
    socket.write(upgradeBytes(this.#port, randomBytes(16).toString('base64')));
    return socket;
  }

  #send(now: number): void {
    this.#sentAt = now;
    this.#socket!.write(this.#message);
  }

  #read(socket: Socket, arrived: Buffer): void {
    try {
      if (this.#frames === undefined) this.#readHead(arrived);
      else this.#frames.read(arrived);
    } catch (error) {
      this.#lost(socket, (error as Error).message);
    }
  }

  #readHead(arrived: Buffer): void {
    this.#head = Buffer.concat([this.#head, arrived]);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const status = this.#head.toString('latin1', 9, 12);
    if (status !== '101') throw new Error(`status ${status} instead of 101`);
    if (this.#head.length > end + HEAD_END.length) throw new Error('bytes that nobody asked for');
    this.#frames = new FrameReader((opcode, payload) => this.#onFrame(opcode, payload));
    if (this.#isBusy) this.#send(performance.now());
  }

  #onFrame(opcode: number, payload: Buffer): void {
    if (opcode === PING) return void this.#socket!.write(frame(PONG, payload, randomBytes(4)));
    if (opcode === CLOSE) throw new Error('the connection was closed with a message');
    if (!this.#isBusy) throw new Error('a message that nobody asked for');
    const now = performance.now();
    this.#listener.onAnswer(now - this.#sentAt);
    if (opcode !== TEXT || !payload.equals(this.#text)) this.#listener.onError('another message came back');
    if (this.#listener.isGoing) this.#send(now);
    else {
      this.#isBusy = false;
      this.#listener.onIdle();
    }
  }

  #lost(socket: Socket, why: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    socket.destroy();
    if (!this.#isBusy) return;
    this.#listener.onError(why);
    this.#isBusy = false;
    this.#listener.onIdle();
  }
}
