/**
 * One request of a client on its way through the proxy: what the cluster is asked, and the sink of the answer, in one object.
 * Listeners are shared functions that find the object on the response, so that a request costs none of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { isIdempotentMethod, BalancerError } from '@evenkeel/core';
import type { Cluster, Endpoint, Exchange, ExchangeRequest, RawHeaders, ResponseSink } from '@evenkeel/core';
import type { Affinity } from './affinity/affinity.ts';
import { bodyTooLarge } from './body-plan.ts';
import { clientAddress } from './client-address.ts';
import { closeWithRequest, cutShort, dropRest } from './client-end.ts';
import { answerError, isClosing } from './error-answer.ts';
import type { BodyTaker } from './hooks/body-taker.ts';
import { connectionOf, streamOf, watchStream } from './http2-request.ts';
import type { InboundHost } from './inbound-host.ts';
import { writeContinue, writeInterim } from './interim.ts';
import type { RequestClient } from './keys.ts';
import { loanFor } from './loan.ts';
import type { Loan } from './loan.ts';
import { refuse } from './mistakes.ts';
import { Passage } from './passage.ts';
import { leavePeer } from './peer.ts';
import type { Peer, PeerRequest } from './peer.ts';
import { preambleOf } from './proxy-protocol/preamble.ts';
import { startRequest } from './request-half.ts';
import type { PendingRequest } from './request-half.ts';
import { passData, passEnd, passHead, sendHead, sendWhole, stick } from './response-half.ts';
import type { OpenResponse } from './response-half.ts';
import { passingTrailers } from './trailers.ts';

/** Stands between a request for another protocol and the cluster. */
export interface Upgrader {
  exchange(cluster: Cluster, inbound: Inbound): Exchange;
}

const INBOUND: unique symbol = Symbol('evenkeel.inbound');
type TrackedResponse = ServerResponse & { [INBOUND]?: Inbound };

export class Inbound implements ExchangeRequest, ResponseSink, RequestClient, PendingRequest, OpenResponse {
  readonly method: string;
  readonly httpVersion: string;
  readonly peer: Peer;
  readonly preamble: Buffer | undefined;
  readonly headTimeoutMs: number | undefined;
  readonly bodyTimeoutMs: number | undefined;
  readonly isIdempotent: boolean;
  readonly isSticky: boolean;
  readonly isTransient: boolean;
  path = '';
  headers: string[] = [];
  body: Buffer | Readable | null = null;
  key = 0;
  preferred: string | undefined = undefined;
  isStrict = false;
  isDetour = false;
  token: string | undefined = undefined;
  isFromPath = false;
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

  readonly shared: InboundHost;
  readonly req: IncomingMessage;
  readonly res: TrackedResponse;
  cluster: Cluster;
  affinity: Affinity | undefined;
  next: ((error?: unknown) => void) | undefined = undefined;
  /** Nobody is left to hear anything, or all is said. */
  isOver = false;
  isClosed = false;
  /** The request before it on its connection, if that was not over when this one came. */
  before: PeerRequest | undefined = undefined;
  private readonly upgrader: Upgrader | undefined;
  taker: BodyTaker | undefined = undefined;
  private exchange: Exchange | undefined = undefined;
  private passage: Passage | undefined = undefined;
  held: Buffer | undefined = undefined;
  loan: Loan | undefined = undefined;
  hasHead = false;
  hasData = false;
  hasDrainListener = false;

  constructor(
    shared: InboundHost,
    req: IncomingMessage,
    res: ServerResponse,
    isContinueExpected: boolean,
    upgrader?: Upgrader,
  ) {
    const { options } = shared;
    this.method = req.method ?? 'GET';
    this.httpVersion = req.httpVersion;
    const socket = connectionOf(req);
    this.peer = shared.peerOf(socket);
    this.preamble = preambleOf(this.peer, socket, options.sendProxyProtocol);
    this.headTimeoutMs = options.headTimeoutMs;
    this.bodyTimeoutMs = options.bodyTimeoutMs;
    this.isIdempotent = isIdempotentMethod(this.method);
    this.isSticky = shared.affinity !== undefined;
    this.isContinueExpected = isContinueExpected;
    this.isTransient = shared.responseHooks === undefined;
    this.shared = shared;
    this.cluster = shared.cluster;
    this.affinity = shared.affinity;
    this.upgrader = upgrader;
    this.req = req;
    this.res = res;
    this.res[INBOUND] = this;
    const stream = streamOf(req);
    if (stream !== undefined) watchStream(stream, this);
    else {
      this.before = this.peer.last;
      this.peer.last = this;
      res.on('close', onClose);
      if (res.socket === null) closeWithRequest(req, res);
    }
  }

