/**
 * One try of an exchange on one endpoint: it hears from the transport, keeps the endpoint's books, and passes on what its
 * exchange should know. The books hold whatever the transport does: one report and one end per attempt.
 */
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { ErrorCode } from '../errors.ts';
import { loadReportIn } from '../load-report.ts';
import { outcomeOf } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { failureOf } from '../transport/failure.ts';
import type { RawHeaders, TransportController, TransportHandler, UpstreamRequest } from '../transport/transport.ts';
import type { ExchangeHost } from './exchange-host.ts';
import { retryAfterMs } from './retry-after.ts';
import type { ResponseSink } from './sink.ts';
import { Tunnel } from './tunnel.ts';
import type { TunnelOwner } from './tunnel.ts';

/** The body of a response that nobody wants is read up to here, so that its connection can be used again; past it, the connection ends. */
const MAX_DISCARDED_BYTES = 65_536;

/** What an attempt tells its exchange. */
export interface AttemptOwner {
  readonly host: Pick<ExchangeHost, 'core' | 'clock' | 'stalls'>;
  readonly request: UpstreamRequest;
  readonly sink: Pick<ResponseSink, 'takesLoans' | 'isTransient'>;
  /** What arrives next has to wait. */
  readonly isPaused: boolean;
  onAttemptInterim(status: number, headers: RawHeaders): void;
  /** @returns true to take the response, false to have it discarded */
  onAttemptHead(attempt: Attempt, status: number, statusText: string, headers: RawHeaders): boolean;
  /** @returns false to pause */
  onAttemptData(chunk: Buffer): boolean;
  /** The response is whole, or the connection that changed protocols has closed. */
  onAttemptEnd(attempt: Attempt, trailers: RawHeaders): void;
  onAttemptUpgrade(attempt: Attempt, headers: RawHeaders, socket: Duplex): void;
  /** The connection that changed protocols has to end. */
  onAttemptCut(attempt: Attempt): void;
  onAttemptError(attempt: Attempt, code: ErrorCode, error: Error): void;
  /** The endpoint has room for one more. */
  onRoom(): void;
}

type Phase = 'waiting' | 'streaming' | 'discarding' | 'over';

const NO_FIELDS: RawHeaders = [];

export class Attempt implements TransportHandler, TunnelOwner {
  readonly endpoint: EndpointState;
  readonly startedAt: number;
  isSent = false;
  status = 0;
  outcome: Outcome = 'cancelled';
  /** For how long the endpoint wants no requests, in whole ms; 0 if it did not say. */
  retryAfterMs = 0;
  private owner: AttemptOwner;
  private controller: TransportController | undefined = undefined;
  private phase: Phase = 'waiting';
  private abortReason: Error | undefined = undefined;
  private discardedBytes = 0;
  private tunnel: Tunnel | undefined = undefined;

  constructor(owner: AttemptOwner, endpoint: EndpointState, now: number) {
    this.owner = owner;
    this.endpoint = endpoint;
    this.startedAt = now;
    owner.host.core.begin(endpoint, now);
    owner.host.stalls.begin(now);
  }

  pause(): void {
    this.controller?.pause();
  }

  resume(): void {
    this.controller?.resume();
  }

  /**
   * Ends the attempt without a word to its owner. The connection follows as soon as there is one.
   * @param ending how it counts if it has no response head yet; `late`: not against its endpoint, but what it took so far is evidence
   */
  cancel(reason: Error, ending: Outcome | 'late' = 'cancelled'): void {
    if (this.phase === 'over') return;
    const wasWaiting = this.phase === 'waiting';
    this.phase = 'over';
    this.abortReason = reason;
    if (wasWaiting) this.settle(ending);
    this.end();
    this.controller?.abort(reason);
    this.tunnel?.socket.destroy(reason);
  }

  /** True if it is the one request that its endpoint has to prove itself by. */
  get isTrial(): boolean {
    return this.endpoint.has('on-trial') && this.endpoint.trialTakenAt === this.startedAt;
  }

  /**
   * Goes on without its owner until there is a response head, for the sake of its endpoint: one that is well and slower than the hedge
   * would otherwise be beaten at each trial, and never come back.
   * @param onSettled it is known how the attempt went; called once or twice
   */
  detach(onSettled: () => void): void {
    const { owner } = this;
    const { host, request } = owner;
    this.owner = {
      host,
      request,
      sink: owner.sink,
      isPaused: false,
      onAttemptInterim: () => undefined,
      onAttemptUpgrade: () => undefined,
      onAttemptCut: () => undefined,
      onAttemptHead() {
        onSettled();
        return false;
      },
      onAttemptData: () => true,
      onAttemptEnd: onSettled,
      onAttemptError: onSettled,
      onRoom: () => owner.onRoom(),
    };
    this.controller?.resume();
  }

  /** The time for a response head is up: ends the attempt as a failure of its endpoint. */
  expire(): void {
    if (this.phase !== 'waiting') return;
    const reason = new Error('no response head within attemptTimeoutMs');
    this.cancel(reason, 'timeout');
    this.owner.onAttemptError(this, 'HEAD_TIMEOUT', reason);
  }

