/**
 * Responses that are read whole, changed by a function, and sent as something else.
 *
 * Too large a body is refused and not passed on as it is: what a function takes out of responses must not come through in a longer one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import type { Answerable, BodyTaker } from './body-taker.ts';
import { decoded, valuesOf } from './decode.ts';
import type { Head, ResponseHead } from './head.ts';
import { setField } from './head.ts';
import type { Lenient } from './lenient.ts';

/**
 * Makes another body of the decoded one. The head can be changed too, since it has not been sent.
 * @throws whatever it throws is the application's mistake: `next(error)`, or a 500
 */
export type ResponseTransform = Lenient<
  (
    body: Buffer,
    head: ResponseHead,
    req: IncomingMessage,
    res: ServerResponse,
  ) => Uint8Array | string | PromiseLike<Uint8Array | string>
>;

/** How to intercept responses. */
export interface InterceptOptions {
  readonly transform: ResponseTransform;
  /** Which responses; the others pass as they come. @default all */
  readonly when?: Lenient<(head: ResponseHead, req: IncomingMessage) => boolean>;
  /** Bytes of a body, coded and decoded; a longer one is answered with 502. 1..2^30. @default 1_048_576 */
  readonly maxBytes?: number;
}

export interface ResolvedInterceptOptions extends InterceptOptions {
  readonly maxBytes: number;
}

/** Said of bytes that will not be sent. */
const OF_OTHER_BYTES = [
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
];

/** The head as of a response that is changed on the way: the validator is a weak one from now on (RFC 9110 section 8.8.1). */
export function redescribe(fields: string[]): void {
  for (const name of OF_OTHER_BYTES) setField(fields, name, []);
  const [etag] = valuesOf(fields, 'etag');
  if (etag !== undefined && !etag.startsWith('W/')) setField(fields, 'ETag', [`W/${etag}`]);
}

export class Interception implements BodyTaker {
  private readonly request: Answerable;
  private readonly head: Head;
  private readonly endpoint: Endpoint;
  private readonly options: ResolvedInterceptOptions;
  private readonly codings: readonly string[];
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  /** @param head as the endpoint sent it; it is described anew here */
  constructor(request: Answerable, head: Head, endpoint: Endpoint, options: ResolvedInterceptOptions) {
    this.request = request;
    this.head = head;
    this.endpoint = endpoint;
    this.options = options;
    this.codings = valuesOf(head.fields, 'content-encoding');
    redescribe(head.fields);
  }

  onData(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.bytes > this.options.maxBytes) {
      this.chunks.length = 0;
      this.request.fail(new BalancerError('BAD_RESPONSE', 'the response is too large to be intercepted'));
    } else {
      this.chunks.push(chunk);
    }
    return true;
  }

  onEnd(): void {
    void this.finish();
  }

  onError(error: BalancerError): void {
    this.chunks.length = 0;
    this.request.fail(error);
  }

  private async finish(): Promise<void> {
    const { request, head, options } = this;
    try {
      const body = await decoded(Buffer.concat(this.chunks, this.bytes), this.codings, options.maxBytes);
      if (request.isOver) return;
      const made = await options.transform(body, head, request.req, request.res);
      head.seal();
      if (request.isOver) return;
      if (request.res.writableEnded) return request.yieldTo('the interceptor has answered');
      const bytes = bytesOf(made);
      setField(head.fields, 'Content-Length', [String(bytes.length)]);
      request.sendWhole(head.status, head.reason, head.fields, this.endpoint, bytes);
    } catch (error) {
      request.refuse(error);
    }
  }
}

/** @throws INVALID_OPTIONS */
export function bytesOf(made: unknown, whose = 'interceptResponse'): Buffer {
  if (typeof made === 'string') return Buffer.from(made);
  if (made instanceof Uint8Array) return Buffer.from(made.buffer, made.byteOffset, made.byteLength);
  throw new BalancerError('INVALID_OPTIONS', `\`${whose}\` must give a string or bytes`);
}