  /** Read by the cluster: how far an endpoint may be above the others before a request that sticks to it takes a detour. */
  get maxLoadRatio(): number {
    return this.affinity?.maxLoadRatio ?? Infinity;
  }

  /** For keys; worked out only where one asks. */
  get address(): string | undefined {
    return clientAddress(this.req.rawHeaders, this.peer, this.shared.trusted);
  }

  /**
   * Reads the head and sends the request on, at once or as soon as its body is there. Never throws.
   * @param next gets the errors that only a change in the application can cure
   */
  start(target: string, next?: (error?: unknown) => void): void {
    this.next = next;
    try {
      startRequest(this, target);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** An error of whatever kind, before there is a head: the application's own go to the application. */
  refuse(error: unknown): void {
    if (!this.isOver) refuse(this, error);
  }

  /** Ends the request with an answer of the proxy's own, if the client can still be told anything. */
  fail(error: BalancerError): void {
    if (this.isOver) return;
    this.isOver = true;
    const { req, res, shared } = this;
    if (isClosing(error)) this.peer.isRefused = true;
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
    else if (this.isContinueExpected) writeContinue(res);
  }

  onHead(status: number, statusText: string, headers: RawHeaders, endpoint: Endpoint | undefined): void {
    this.passage?.forget();
    if (this.isOver) return;
    this.isDetour = this.exchange?.isDetour === true;
    passHead(this, status, statusText, headers, endpoint);
  }

  get isBodyTransient(): boolean {
    return this.passage?.isTransient === true;
  }

  get takesLoans(): boolean {
    this.loan = loanFor(this);
    return this.loan !== undefined;
  }

  onData(chunk: Buffer): boolean {
    return passData(this, chunk);
  }

  onEnd(trailers: RawHeaders): void {
    passEnd(this, trailers);
  }

  onError(error: BalancerError): void {
    if (this.taker !== undefined) this.taker.onError(error);
    else this.fail(error);
  }

  sendHead(status: number, reason: string, fields: string[], endpoint: Endpoint | undefined): void {
    sendHead(this, status, reason, fields, endpoint);
  }

  sendWhole(status: number, reason: string, fields: string[], endpoint: Endpoint, body: Buffer): void {
    sendWhole(this, status, reason, fields, endpoint, body);
  }

  stick(fields: string[], endpoint: Endpoint): void {
    stick(this, fields, endpoint);
  }

  leaveResponse(taker: BodyTaker): void {
    this.taker = taker;
    this.hasHead = true;
  }

  resume(): void {
    this.exchange?.resume();
  }

  discard(): void {
    const { exchange } = this;
    this.exchange = undefined;
    exchange?.abort(new BalancerError('CANCELLED', 'the application does not want the response'));
  }

  /** Leaves the response to somebody else. */
  yieldTo(whom: string): void {
    this.isOver = true;
    this.release(new BalancerError('CANCELLED', whom));
  }

  /** The response has closed: it is complete, or the client has left. */
  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    leavePeer(this, this.peer);
    if (!this.isOver) this.yieldTo('the client has closed its connection');
    this.shared.onClosed();
  }

  /** The connection has closed, which ends this request and those before it. */
  abandon(): void {
    this.before?.abandon();
    this.closed();
  }

  send(): void {
    const { upgrader, cluster } = this;
    const exchange = upgrader === undefined ? cluster.exchange(this, this) : upgrader.exchange(cluster, this);
    if (this.isOver) exchange.abort();
    else this.exchange = exchange;
  }

  stream(first: Buffer[] | undefined): void {
    const { req } = this;
    const { maxHeldBytes, maxBodyBytes } = this.shared.options;
    this.passage = new Passage(req, first, maxHeldBytes, maxBodyBytes, () => this.fail(bodyTooLarge()));
    this.body = this.passage.stream;
    if (this.isChunked) this.trailers = () => passingTrailers(req.rawTrailers);
    this.send();
  }

  rewind(): boolean {
    const again = this.passage?.rewind();
    if (again === undefined) return false;
    this.body = again;
    return true;
  }

  /** Lets go of the endpoint's side, and of what the client may still be sending. */
  release(reason: BalancerError | undefined): void {
    const { exchange, body, req, res } = this;
    this.exchange = undefined;
    if (reason !== undefined) exchange?.abort(reason);
    if (body instanceof Readable) body.destroy();
    if (this.contentLength > 0 || this.isChunked) dropRest(req, res);
  }
}

function onClose(this: TrackedResponse): void {
  this[INBOUND]?.closed();
}
