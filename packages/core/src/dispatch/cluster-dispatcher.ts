/**
 * An undici dispatcher over a cluster: every `undici.request()` or `fetch()` that is given it is balanced, retried and judged like
 * any other exchange.
 */
import { Readable } from 'node:stream';
import type * as Undici from 'undici';
import type { Endpoint } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import { loadUndici } from '../transport/load-undici.ts';
import type { RawHeaders } from '../transport/transport.ts';
import { isIdempotentMethod } from './exchange-request.ts';
import type { Exchange, ExchangeRequest, ResponseSink } from './sink.ts';

type Begin = (request: ExchangeRequest, sink: ResponseSink) => Exchange;

export function clusterDispatcher(begin: Begin): Undici.Dispatcher {
  const { Dispatcher, Dispatcher1Wrapper, FormData } = loadUndici();
  class ClusterDispatcher extends Dispatcher {
    override dispatch(options: Undici.Dispatcher.DispatchOptions, handler: Undici.Dispatcher.DispatchHandler): boolean {
      const sink = new HandlerSink(handler);
      try {
        const request = exchangeRequestOf(options, FormData);
        handler.onRequestStart?.(sink, {});
        if (!sink.aborted) sink.exchange = begin(request, sink);
      } catch (error) {
        sink.onError(error as BalancerError);
      }
      return true;
    }

    /** The connections are the cluster's; `cluster.close()` ends them. */
    override close(callback?: () => void): Promise<void> & void {
      if (callback !== undefined) queueMicrotask(callback);
      return Promise.resolve() as Promise<void> & void;
    }

    override destroy(error?: unknown, callback?: () => void): Promise<void> & void {
      return this.close(typeof error === 'function' ? (error as () => void) : callback);
    }
  }
  // Node's own fetch speaks the handler dialect of the undici that it was built with.
  return new Dispatcher1Wrapper(new ClusterDispatcher());
}

/** The controller that an undici handler sees, and the sink that feeds the handler. */
class HandlerSink implements ResponseSink, Undici.Dispatcher.DispatchController {
  exchange: Exchange | undefined = undefined;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];
  private readonly handler: Undici.Dispatcher.DispatchHandler;
  private isOver = false;

  constructor(handler: Undici.Dispatcher.DispatchHandler) {
    this.handler = handler;
  }

  abort(reason: Error): void {
    if (this.isOver || this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    if (this.exchange === undefined) this.onError(reason);
    else this.exchange.abort(reason);
  }

  pause(): void {
    this.paused = true;
    this.exchange?.pause();
  }

  resume(): void {
    this.paused = false;
    this.exchange?.resume();
  }

  onHead(status: number, statusText: string, headers: RawHeaders, _endpoint: Endpoint | undefined): void {
    this.rawHeaders = latin1(headers);
    this.handler.onResponseStart?.(this, status, byNameOf(this.rawHeaders), statusText);
  }

  onData(chunk: Buffer): boolean {
    this.handler.onResponseData?.(this, chunk);
    return !this.paused;
  }

  onInterim(status: number, headers: RawHeaders): void {
    this.rawHeaders = latin1(headers);
    this.handler.onResponseStart?.(this, status, byNameOf(this.rawHeaders));
  }

  onEnd(trailers: RawHeaders): void {
    this.isOver = true;
    this.rawTrailers = latin1(trailers);
    this.handler.onResponseEnd?.(this, byNameOf(this.rawTrailers));
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onResponseError?.(this, this.reason ?? error);
  }
}

function latin1(fields: RawHeaders): string[] {
  return fields.map((item) => item.toString('latin1'));
}

function byNameOf(fields: readonly string[]): Record<string, string | string[]> {
  const byName: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const known = byName[name];
    const value = fields[i + 1]!;
    byName[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return byName;
}

function exchangeRequestOf(options: Undici.Dispatcher.DispatchOptions, Form: typeof Undici.FormData): ExchangeRequest {
  const { method } = options;
  if (options.upgrade || method === 'CONNECT') {
    throw new BalancerError('NOT_SUPPORTED', 'dispatcher: `upgrade` and CONNECT are not balanced');
  }
  const query = options.query === undefined ? '' : `?${new URLSearchParams(options.query).toString()}`;
  const headers = flatHeaders(options.headers);
  return {
    method,
    path: options.path + query,
    headers,
    body: bodyOf(options.body, Form),
    isIdempotent: options.idempotent ?? isIdempotentMethod(method),
    key: 0,
    preferred: undefined,
    headTimeoutMs: options.headersTimeout ?? undefined,
    bodyTimeoutMs: options.bodyTimeout ?? undefined,
  };
}

/** undici takes fields as a flat array, as an object and as pairs. */
function flatHeaders(headers: Undici.Dispatcher.DispatchOptions['headers']): string[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers) && typeof headers[0] === 'string') return headers;
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  const flat: string[] = [];
  for (const [name, value] of pairs as Iterable<[string, unknown]>) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) flat.push(name, String(one));
    }
  }
  return flat;
}

function bodyOf(body: unknown, Form: typeof Undici.FormData): Buffer | Readable | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof Readable) return body;
  if (body instanceof Form) {
    throw new BalancerError(
      'NOT_SUPPORTED',
      'dispatcher: a FormData body needs its own content-type; send it with `cluster.fetch()`',
    );
  }
  if (typeof body === 'object' && (Symbol.asyncIterator in body || Symbol.iterator in body)) {
    return Readable.from(body as AsyncIterable<Uint8Array>);
  }
  throw new BalancerError('BAD_REQUEST', 'dispatcher: `body` must be a string, bytes, a Readable, an iterable or null');
}
