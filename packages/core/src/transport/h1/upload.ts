/**
 * A request body that is longer than one write, or comes bit by bit: sent as fast as the connection takes it, and exactly as announced.
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { TransportError } from '../transport-error.ts';
import { trailerFields } from './request-head.ts';
import { CHUNKED } from './trip.ts';
import type { UpstreamRequest } from '../transport.ts';
import type { Trip } from './trip.ts';

/** What an upload tells its connection. */
export interface UploadOwner {
  readonly socket: Socket;
  /** @param isOnEndpoint true if it waits for the endpoint to take more, false if it waits for its source, or is done */
  onUploadWaits(isOnEndpoint: boolean): void;
  onUploadDone(): void;
  /** The request cannot be sent as announced. */
  close(error: Error): void;
}

export interface Upload {
  /** Sends what it can. */
  begin(): void;
  onDrain(): void;
  /** Sends no more. @param isFinal its source is not needed any more */
  stop(isFinal: boolean): void;
}

/** More than that is not given to the socket at once, so that it is seen whether the endpoint takes it. */
const SLICE_BYTES = 262_144;
/** Up to here a copy, out of Node's own pool of buffers, is cheaper than a second piece for the kernel. */
const COPIED_BYTES = 2_048;

/** Sends a request at once, if there is no reason not to. @returns whether that is done */
export function writeWhole(socket: Socket, { head, request }: Trip): boolean {
  const { body, isContinueExpected } = request;
  if (body === null) {
    socket.write(head, 'latin1');
    return true;
  }
  if (isContinueExpected === true || !Buffer.isBuffer(body) || body.length > SLICE_BYTES) return false;
  if (body.length <= COPIED_BYTES) {
    const bytes = Buffer.allocUnsafe(head.length + body.length);
    bytes.write(head, 0, 'latin1');
    body.copy(bytes, head.length);
    socket.write(bytes);
    return true;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  socket.uncork();
  return true;
}

/** For a request that is not sent at once. */
export function uploadOf(owner: UploadOwner, { request, bodyLength }: Trip): Upload {
  const { body } = request;
  if (body === null || Buffer.isBuffer(body)) return new BufferUpload(owner, body ?? Buffer.alloc(0));
  return new StreamUpload(owner, body, bodyLength, request);
}

class BufferUpload implements Upload {
  private readonly owner: UploadOwner;
  private readonly body: Buffer;
  private sent = 0;

  constructor(owner: UploadOwner, body: Buffer) {
    this.owner = owner;
    this.body = body;
  }

  begin(): void {
    const { body, owner } = this;
    let isTaken = true;
    while (isTaken && this.sent < body.length) {
      isTaken = owner.socket.write(body.subarray(this.sent, this.sent + SLICE_BYTES));
      this.sent += SLICE_BYTES;
    }
    if (this.sent >= body.length) owner.onUploadDone();
    else owner.onUploadWaits(true);
  }

  onDrain(): void {
    this.begin();
  }

  stop(): void {
    this.sent = this.body.length;
  }
}

class StreamUpload implements Upload {
  private readonly owner: UploadOwner;
  private readonly body: Readable;
  private readonly length: number;
  private readonly request: UpstreamRequest;
  private sent = 0;
  private isBegun = false;
  private isOver = false;
  private isBlocked = false;
  private readonly onData = (chunk: unknown): void => this.send(chunk);
  private readonly onEnd = (): void => this.end();
  private readonly onError = (error: Error): void => this.fail(error);
  private readonly onClose = (): void => this.fail(new TransportError('bad-request', 'the request body ended early'));

  /** @param length bytes that are announced, or CHUNKED */
  constructor(owner: UploadOwner, body: Readable, length: number, request: UpstreamRequest) {
    this.owner = owner;
    this.body = body;
    this.length = length;
    this.request = request;
    body.on('error', this.onError);
  }

  begin(): void {
    const { body } = this;
    if (this.isBegun || this.isOver) return;
    this.isBegun = true;
    if (body.errored !== null) return this.fail(body.errored);
    if (body.readableEnded) return this.end();
    if (body.destroyed) return this.onClose();
    this.owner.onUploadWaits(false);
    body.on('end', this.onEnd).on('close', this.onClose).on('data', this.onData);
  }

  onDrain(): void {
    if (!this.isBlocked || this.isOver) return;
    this.isBlocked = false;
    this.owner.onUploadWaits(false);
    this.body.resume();
  }

  stop(isFinal: boolean): void {
    const { body } = this;
    if (!this.isOver) {
      this.release();
      body.pause();
    }
    if (isFinal && !body.destroyed) body.destroy();
  }

  private send(chunk: unknown): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (!(bytes instanceof Uint8Array))
      return this.fail(new TransportError('bad-request', 'the request body is no bytes'));
    if (bytes.length === 0 || this.isOver) return;
    this.sent += bytes.length;
    if (this.length !== CHUNKED && this.sent > this.length) return this.fail(wrongLength('more'));
    if (this.write(bytes)) return;
    this.isBlocked = true;
    this.body.pause();
    this.owner.onUploadWaits(true);
  }

  private write(bytes: Uint8Array): boolean {
    const { socket } = this.owner;
    const onWritten = this.request.isBodyTransient === true && isAlone(bytes) ? (): void => free(bytes) : undefined;
    if (this.length !== CHUNKED) return socket.write(bytes, onWritten);
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    const isTaken = socket.write('\r\n', 'latin1', onWritten);
    socket.uncork();
    return isTaken;
  }

  private end(): void {
    if (this.isOver) return;
    if (this.length === CHUNKED) {
      try {
        const fields = trailerFields(this.request.trailers?.() ?? []);
        this.owner.socket.write(`0\r\n${fields}\r\n`, 'latin1');
      } catch (error) {
        return this.fail(error as Error);
      }
    } else if (this.sent !== this.length) return this.fail(wrongLength('fewer'));
    this.release();
    this.owner.onUploadDone();
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.release();
    this.owner.close(error);
  }

  /** An error of the source after this is still no reason to end the process. */
  private release(): void {
    this.isOver = true;
    this.body.off('end', this.onEnd).off('close', this.onClose).off('data', this.onData);
  }
}

/** Less than that is not worth it. */
const MIN_FREED_BYTES = 16_384;

/** True if no other bytes are in the same memory. */
function isAlone({ buffer, byteLength }: Uint8Array): boolean {
  return byteLength >= MIN_FREED_BYTES && buffer.byteLength === byteLength && buffer instanceof ArrayBuffer;
}

/** Gives the memory back. V8 would let it lie until tens of megabytes have come together. */
function free({ buffer }: Uint8Array): void {
  (buffer as ArrayBuffer).transfer(0);
}

function wrongLength(what: string): TransportError {
  return new TransportError('bad-request', `the request body has ${what} bytes than announced`);
}
