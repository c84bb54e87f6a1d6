/**
 * Responses of endpoints that the application answers by itself, as a stream of their bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { BalancerError, Endpoint, RawHeaders } from '@evenkeel/core';
import { passingTrailers } from '../trailers.ts';
import type { Answerable, BodyTaker } from './body-taker.ts';
import type { Head } from './head.ts';
import type { Lenient } from './lenient.ts';

/** What an endpoint answered: a stream of the body as it was sent, without chunking, with what the head said. */
export interface EndpointResponse extends Readable {
  readonly status: number;
  /** The reason phrase. */
  readonly reason: string;
  /** Fields that may pass to a client: name, value, name, value; with the cookie that keeps it on its endpoint, where it needs one. */
  readonly rawHeaders: readonly string[];
  /** The same by lower-case name; several lines of a name are an array. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** What followed the body, name, value, name, value; empty until its end. */
  readonly rawTrailers: readonly string[];
}

/**
 * Answers in the proxy's place. What it does not read is discarded when `res` closes. An endpoint that fails in mid-body is an `error`
 * of `response`; if nobody listens to it, the proxy ends `res`.
 * @param next hands the request back to the application, and `response` is discarded; without one that is a 404
 * @throws what it throws or rejects with is the application's mistake: `next(error)`, or a 500
 */
export type SelfHandler = Lenient<
  (
    response: EndpointResponse,
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ) => void | PromiseLike<void>
>;

/** The body on its way into the application's hands. */
class HandedBody implements BodyTaker {
  readonly stream: Readable;
  readonly rawTrailers: string[] = [];
  private readonly request: Answerable;
  /** Nothing more is to come of the endpoint. */
  private isComplete = false;

  constructor(request: Answerable) {
    this.request = request;
    this.stream = new Readable({
      read: () => request.resume(),
      destroy: (error, callback) => {
        // What the application throws away need not be sent.
        if (!this.isComplete) {
          this.isComplete = true;
          request.discard();
        }
        callback(error);
      },
    });
    this.stream.on('error', ignore);
  }

  onData(chunk: Buffer): boolean {
    return this.stream.destroyed || this.stream.push(chunk);
  }

  onEnd(trailers: RawHeaders): void {
    this.isComplete = true;
    this.rawTrailers.push(...passingTrailers(trailers));
    this.stream.push(null);
  }

  onError(error: BalancerError): void {
    if (this.isComplete) return;
    this.isComplete = true;
    // Our own listener is one.
    const isHeard = this.stream.listenerCount('error') > 1;
    this.stream.destroy(error);
    if (!isHeard && !this.request.res.writableEnded) this.request.fail(error);
  }
}

/** Hands the response over. @returns who takes its body */
export function handOver(handler: SelfHandler, request: Answerable, head: Head, endpoint: Endpoint): BodyTaker {
  const { req, res, next } = request;
  request.stick(head.fields, endpoint);
  const taker = new HandedBody(request);
  request.leaveResponse(taker);
  const { status, reason, fields } = head;
  const { rawTrailers } = taker;
  const facts = { status, reason, rawHeaders: fields, headers: headersOf(fields), rawTrailers };
  const giveBack = (error?: unknown): void => {
    if (error !== undefined) return request.refuse(error);
    if (request.isOver || res.headersSent) return;
    request.yieldTo('the application goes on without the response');
    if (next === undefined) res.writeHead(404).end();
    else process.nextTick(next);
  };
  const handled = handler(Object.assign(taker.stream, facts), req, res, giveBack);
  Promise.resolve(handled).catch((error: unknown) => {
    // An answer that is complete stays one.
    if (!res.writableEnded) request.refuse(error);
  });
  return taker;
}

function headersOf(fields: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!.toLowerCase(), fields[i + 1]!];
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = typeof before === 'string' ? [before, value] : [...before, value];
  }
  return headers;
}

function ignore(): void {}
