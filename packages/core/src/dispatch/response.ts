/**
 * The response of `cluster.request()`: a sink that keeps what arrives until somebody reads it, and no more of it than the mark.
 */
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { Endpoint } from '../endpoint.ts';
import type { BalancerError } from '../errors.ts';
import type { RawHeaders } from '../transport/transport.ts';
import type { ClusterResponse } from './call.ts';
import type { Cluster } from './cluster.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';

/** How much of a body waits here for its reader before the endpoint's connection is paused. */
const HIGH_WATER_MARK = 65_536;

type Reader = { onChunk(chunk: Buffer): boolean; onEnd(): void; onError(error: BalancerError): void };

export class PendingResponse implements ResponseSink, ClusterResponse {
  status = 0;
  statusText = '';
  endpoint = '';
  private exchange: Exchange | undefined = undefined;
  private readonly resolve: (response: ClusterResponse) => void;
  private readonly reject: (error: Error) => void;
  private rawHeaders: RawHeaders = [];
  private parsedHeaders: Record<string, string | string[]> | undefined = undefined;
  private chunks: Buffer[] = [];
  private held = 0;
  private reader: Reader | undefined = undefined;
  private isRead = false;
  private isEnded = false;
  private isHeadSeen = false;
  private readonly signal: AbortSignal | undefined;
  private readonly onAbort = (): void => this.exchange?.abort(this.signal?.reason);
  private error: BalancerError | undefined = undefined;

  constructor(
    resolve: (response: ClusterResponse) => void,
    reject: (error: Error) => void,
    signal: AbortSignal | undefined,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
  }

  start(cluster: Pick<Cluster, 'exchange'>, request: ExchangeRequest): void {
    const { signal } = this;
    this.exchange = cluster.exchange(request, this);
    if (!this.isEnded && this.error === undefined) signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get headers(): Readonly<Record<string, string | string[]>> {
    return (this.parsedHeaders ??= parseHeaders(this.rawHeaders));
  }

  onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint | undefined): void {
    this.status = status;
    this.statusText = statusText;
    this.rawHeaders = headers;
    this.endpoint = endpoint?.id ?? '';
    this.isHeadSeen = true;
    this.resolve(this);
  }

  onData(chunk: Buffer): boolean {
    if (this.reader !== undefined) return this.reader.onChunk(chunk);
    this.chunks.push(chunk);
    this.held += chunk.length;
    return this.held < HIGH_WATER_MARK;
  }

  onEnd(): void {
    this.isEnded = true;
    this.signal?.removeEventListener('abort', this.onAbort);
    this.reader?.onEnd();
  }

  onError(error: BalancerError): void {
    this.error = error;
    this.signal?.removeEventListener('abort', this.onAbort);
    if (!this.isHeadSeen) this.reject(error);
    this.reader?.onError(error);
  }

  async text(): Promise<string> {
    return (await this.collect()).toString('utf8');
  }

  async json<T = unknown>(): Promise<T> {
    return JSON.parse(await this.text()) as T;
  }

  bytes(): Promise<Uint8Array> {
    return this.collect();
  }

  async discard(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.read({ onChunk: () => true, onEnd: resolve, onError: reject });
    });
  }

  stream(): Readable {
    const readable = new Readable({
      read: () => this.exchange?.resume(),
      destroy: (error, callback) => {
        if (!this.isEnded) this.exchange?.abort(error ?? undefined);
        callback(error);
      },
    });
    this.read({
      onChunk: (chunk) => readable.push(chunk),
      onEnd: () => void readable.push(null),
      onError: (error) => void readable.destroy(error),
    });
    return readable;
  }

  webStream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.read({
            onChunk: (chunk) => {
              controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
              return controller.desiredSize! > 0;
            },
            onEnd: () => controller.close(),
            onError: (error) => controller.error(error),
          });
        },
        pull: () => this.exchange?.resume(),
        cancel: (reason) => {
          // The stream is closed already, and `controller.error()` on it would throw.
          this.reader = { onChunk: () => true, onEnd: () => undefined, onError: () => undefined };
          this.exchange?.abort(reason);
        },
      },
      { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.length },
    );
  }

  private async collect(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve, reject) => {
      this.read({ onChunk: (chunk) => chunks.push(chunk) > 0, onEnd: resolve, onError: reject });
    });
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** Hands over what was held, then all that follows. */
  private read(reader: Reader): void {
    if (this.isRead) throw new TypeError('the body of this response was read before');
    this.isRead = true;
    this.reader = reader;
    let isWanted = true;
    for (const chunk of this.chunks) isWanted = reader.onChunk(chunk);
    this.chunks = [];
    if (this.error !== undefined) reader.onError(this.error);
    else if (this.isEnded) reader.onEnd();
    else if (isWanted) this.exchange?.resume();
  }
}

function parseHeaders(raw: RawHeaders): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString('latin1').toLowerCase();
    const value = raw[i + 1]!.toString('latin1');
    const known = headers[name];
    if (name === 'set-cookie') headers[name] = [...((known as string[] | undefined) ?? []), value];
    else headers[name] = known === undefined ? value : `${known as string}, ${value}`;
  }
  return headers;
}