  get takesLoans(): boolean {
    return this.phase === 'discarding' || this.owner.sink.takesLoans === true;
  }

  get isTransient(): boolean {
    return this.owner.sink.isTransient === true;
  }

  onRequestWait(controller: TransportController): void {
    this.controller = controller;
  }

  onRequestStart(controller: TransportController): void {
    this.controller = controller;
    this.isSent = true;
    if (this.abortReason !== undefined) controller.abort(this.abortReason);
    else if (this.owner.isPaused) controller.pause();
  }

  onResponseStart(controller: TransportController, status: number, _headers: unknown, statusText = ''): void {
    if (this.phase !== 'waiting') return;
    // undici hands over an array on HTTP/1 and an object on HTTP/2, which is switched off here.
    const headers = (controller.rawHeaders ?? NO_FIELDS) as RawHeaders;
    if (status >= 100 && status < 200) return this.owner.onAttemptInterim(status, headers);
    if (status < 200 || status > 999) return this.refuse(controller, status);
    this.status = status;
    if (status === 503) this.retryAfterMs = retryAfterMs(headers, Date.now);
    const now = this.settle(outcomeOf(status));
    const load = loadReportIn(headers);
    if (load !== undefined) this.owner.host.core.reportLoad(this.endpoint, load, now);
    this.phase = 'streaming';
    if (!this.owner.onAttemptHead(this, status, statusText, headers) && this.phase === 'streaming') {
      this.phase = 'discarding';
    }
  }

  onResponseData(controller: TransportController, chunk: Buffer): void {
    if (this.phase === 'streaming') {
      if (!this.owner.onAttemptData(chunk)) controller.pause();
    } else if (this.phase === 'discarding') {
      this.discardedBytes += chunk.length;
      if (this.discardedBytes > MAX_DISCARDED_BYTES)
        this.cancel(new Error('the unwanted response is too long to read on'));
    }
  }

  onResponseEnd(controller: TransportController | null | undefined): void {
    if (this.phase === 'over') return;
    const wasStreaming = this.phase === 'streaming';
    this.phase = 'over';
    this.end();
    if (wasStreaming) this.owner.onAttemptEnd(this, (controller?.rawTrailers ?? NO_FIELDS) as RawHeaders);
  }

  onRequestUpgrade(controller: TransportController, status: number, _headers: unknown, socket: Duplex): void {
    if (this.phase !== 'waiting') return void socket.on('error', () => undefined).destroy();
    this.status = status;
    this.settle('success');
    this.phase = 'streaming';
    this.tunnel = new Tunnel(this.endpoint, socket, this);
    this.owner.onAttemptUpgrade(this, (controller.rawHeaders ?? NO_FIELDS) as RawHeaders, socket);
  }

  onTunnelClosed(): void {
    this.onResponseEnd(undefined);
  }

  onTunnelCut(): void {
    if (this.phase !== 'over') this.owner.onAttemptCut(this);
  }

  onResponseError(_controller: TransportController | null | undefined, error: Error): void {
    if (this.phase === 'over') return;
    const { phase, owner } = this;
    const { code, outcome, isUnprocessed } = failureOf(error, this.isSent, owner.request);
    if (isUnprocessed === true && isWhole(owner.request)) this.isSent = false;
    this.phase = 'over';
    if (phase === 'waiting') this.settle(outcome);
    else if (outcome !== 'cancelled') owner.host.core.reportCut(this.endpoint, owner.host.clock.now());
    this.end();
    if (phase !== 'discarding') owner.onAttemptError(this, code, error);
  }

  private refuse(controller: TransportController, status: number): void {
    this.settle('reset');
    this.phase = 'over';
    this.end();
    const error = new Error(`the endpoint answered with status ${status}`);
    controller.abort(error);
    this.owner.onAttemptError(this, 'BAD_RESPONSE', error);
  }

  /** @returns the time as of which it counts */
  private settle(ending: Outcome | 'late'): number {
    const { core, clock, stalls } = this.owner.host;
    const now = clock.now();
    const stalledMs = stalls.stallBetween(this.startedAt, now);
    stalls.end(now);
    if (ending === 'late') core.reportLate(this.endpoint, this.startedAt, now, stalledMs);
    else {
      this.outcome = ending;
      // A time limit that ran out while nobody looked says nothing about the endpoint.
      const isOurs = ending === 'timeout' && stalledMs * 2 > now - this.startedAt;
      core.report(this.endpoint, isOurs ? 'cancelled' : ending, this.startedAt, now, stalledMs, this.retryAfterMs);
    }
    return now;
  }

  private end(): void {
    this.owner.host.core.end(this.endpoint);
    this.owner.onRoom();
  }
}

/** True if the body can be sent from its beginning. */
function isWhole(request: UpstreamRequest): boolean {
  const { body } = request;
  return !(body instanceof Readable) || !body.readableDidRead || request.rewind?.() === true;
}
