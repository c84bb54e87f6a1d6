/**
 * One try of an exchange on one endpoint: it hears from the transport, keeps the endpoint's books, and passes on what its
 * exchange should know. The books hold whatever the transport does: one report and one end per attempt.
 */
import type { ClusterCore } from '../cluster/cluster-core.ts';
import type { EndpointState } from '../cluster/endpoint-state.ts';
import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';
import { outcomeOf } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { failureOf } from '../transport/failure.ts';
import type { RawHeaders, TransportController, TransportHandler, UpstreamRequest } from '../transport/transport.ts';

/** The body of a response that nobody wants is read up to here, so that its connection can be used again; past it, the connection ends. */
const MAX_DISCARDED_BYTES = 65_536;

/** What an attempt tells its exchange. */
export interface AttemptOwner {
  readonly core: ClusterCore;
  readonly clock: Clock;
  readonly request: UpstreamRequest;
  /** What arrives next has to wait. */
  readonly isPaused: boolean;
  /** @returns true to take the response, false to have it discarded */
  onAttemptHead(attempt: Attempt, status: number, statusText: string, headers: RawHeaders): boolean;
  /** @returns false to pause */
  onAttemptData(chunk: Buffer): boolean;
  onAttemptEnd(attempt: Attempt): void;
  onAttemptError(attempt: Attempt, code: ErrorCode, error: Error): void;
  /** The endpoint has room for one more. */
  onRoom(): void;
}

type Phase = 'waiting' | 'streaming' | 'discarding' | 'over';

export class Attempt implements TransportHandler {
  readonly endpoint: EndpointState;
  readonly startedAt: number;
  isSent = false;
  status = 0;
  outcome: Outcome = 'cancelled';
  private readonly owner: AttemptOwner;
  private controller: TransportController | undefined = undefined;
  private phase: Phase = 'waiting';
  private abortReason: Error | undefined = undefined;
  private discardedBytes = 0;

  constructor(owner: AttemptOwner, endpoint: EndpointState, now: number) {
    this.owner = owner;
    this.endpoint = endpoint;
    this.startedAt = now;
    owner.core.begin(endpoint, now);
  }

  pause(): void {
    this.controller?.pause();
  }

  resume(): void {
    this.controller?.resume();
  }

  /** Ends the attempt without a word to its owner. The connection follows as soon as there is one. */
  cancel(reason: Error): void {
    if (this.phase === 'over') return;
    const wasWaiting = this.phase === 'waiting';
    this.phase = 'over';
    this.abortReason = reason;
    if (wasWaiting) this.owner.core.report(this.endpoint, 'cancelled', this.startedAt, this.owner.clock.now());
    this.end();
    this.controller?.abort(reason);
  }

  onRequestStart(controller: TransportController): void {
    this.controller = controller;
    this.isSent = true;
    if (this.abortReason !== undefined) controller.abort(this.abortReason);
    else if (this.owner.isPaused) controller.pause();
  }

  onResponseStart(controller: TransportController, status: number, _headers: unknown, statusText = ''): void {
    if (this.phase !== 'waiting' || (status >= 100 && status < 200)) return;
    if (status < 200 || status > 999) return this.refuse(controller, status);
    this.status = status;
    this.settle(outcomeOf(status));
    this.phase = 'streaming';
    // undici hands over an array on HTTP/1 and an object on HTTP/2, which is switched off here.
    const headers = (controller.rawHeaders ?? []) as RawHeaders;
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

  onResponseEnd(): void {
    if (this.phase === 'over') return;
    const wasStreaming = this.phase === 'streaming';
    this.phase = 'over';
    this.end();
    if (wasStreaming) this.owner.onAttemptEnd(this);
  }

  onResponseError(_controller: TransportController | null | undefined, error: Error): void {
    if (this.phase === 'over') return;
    const { phase, owner } = this;
    const { code, outcome } = failureOf(error, this.isSent, owner.request);
    this.phase = 'over';
    if (phase === 'waiting') this.settle(outcome);
    else if (outcome !== 'cancelled') owner.core.reportCut(this.endpoint, owner.clock.now());
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

  private settle(outcome: Outcome): void {
    this.outcome = outcome;
    this.owner.core.report(this.endpoint, outcome, this.startedAt, this.owner.clock.now());
  }

  private end(): void {
    this.owner.core.end(this.endpoint);
    this.owner.onRoom();
  }
}
