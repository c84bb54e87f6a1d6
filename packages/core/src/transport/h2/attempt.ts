/**
 * One request on one stream: the handle that its handler gets, and what hears the stream's events. Node's streams find their attempt by
 * a property, so that the listeners are the same functions for all of them.
 */
import type http2 from 'node:http2';
import { constants } from 'node:http2';
import { Readable } from 'node:stream';
import { TransportError } from '../transport-error.ts';
import type { TransportController, TransportHandler, UpstreamRequest } from '../transport.ts';
import { streamOptions } from './attempt-host.ts';
import type { AttemptHost, AttemptTimes } from './attempt-host.ts';
import { faultOf, isWhole, lateness } from './fault.ts';
import { trailersOf } from './request-head.ts';
import type { RequestHead } from './request-head.ts';
import { fieldsOf, upgradeFields } from './response-head.ts';
import { attach, cancel } from './stream-events.ts';
import { Upload } from './upload.ts';
import type { UploadOwner } from './upload.ts';

/** curl's figure: an endpoint that knows nothing of `Expect` must not make a request wait for ever (RFC 9110 section 10.1.1). */
const CONTINUE_WAIT_MS = 1_000;
/** Interim responses before the final one; they are free for the endpoint and not for us. */
const MAX_INTERIM = 64;
/** An endpoint may go away again and again; then somebody else should have the request. */
const MAX_MOVES = 2;
const NO_FIELDS: string[] = [];

/** `continuing`: the head has left, the body has not. */
type Phase = 'new' | 'continuing' | 'waiting' | 'streaming' | 'tunnel' | 'over';

type Host = AttemptHost<H2Attempt>;

export class H2Attempt implements TransportController, UploadOwner {
  readonly request: UpstreamRequest;
  readonly handler: TransportHandler;
  readonly preamble: string;
  rawHeaders: string[] = NO_FIELDS;
  rawTrailers: string[] = NO_FIELDS;
  /** When its patience ends; Infinity while nobody has to hurry. */
  dueAt: number = Infinity;
  sentAt = 0;
  /** The endpoint promised not to have looked at it. */
  isRefused = false;
  /** What the stream's end is about, if it said so. */
  streamError: Error | undefined = undefined;
  /** The endpoint has ended its side, and not just reset the stream. */
  isWhole = false;
  stream: http2.ClientHttp2Stream | undefined = undefined;
  private readonly head: RequestHead;
  private readonly times: AttemptTimes;
  private readonly upload: Upload | undefined;
  private host: Host | undefined = undefined;
  private phase: Phase = 'new';
  private isPaused = false;
  private isAnnounced = false;
  private interims = 0;
  private received = 0;
  private moves = 0;

  constructor(request: UpstreamRequest, handler: TransportHandler, head: RequestHead, times: AttemptTimes) {
    this.request = request;
    this.handler = handler;
    this.head = head;
    this.times = times;
    this.preamble = request.preamble === undefined ? '' : request.preamble.toString('latin1');
    this.upload = request.body instanceof Readable ? new Upload(request.body, head.length, this) : undefined;
  }

  get isWaiting(): boolean {
    return this.phase === 'continuing' || this.phase === 'waiting';
  }

  get isStreaming(): boolean {
    return this.phase === 'streaming';
  }

  get isOver(): boolean {
    return this.phase === 'over';
  }

  /** Tells the handler that it begins. @returns false if the handler wants no more of it */
  announce(): boolean {
    if (!this.isAnnounced) {
      this.isAnnounced = true;
      this.handler.onRequestStart(this, {});
    }
    return this.phase !== 'over';
  }

  /** Opens its stream. @throws what Node says of a request that it does not take */
  start(host: Host, session: http2.ClientHttp2Session): http2.ClientHttp2Stream {
    const { request, head } = this;
    const hasBody = this.upload !== undefined || head.length > 0 || request.upgrade !== undefined;
    const stream = session.request(head.fields, streamOptions(hasBody, request.trailers !== undefined));
    this.host = host;
    this.stream = stream;
    this.sentAt = host.now();
    this.isWhole = false;
    attach(stream, this);
    if (hasBody && request.upgrade === undefined && request.isContinueExpected === true) {
      this.phase = 'continuing';
      this.wait(this.sentAt, CONTINUE_WAIT_MS);
    } else this.sendBody(stream, this.sentAt);
    return stream;
  }

