/**
 * One request of a client on its way through the proxy: what the cluster is asked, and the sink of the answer, in one object.
 * Listeners are shared functions that find the object on the response, so that a request costs none of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import { Readable } from 'node:stream';
import { isBalancerError, isIdempotentMethod, BalancerError } from '@evenkeel/core';
import type { Cluster, Endpoint, Exchange, ExchangeRequest, RawHeaders, ResponseSink } from '@evenkeel/core';
import type { Affinity, StickyResponse } from './affinity.ts';
import { assertUnread, bodyPlan, bodyTooLarge, holdBody, passingBody } from './body-plan.ts';
import type { BodyHolder } from './body-plan.ts';
import { clientAddress } from './client-address.ts';
import { closeWithRequest, cutShort } from './client-end.ts';
import { answerError } from './error-answer.ts';
import { writeInterim } from './interim.ts';
import { hashOfKey } from './keys.ts';
import type { RequestClient } from './keys.ts';
import type { ResolvedProxyOptions } from './options.ts';
import type { Peer } from './peer.ts';
import { requestHead } from './request-head.ts';
import type { RequestHeadFacts, RequestHeadPolicy } from './request-head.ts';
import { requestTarget } from './request-target.ts';
import { reasonPhrase, responseHead, writeHead } from './response-head.ts';
import type { ResponseHeadFacts } from './response-head.ts';
import { addTrailers, announceTrailers, passingTrailers } from './trailers.ts';

/** What all requests of a proxy share. */
export interface InboundHost {
  readonly cluster: Cluster;
  readonly options: ResolvedProxyOptions;
  readonly headPolicy: RequestHeadPolicy;
  readonly affinity: Affinity | undefined;
  /** Whose word about clients behind them is taken. */
  readonly trusted: BlockList | undefined;
  peerOf(socket: IncomingMessage['socket']): Peer;
  /** The response is over, one way or the other. */
  onClosed(): void;
}

const INBOUND: unique symbol = Symbol('evenkeel.inbound');
type TrackedResponse = ServerResponse & { [INBOUND]?: Inbound };

/** Up to this size an answer's head and body go out as one string, which is one write instead of a gathered two. */
const MAX_INLINE_BYTES = 4_096;

