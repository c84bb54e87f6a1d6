/**
 * A request body on its way: from the caller's stream to the endpoint's, as fast as the endpoint takes it, and exactly as long as it was
 * announced.
 */
import type http2 from 'node:http2';
import type { Readable } from 'node:stream';
import { TransportError } from '../transport-error.ts';

export interface UploadOwner {
  /** It is somebody else's turn than a moment ago; how long the endpoint may be silent is counted from here. */
  onUploadProgress(): void;
  /** The body cannot be sent as announced, or broke. */
  abort(error: Error): void;
}

export class Upload {
  /** Whether anything of the body was taken. */
  isTouched = false;
  private readonly body: Readable;
  private readonly length: number;
  private readonly owner: UploadOwner;
  private stream: http2.ClientHttp2Stream | undefined = undefined;
  private sent = 0;
  private isStalled = false;

  /** @param length bytes as announced; -1 if they were not */
  constructor(body: Readable, length: number, owner: UploadOwner) {
    this.body = body;
    this.length = length;
    this.owner = owner;
  }

  /** More of the body is waited for, and not the endpoint. */
  get isOurTurn(): boolean {
    return this.stream !== undefined && !this.isStalled;
  }

  /** @param stream where it goes */
  start(stream: http2.ClientHttp2Stream): void {
    const { body } = this;
    this.stream = stream;
    stream.on('drain', this.drained);
    body.off('error', this.failed);
    body.on('error', this.failed);
    if (body.errored !== null) return this.failed(body.errored);
    if (body.readableEnded) return this.ended();
    body.on('end', this.ended);
    body.on('close', this.closed);
    body.on('data', this.taken);
    if (body.isPaused()) body.resume();
  }

  /** Takes nothing more. The rest of the body is its owner's again. */
  stop(): void {
    if (this.stream === undefined) return;
    this.stream.off('drain', this.drained);
    this.stream = undefined;
    const { body } = this;
    body.pause();
    body.off('data', this.taken);
    body.off('end', this.ended);
    body.off('close', this.closed);
    // The `error` listener stays: a body that breaks later must not end the process.
  }

  private readonly taken = (chunk: unknown): void => {
    const { stream, owner } = this;
    if (stream === undefined) return;
    this.isTouched = true;
    const bytes = bytesOf(chunk);
    if (bytes === undefined) return this.fail(new TransportError('bad-request', 'a body that is not made of bytes'));
    this.sent += bytes.length;
    if (this.length !== -1 && this.sent > this.length) return this.fail(this.mismatch());
    this.isStalled = !stream.write(bytes);
    if (this.isStalled) this.body.pause();
    owner.onUploadProgress();
  };

  private readonly drained = (): void => {
    this.isStalled = false;
    this.owner.onUploadProgress();
    if (this.stream !== undefined) this.body.resume();
  };

  private readonly ended = (): void => {
    const { stream } = this;
    if (stream === undefined) return;
    this.isTouched = true;
    if (this.length !== -1 && this.sent !== this.length) return this.fail(this.mismatch());
    this.stop();
    stream.end();
    this.owner.onUploadProgress();
  };

  private readonly failed = (error: Error): void => this.fail(error);

  private readonly closed = (): void =>
    this.fail(new TransportError('bad-request', 'the body ended before it was whole'));

  private fail(error: Error): void {
    if (this.stream === undefined) return;
    this.stop();
    this.owner.abort(error);
  }

  private mismatch(): TransportError {
    return new TransportError('bad-request', `a body of ${this.sent} bytes or more, announced as ${this.length}`);
  }
}

function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  return chunk instanceof Uint8Array ? chunk : undefined;
}
