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
import type { Memory } from './memory.ts';

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
  /**
   * @param bytes are only there until this returns
   * @param isOwn nobody but this connection reads into them, and it not before it has been resumed if it is paused now
   */
  onBytes(bytes: Buffer, length: number, isOwn: boolean): void;
  onDrain(): void;
  /** Reading goes on; what was held back comes first. */
  onResumed(): void;
  /** The endpoint says no more. */
  onEnd(): void;
  onError(error: Error): void;
  /** The socket is gone; once, after all else. */
  onGone(): void;
}

/** What is no buffer has Node go on with the one that it has. */
const NO_OTHER = undefined as unknown as Buffer;

export class Wire {
  socket!: Socket;
  private readonly owner: WireOwner;
  private readonly memory: Memory;
  /** What Node reads into: the shared buffer, or one that this connection has to itself. */
  private current: Buffer;
  private isAlone = false;
  private isStream = false;
  /** The buffer that is read into goes to nobody else: somebody still needs what is in it. */
  private isForsaken = false;
  private isReady = false;
  private isOver = false;

  constructor(owner: WireOwner, memory: Memory) {
    this.owner = owner;
    this.memory = memory;
    this.current = memory.shared;
  }

  /** @throws whatever Node thinks of the TLS options; then there is no socket */
  dial(): void {
    const { destination, preamble, isForUpgrade } = this.owner;
    const { isTls } = destination.address;
    if (preamble !== undefined && isTls) return this.dialWithPreamble(preamble);
    const onread = isForUpgrade ? undefined : { buffer: isTls ? this.current : this.nextBuffer, callback: this.onRead };
    this.listen(dial(destination, onread), isTls ? 'secureConnect' : 'connect');
    if (isForUpgrade) this.readAsStream();
    if (preamble !== undefined) this.socket.write(preamble);
  }

  destroy(): void {
    this.isOver = true;
    // There is none if it could not even be made.
    (this.socket as Socket | undefined)?.destroy();
  }

  /** From the next read on nobody else's bytes get to where this connection's are. @returns whether that can be had */
  readAlone(): boolean {
    // TLS decrypts on into the buffer although it has been paused.
    this.isAlone = !this.isStream && !this.owner.destination.address.isTls;
    return this.isAlone;
  }

  /**
   * A response is over. From here on this connection reads to where all read, unless it is about to need a buffer of its own again.
   * @param isInUse somebody still needs what was read last
   * @param isLong the response was, and so the next one may be
   */
  settle(isInUse: boolean, isLong: boolean): void {
    this.isAlone &&= isLong && !isInUse && this.memory.isAmple;
    this.isForsaken = isInUse;
  }

  /**
   * True if what is told as an end is a reset: Node 22 takes one that is right behind the last bytes for an end, but the system has forgotten
   * the address of the endpoint by then.
   * @param isWriting what is still written may have brought the reset about, behind a good end
   */
  isReset(isWriting: boolean): boolean {
    const { remoteAddress, localPort } = this.socket;
    return !isWriting && remoteAddress === undefined && localPort !== undefined;
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

  /** Node asks before it connects, for each address that it tries, and after each read. */
  private readonly nextBuffer = (): Buffer => {
    const { isAlone, current, memory } = this;
    const hasOwn = current !== memory.shared;
    if (this.isReady && isAlone === hasOwn) return NO_OTHER;
    // Only now has Node let go of it.
    this.leave();
    this.current = isAlone ? memory.take() : memory.shared;
    return this.current;
  };

  private readonly onRead = (length: number, bytes: Uint8Array): boolean => {
    this.owner.onBytes(bytes as Buffer, length, this.current !== this.memory.shared);
    return true;
  };

  private readonly onReadable = (): void => {
    while (!this.isOver && !this.owner.isPaused) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk === null) return;
      this.owner.onBytes(chunk, chunk.length, false);
    }
  };

  private readonly onResumed = (): void => {
    this.owner.onResumed();
    if (this.isStream) this.onReadable();
  };

  private readonly onReady = (): void => {
    this.isReady = true;
    this.owner.onReady();
  };

  private readonly onEnd = (): void => this.owner.onEnd();
  private readonly onDrain = (): void => this.owner.onDrain();
  private readonly onError = (error: Error): void => this.owner.onError(error);

  private readonly onClose = (): void => {
    // Of the last response, of which the end was the end of the connection.
    this.isForsaken = true;
    this.leave();
    this.owner.onGone();
  };

  private leave(): void {
    const { current, memory } = this;
    this.current = memory.shared;
    if (current === memory.shared) return;
    if (this.isForsaken) memory.forsake();
    else memory.give(current);
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}