export class Inbound
  implements
    ExchangeRequest,
    ResponseSink,
    BodyHolder,
    RequestClient,
    RequestHeadFacts,
    ResponseHeadFacts,
    StickyResponse
{
  readonly method: string;
  readonly httpVersion: string;
  readonly peer: Peer;
  readonly headTimeoutMs: number | undefined;
  readonly bodyTimeoutMs: number | undefined;
  readonly isIdempotent: boolean;
  readonly isSticky: boolean;
  path = '';
  headers: string[] = [];
  body: Buffer | Readable | null = null;
  key = 0;
  preferred: string | undefined = undefined;
  isStrict = false;
  isDetour = false;
  token: string | undefined = undefined;
  host: string | undefined = undefined;
  contentLength = -1;
  isChunked = false;
  cookieAt = -1;
  isSecure = false;
  trailer: string | undefined = undefined;
  trailers: (() => string[]) | undefined = undefined;
  readonly isContinueExpected: boolean;
  responseLength = -1;
  responseTrailer: string | undefined = undefined;
  hasSetCookie = false;
  hasCacheControl = false;

  private readonly shared: InboundHost;
  private readonly req: IncomingMessage;
  private readonly res: TrackedResponse;
  private exchange: Exchange | undefined = undefined;
  private held: Buffer | undefined = undefined;
  private hasHead = false;
  private hasData = false;
  private hasDrainListener = false;
  /** Nothing more is to be said to the client, or nobody is left to hear it. */
  private isOver = false;

  /** @param isContinueExpected the client waits for 100, which nobody has said yet */
  constructor(shared: InboundHost, req: IncomingMessage, res: ServerResponse, isContinueExpected: boolean) {
    const { options } = shared;
    this.method = req.method ?? 'GET';
    this.httpVersion = req.httpVersion;
    this.peer = shared.peerOf(req.socket);
    this.headTimeoutMs = options.headTimeoutMs;
    this.bodyTimeoutMs = options.bodyTimeoutMs;
    this.isIdempotent = isIdempotentMethod(this.method);
    this.isSticky = shared.affinity !== undefined;
    this.isContinueExpected = isContinueExpected;
    this.shared = shared;
    this.req = req;
    this.res = res;
    this.res[INBOUND] = this;
    res.on('close', onClose);
    if (res.socket === null) closeWithRequest(req, res);
  }

  /** For keys; worked out only where one asks. */
  get address(): string | undefined {
    return clientAddress(this.req.rawHeaders, this.peer, this.shared.trusted);
  }

  /**
   * Reads the head and sends the request on, at once or as soon as its body is there.
   * @throws a BalancerError, before anything was sent
   */
  start(target: string): void {
    const { shared, req } = this;
    const { options, affinity } = shared;
    this.headers = requestHead(req.rawHeaders, shared.headPolicy, this);
    this.path = requestTarget(target, this.method, this.host);
    affinity?.readRequest(this.headers, this.cookieAt, this);
    // A session that has a place keeps its key, so that all who lose that place find the same one next.
    if (options.key !== undefined && this.preferred === undefined) {
      this.key = hashOfKey(options.key, req, this) || this.key;
    }
    const plan = bodyPlan(this, options.maxHeldBytes, options.maxBodyBytes);
    if (plan === 'none') return this.send();
    assertUnread(req);
    if (plan === 'hold') holdBody(req, options.maxHeldBytes, this);
    else this.stream(undefined);
  }

  /** Ends the request with an answer of the proxy's own, if the client can still be told anything. */
  fail(error: BalancerError): void {
    if (this.isOver) return;
    this.isOver = true;
    const { req, res, shared } = this;
    if (!answerError(error, req, res, shared.options.onError) && this.hasHead) {
      cutShort(res, this.responseLength >= 0 || res.chunkedEncoding);
    }
    this.release(error);
  }

  onHeld(body: Buffer): void {
    if (this.isOver) return;
    if (body.length > this.shared.options.maxBodyBytes) return this.fail(bodyTooLarge());
    this.body = body.length === 0 ? null : body;
    this.send();
  }

  onOverflow(first: Buffer[], bytes: number): void {
    if (bytes > this.shared.options.maxBodyBytes) this.fail(bodyTooLarge());
    else this.stream(first);
  }

  onInterim(status: number, headers: RawHeaders): void {
    const { res } = this;
    if (this.isOver || this.httpVersion === '1.0' || res.headersSent || res.writableEnded) return;
    if (status !== 100) writeInterim(res, status, headers);
    else if (this.isContinueExpected) res.writeContinue();
  }

  onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint | undefined): void {
    if (this.isOver) return;
    const { res, shared } = this;
    try {
      const fields = responseHead(status, headers, this);
      // What the cluster's fallback says belongs to no endpoint, and nobody is to stick to it.
      if (shared.affinity !== undefined && endpoint !== undefined) {
        this.hasCacheControl ||= res.hasHeader('cache-control');
        this.isDetour = this.exchange?.isDetour === true;
        shared.affinity.writeResponse(fields, this, endpoint);
      }
      if (this.responseTrailer !== undefined && this.mayTrail(status)) announceTrailers(fields, this.responseTrailer);
      writeHead(res, status, reasonPhrase(status, statusText), fields);
      this.hasHead = true;
    } catch (error) {
      this.fail(balancerErrorOf(error));
      return;
    }
    // A head whose body may be long in coming goes ahead of it; a short answer goes out in one piece.
    if (this.responseLength < 0 || this.responseLength > MAX_INLINE_BYTES) process.nextTick(flushHead, this);
  }

  onData(chunk: Buffer): boolean {
    if (this.isOver || this.isEnded()) return true;
    if (!this.hasData && chunk.length === this.responseLength) {
      // The whole body in one piece: its end is next, and everything goes out at once.
      this.held = chunk;
      this.hasData = true;
      return true;
    }
    this.hasData = true;
    if (this.res.write(chunk)) return true;
    if (!this.hasDrainListener) {
      this.hasDrainListener = true;
      // Not a shared function: middleware that compresses has `drain` come from its own stream, which knows no INBOUND.
      this.res.on('drain', () => this.exchange?.resume());
    }
    return false;
  }

  onEnd(trailers: RawHeaders): void {
    if (this.isOver || this.isEnded()) return;
    this.isOver = true;
    const { held, res } = this;
    if (trailers.length > 0) addTrailers(res, trailers);
    if (held === undefined) res.end();
    else if (held.length > MAX_INLINE_BYTES) res.end(held);
    else res.end(held.toString('latin1'), 'latin1');
    this.release(undefined);
  }

  onError(error: BalancerError): void {
    this.fail(error);
  }

  /** The head on its own, in latin1; `flushHeaders()` would write it as UTF-8. */
  flush(): void {
    if (!this.isOver && !this.hasData && !this.isEnded()) this.res.write('', 'latin1');
  }

  /** Leaves the response to somebody else. */
  yieldTo(whom: string): void {
    this.isOver = true;
    this.release(new BalancerError('CANCELLED', whom));
  }

  /** The response has closed: it is complete, or the client has left. */
  closed(): void {
    if (!this.isOver) this.yieldTo('the client has closed its connection');
    this.shared.onClosed();
  }

  /** True if the response is one that can have fields after its body. */
  private mayTrail(status: number): boolean {
    const hasBody = this.method !== 'HEAD' && status !== 204 && status !== 304;
    return hasBody && this.responseLength < 0 && this.httpVersion !== '1.0';
  }

  /** True if something else has ended the response: writing on would be an error event that nobody listens to. */
  private isEnded(): boolean {
    if (!this.res.writableEnded) return false;
    this.yieldTo('something else has ended the response');
    return true;
  }

  private send(): void {
    const exchange = this.shared.cluster.exchange(this, this);
    if (this.isOver) exchange.abort();
    else this.exchange = exchange;
  }

  private stream(first: Buffer[] | undefined): void {
    const { req } = this;
    this.body = passingBody(req, first, this.shared.options.maxBodyBytes, () => this.fail(bodyTooLarge()));
    if (this.isChunked) this.trailers = () => passingTrailers(req.rawTrailers);
    this.send();
  }

  /** Lets go of the endpoint's side, and of what the client may still be sending. */
  private release(reason: BalancerError | undefined): void {
    const { exchange, body, req } = this;
    this.exchange = undefined;
    if (reason !== undefined) exchange?.abort(reason);
    if (body instanceof Readable) body.destroy();
    // What is read and dropped leaves the client free to read the answer.
    if (this.contentLength > 0 || this.isChunked) req.resume();
  }
}

function balancerErrorOf(error: unknown): BalancerError {
  if (isBalancerError(error)) return error;
  return new BalancerError('BAD_RESPONSE', 'the response head cannot be passed on', { cause: error });
}

function flushHead(inbound: Inbound): void {
  inbound.flush();
}

function onClose(this: TrackedResponse): void {
  this[INBOUND]?.closed();
}