  /** Ends an attempt that has no stream. */
  reject(error: Error): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    this.handler.onResponseError(this.isAnnounced ? this : null, error);
  }

  abort(reason: Error): void {
    this.fail(reason);
  }

  pause(): void {
    this.isPaused = true;
    if (this.phase !== 'streaming') return;
    this.dueAt = Infinity;
    this.stream?.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.phase !== 'streaming') return;
    this.wait(this.host!.now(), this.times.bodyTimeoutMs);
    this.stream?.resume();
  }

  /** Something that it waited for did not come in time. */
  expire(): void {
    if (this.phase === 'continuing') return this.goOn(true);
    const isHead = this.phase === 'waiting';
    if (isHead) this.host?.late(this.sentAt);
    this.fail(lateness(isHead, this.times));
  }

  onInterim(status: number, raw: readonly string[]): void {
    if (!this.isWaiting) return;
    this.host!.heard(this.host!.now());
    if (status < 100 || status === 101 || ++this.interims > MAX_INTERIM) {
      return this.fail(new TransportError('bad-response', `an interim response that makes no sense: ${status}`));
    }
    const fields = this.fieldsIn(raw);
    if (fields === undefined) return;
    this.rawHeaders = fields;
    this.handler.onResponseStart(this, status, this.rawHeaders, '');
    if (status === 100 && this.phase === 'continuing') this.goOn(false);
  }

  onHead(status: number, raw: readonly string[]): void {
    if (!this.isWaiting) return;
    const host = this.host!;
    const now = host.now();
    host.heard(now);
    if (!(status >= 200 && status <= 999)) {
      return this.fail(new TransportError('bad-response', `the endpoint answered with status ${status}`));
    }
    const fields = this.fieldsIn(raw);
    if (fields === undefined) return;
    this.rawHeaders = fields;
    if (this.request.upgrade !== undefined && status < 300) return this.becomeTunnel(this.request.upgrade);
    this.phase = 'streaming';
    this.handler.onResponseStart(this, status, this.rawHeaders, '');
    if ((this.phase as Phase) === 'over') return;
    if (this.isPaused) {
      this.dueAt = Infinity;
      this.stream!.pause();
    } else this.wait(now, this.times.bodyTimeoutMs);
  }

  onData(chunk: Buffer): void {
    if (this.phase !== 'streaming') return;
    const now = this.host!.now();
    this.host!.heard(now);
    // No need to arm: the alarm may ring for an earlier deadline and is then set again.
    this.dueAt = now + this.times.bodyTimeoutMs;
    this.received += chunk.length;
    this.handler.onResponseData(this, chunk);
  }

  onTrailers(raw: readonly string[]): void {
    if (this.phase !== 'streaming') return;
    this.rawTrailers = this.fieldsIn(raw) ?? NO_FIELDS;
  }

  onEnd(): void {
    if (this.phase !== 'streaming') return;
    const isEnded = this.isWhole || isWhole(this.stream?.rstCode ?? 0, this.rawHeaders, this.received);
    if (!isEnded) return this.fail(new TransportError('reset', 'the endpoint gave up its response'));
    this.settle();
    // A response may come before the request is through (RFC 9113 section 8.1).
    if (this.stream?.writableEnded === false) cancel(this.stream);
    this.handler.onResponseEnd(this, this.rawTrailers);
  }

  /** The endpoint wants what follows the body. */
  onWantTrailers(): void {
    if (this.phase === 'over' || this.stream === undefined) return;
    try {
      this.stream.sendTrailers(trailersOf(this.request.trailers?.() ?? NO_FIELDS));
    } catch (error) {
      this.fail(error as Error);
    }
  }

  onClose(): void {
    const host = this.host!;
    const { stream, phase } = this;
    this.upload?.stop();
    if (phase !== 'over') host.settled();
    host.closed(this);
    if (this.isWaiting && this.mayMove(host)) return this.move(host);
    this.phase = 'over';
    if (phase === 'over' || phase === 'tunnel') return;
    const isHeadless = phase !== 'streaming';
    this.handler.onResponseError(this, faultOf(this, isHeadless, stream!.rstCode ?? 0, host.goawayCode));
  }

  onUploadProgress(): void {
    if (this.isWaiting) this.wait(this.host!.now(), this.times.headTimeoutMs);
  }

  /** The body is wanted, or nobody says. */
  private goOn(isOurs: boolean): void {
    if (isOurs) {
      this.rawHeaders = NO_FIELDS;
      this.handler.onResponseStart(this, 100, NO_FIELDS, '');
    }
    if (this.phase === 'continuing') this.sendBody(this.stream!, this.host!.now());
  }

  private sendBody(stream: http2.ClientHttp2Stream, now: number): void {
    this.phase = 'waiting';
    if (this.upload !== undefined) this.upload.start(stream);
    else if (this.head.length > 0) stream.end(this.request.body as Buffer);
    this.wait(now, this.times.headTimeoutMs);
  }

  /** A slow caller is none of the endpoint's faults: while it is waited for, nothing is due. */
  private wait(now: number, ms: number): void {
    if (this.phase === 'over') return;
    const isOurTurn = this.phase === 'waiting' && this.upload?.isOurTurn === true;
    this.dueAt = isOurTurn || ms === 0 ? Infinity : now + ms;
    this.host!.arm(this.dueAt, now);
  }

  /** Undefined if they are too many, which is the end of it. */
  private fieldsIn(raw: readonly string[]): string[] | undefined {
    try {
      return fieldsOf(raw, this.host!.maxHeadBytes);
    } catch (error) {
      this.fail(error as Error);
      return undefined;
    }
  }

  private becomeTunnel(protocol: string): void {
    this.rawHeaders = upgradeFields(this.rawHeaders, protocol, this.request.headers);
    this.phase = 'tunnel';
    this.dueAt = Infinity;
    this.handler.onRequestUpgrade(this, 101, this.rawHeaders, this.stream!);
  }

  private mayMove(host: Host): boolean {
    const isGraceful = host.goawayCode === constants.NGHTTP2_NO_ERROR;
    return this.isRefused && isGraceful && this.upload?.isTouched !== true && this.moves < MAX_MOVES;
  }

  private move(host: Host): void {
    this.moves++;
    this.phase = 'new';
    this.dueAt = Infinity;
    this.isRefused = false;
    this.host = undefined;
    this.stream = undefined;
    host.move(this);
  }

  private fail(error: Error): void {
    if (this.phase === 'over' || this.phase === 'tunnel') return;
    if (this.host === undefined) return this.reject(error);
    this.settle();
    cancel(this.stream!);
    this.handler.onResponseError(this, error);
  }

  /** Nobody hears of it again, once the handler was told how it ended. */
  private settle(): void {
    this.phase = 'over';
    this.dueAt = Infinity;
    this.upload?.stop();
    this.host!.settled();
  }
}
