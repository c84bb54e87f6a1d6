/**
 * The socket of one connection: how it comes to be, how bytes are read from it, and how it ends. All its listeners are here, and there from the
 * first tick.
 *
 * Bytes are read into a buffer that all connections share, without a stream in between. Only what may be handed over as a stream one day, or has
 * one beneath it already, is read as one.
 */
import type { Socket } from 'node:net';
import { dial, dialPlain, secure } from './dial.ts';
import type { Destination } from './dial.ts';

/** What a wire tells its connection. */
export interface WireOwner {
  readonly destination: Destination;
  /** Written before everything else, TLS included. */
  readonly preamble: Buffer | undefined;
  /** It may become a stream of somebody else's. */
  readonly isForUpgrade: boolean;
  /** Nothing may be read now. Only asked where there is a stream in between. */
  readonly isPaused: boolean;
  onReady(): void;
  /** @param bytes are only there until this returns */
  onBytes(bytes: Buffer, length: number): void;
  onDrain(): void;
  /** Reading goes on; what was held back comes first. */
  onResumed(): void;
  /** The endpoint says no more. */
  onEnd(): void;
  onError(error: Error): void;
  /** The socket is gone; once, after all else. */
  onGone(): void;
}

export class Wire {
  socket!: Socket;
  private readonly owner: WireOwner;
  private readonly buffer: Buffer;
  private isStream = false;
  private isOver = false;

  /** @param buffer to read into */
  constructor(owner: WireOwner, buffer: Buffer) {
    this.owner = owner;
    this.buffer = buffer;
  }

  /** @throws whatever Node thinks of the TLS options; then there is no socket */
  dial(): void {
    const { destination, preamble, isForUpgrade } = this.owner;
    const { isTls } = destination.address;
    if (preamble !== undefined && isTls) return this.dialWithPreamble(preamble);
    const onread = isForUpgrade ? undefined : { buffer: this.buffer, callback: this.onRead };
    this.listen(dial(destination, onread), isTls ? 'secureConnect' : 'connect');
    if (isForUpgrade) this.readAsStream();
    if (preamble !== undefined) this.socket.write(preamble);
  }

  destroy(): void {
    this.isOver = true;
    // There is none if it could not even be made.
    (this.socket as Socket | undefined)?.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    process.nextTick(this.onResumed);
    this.socket.resume();
  }

  /** Keeps what is written together until all that is at hand has been. */
  corkForNow(): void {
    this.socket.cork();
    process.nextTick(uncork, this.socket);
  }

  /** Gives the socket away, with what was read from it and not used. */
  handOver(rest: Buffer): Socket {
    const { socket } = this;
    this.isOver = true;
    socket
      .off('readable', this.onReadable)
      .off('end', this.onEnd)
      .off('close', this.onClose)
      .off('drain', this.onDrain);
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  }

  private dialWithPreamble(preamble: Buffer): void {
    const raw = dialPlain(this.owner.destination);
    this.socket = raw.on('error', this.onError).on('close', this.onClose);
    raw.once('connect', () => {
      raw.write(preamble, () => {
        if (this.isOver) return;
        try {
          const secured = secure(this.owner.destination, raw);
          raw.off('close', this.onClose);
          this.listen(secured, 'secureConnect');
          this.readAsStream();
        } catch (error) {
          this.onError(error as Error);
        }
      });
    });
  }

  private listen(socket: Socket, readyEvent: 'connect' | 'secureConnect'): void {
    this.socket = socket;
    socket.on('error', this.onError).on('end', this.onEnd).on('close', this.onClose).on('drain', this.onDrain);
    socket.once(readyEvent, this.onReady);
  }

  private readAsStream(): void {
    this.isStream = true;
    this.socket.on('readable', this.onReadable);
  }

  private readonly onRead = (length: number, bytes: Uint8Array): boolean => {
    this.owner.onBytes(bytes as Buffer, length);
    return true;
  };

  private readonly onReadable = (): void => {
    while (!this.isOver && !this.owner.isPaused) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk === null) return;
      this.owner.onBytes(chunk, chunk.length);
    }
  };

  private readonly onResumed = (): void => {
    this.owner.onResumed();
    if (this.isStream) this.onReadable();
  };

  private readonly onReady = (): void => this.owner.onReady();
  private readonly onEnd = (): void => this.owner.onEnd();
  private readonly onDrain = (): void => this.owner.onDrain();
  private readonly onError = (error: Error): void => this.owner.onError(error);
  private readonly onClose = (): void => this.owner.onGone();
}

function uncork(socket: Socket): void {
  socket.uncork();
}
