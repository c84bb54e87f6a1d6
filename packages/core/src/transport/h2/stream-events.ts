/**
 * Passes the events of a stream on to its attempt.
 */
import type http2 from 'node:http2';
import { constants } from 'node:http2';
import { Readable } from 'node:stream';

/** What an attempt hears. */
export interface StreamListener {
  isRefused: boolean;
  streamError: Error | undefined;
  isWhole: boolean;
  /** A head that is not final. */
  onInterim(status: number, raw: readonly string[]): void;
  onHead(status: number, raw: readonly string[]): void;
  onData(chunk: Buffer): void;
  onTrailers(raw: readonly string[]): void;
  onEnd(): void;
  onWantTrailers(): void;
  onClose(): void;
  /** It wants the body. */
  readonly isStreaming: boolean;
}

const LISTENER = Symbol('listener');

type Stream = http2.ClientHttp2Stream & { [LISTENER]?: StreamListener };
type Fields = http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;

/** Call it as soon as the stream is there. */
export function attach(stream: http2.ClientHttp2Stream, listener: StreamListener): void {
  (stream as Stream)[LISTENER] = listener;
  stream.push = push;
  stream.on('headers', onHeaders);
  stream.on('response', onResponse as () => void);
  stream.on('error', onError);
  stream.on('close', onClose);
  stream.on('wantTrailers', onWantTrailers);
}

/**
 * Resets a stream. Node would also end its body, and aborts the process if a stream that waits for trailers was ended when it is gone
 * (https://github.com/nodejs/node/issues/41458).
 */
export function cancel(stream: http2.ClientHttp2Stream): void {
  Object.assign(stream, { _final: endNothing });
  stream.close(constants.NGHTTP2_CANCEL);
}

function endNothing(callback: () => void): void {
  callback();
}

/**
 * Node gives an end to a stream that its peer has ended, and to one that was reset with NO_ERROR. They differ in whether the stream was
 * closed already when the end was put in, which nobody can see afterwards.
 */
function push(this: Stream, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[LISTENER]!.isWhole = true;
  return Readable.prototype.push.call(this, chunk, encoding);
}

function onHeaders(this: Stream, fields: Fields, _flags: number, raw: readonly string[] = []): void {
  this[LISTENER]!.onInterim(fields[':status'] ?? 0, raw);
}

function onResponse(this: Stream, fields: Fields, _flags: number, raw: readonly string[] = []): void {
  const listener = this[LISTENER]!;
  listener.onHead(fields[':status'] ?? 0, raw);
  if (!listener.isStreaming) return;
  // Not before the head: Node gives the head a turn later than the data that came along with it.
  this.on('trailers', onTrailers as () => void);
  this.on('end', onEnd);
  this.on('data', onData);
}

function onTrailers(this: Stream, _fields: Fields, _flags: number, raw: readonly string[] = []): void {
  this[LISTENER]!.onTrailers(raw);
}

function onData(this: Stream, chunk: Buffer): void {
  this[LISTENER]!.onData(chunk);
}

function onEnd(this: Stream): void {
  this[LISTENER]!.onEnd();
}

function onWantTrailers(this: Stream): void {
  this[LISTENER]!.onWantTrailers();
}

function onError(this: Stream, error: Error): void {
  this[LISTENER]!.streamError = error;
}

function onClose(this: Stream): void {
  const listener = this[LISTENER]!;
  if (this.rstCode === constants.NGHTTP2_REFUSED_STREAM) listener.isRefused = true;
  listener.onClose();
}
