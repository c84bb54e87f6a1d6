/**
 * The HTTP/2 connections of one endpoint and the requests that wait for one, first come, first served. As a rule that is one connection;
 * another is made when it takes no more requests at a time, or for requests whose connection has to begin with other bytes.
 */
import type { Endpoint } from '../../endpoint.ts';
import type { Clock } from '../../lib/clock.ts';
import { addressOf } from '../address.ts';
import type { Address } from '../address.ts';
import { TransportError } from '../transport-error.ts';
import type { TransportHandler, UpstreamRequest } from '../transport.ts';
import { H2Attempt } from './attempt.ts';
import { dial } from './dial.ts';
import type { DialResult } from './dial.ts';
import { requestHead } from './request-head.ts';
import { H2Session } from './session.ts';
import type { SessionOwner } from './session.ts';
import type { TransportOptions } from '../transport-options.ts';

/** Where requests go that cannot go over HTTP/2. */
export interface Otherwise {
  /** The endpoint was asked what it speaks. */
  onProtocol(isH2: boolean): void;
  /** Over HTTP/1.1. */
  send(request: UpstreamRequest, handler: TransportHandler): void;
}

/** An age that is the same everywhere makes everybody reconnect at once: 10 % more or less. */
const AGE_JITTER_RATIO = 0.1;

export class H2Connections implements SessionOwner {
  readonly clock: Clock;
  readonly keepAliveMs: number;
  readonly maxHeadBytes: number;
  private readonly options: TransportOptions;
  private readonly otherwise: Otherwise | undefined;
  private readonly address: Address;
  private readonly origin: string;
  private readonly authority: string;
  private readonly waiting: H2Attempt[] = [];
  private readonly sessions: H2Session[] = [];
  private readonly retired = new Set<H2Session>();
  /** What calls off each connection that is being made, by its preamble. */
  private readonly dials = new Map<string, () => void>();
  private isPumping = false;
  private onEmpty: (() => void) | undefined = undefined;

  constructor(endpoint: Endpoint, options: TransportOptions, otherwise: Otherwise | undefined) {
    this.options = options;
    this.clock = options.clock;
    this.keepAliveMs = options.keepAliveMs;
    this.maxHeadBytes = options.maxHeadBytes;
    this.otherwise = otherwise;
    this.address = addressOf(endpoint);
    this.origin = endpoint.origin;
    this.authority = new URL(endpoint.origin).host;
  }

  send(request: UpstreamRequest, handler: TransportHandler): void {
    const { headTimeoutMs, bodyTimeoutMs } = this.options;
    const head = requestHead(request, this.address.isTls ? 'https' : 'http', this.authority);
    const attempt = new H2Attempt(request, handler, head, {
      headTimeoutMs: request.headTimeoutMs ?? headTimeoutMs,
      bodyTimeoutMs: request.bodyTimeoutMs ?? bodyTimeoutMs,
    });
    this.waiting.push(attempt);
    this.pump();
  }

  /** Asks what the endpoint speaks, while nobody waits for it. */
  ask(): void {
    if (!this.dials.has('')) this.dial('', true);
  }

  /** @returns when the last connection has closed */
  release(isForced: boolean): Promise<void> {
    if (isForced) {
      for (const cancel of [...this.dials.values()]) cancel();
      this.dials.clear();
      this.failWaiting(new TransportError('connect-failed', 'the connections of this endpoint were released'));
      for (const session of [...this.sessions, ...this.retired]) session.destroy();
    }
    const emptied = new Promise<void>((resolve) => (this.onEmpty = resolve));
    this.wind();
    return emptied;
  }

  onRoom(): void {
    this.pump();
  }

  onRetired(session: H2Session): void {
    const index = this.sessions.indexOf(session);
    if (index !== -1) this.sessions.splice(index, 1);
    this.retired.add(session);
    this.pump();
  }

  onClosed(session: H2Session): void {
    this.retired.delete(session);
    this.pump();
  }

  onMoved(attempt: H2Attempt): void {
    this.waiting.unshift(attempt);
    this.pump();
  }

  /** Sends what can be sent, and makes connections for the rest. */
  private pump(): void {
    // Handlers may send and abort while they are told of something.
    if (this.isPumping) return;
    this.isPumping = true;
    for (let i = 0; i < this.waiting.length;) {
      const attempt = this.waiting[i]!;
      const session = attempt.isOver ? undefined : this.roomFor(attempt.preamble);
      if (attempt.isOver || session !== undefined) {
        this.waiting.splice(i, 1);
        if (session !== undefined) this.dispatch(attempt, session);
        // Whatever that did, the first in line may have a chance again.
        i = 0;
      } else {
        this.dial(attempt.preamble, false);
        i = this.nextOther(i, attempt.preamble);
      }
    }
    this.isPumping = false;
    this.wind();
  }

  /** The next in line that waits for another kind of connection. */
  private nextOther(from: number, preamble: string): number {
    let i = from + 1;
    while (i < this.waiting.length && this.waiting[i]!.preamble === preamble) i++;
    return i;
  }

  private dispatch(attempt: H2Attempt, session: H2Session): void {
    const { request, handler } = attempt;
    if (request.upgrade === undefined || session.canTunnel) return session.send(attempt);
    if (this.otherwise !== undefined && this.address.isTls) return this.otherwise.send(request, handler);
    attempt.reject(new TransportError('connect-failed', 'the endpoint does not change protocols over HTTP/2'));
  }

  private roomFor(preamble: string): H2Session | undefined {
    const isAging = this.options.maxConnectionAgeMs !== undefined;
    const now = isAging ? this.clock.now() : 0;
    for (let i = 0; i < this.sessions.length; i++) {
      const session = this.sessions[i]!;
      if (isAging && now >= session.staleAt) {
        session.retire();
        i--;
      } else if (session.preamble === preamble && session.hasRoom) return session;
    }
    return undefined;
  }

  private dial(preamble: string, isBackground: boolean): void {
    if (this.dials.has(preamble) || !this.mayDial(preamble)) return;
    let isOver = false;
    const done = (): void => {
      isOver = true;
      this.dials.delete(preamble);
    };
    const result: DialResult = {
      onSession: (session, socket) => {
        done();
        this.otherwise?.onProtocol(true);
        this.adopt(new H2Session(this, session, socket, preamble, this.staleAt()));
      },
      onHttp1: () => {
        done();
        this.otherwise?.onProtocol(false);
        for (const { request, handler } of this.waiting.splice(0)) this.otherwise?.send(request, handler);
        this.wind();
      },
      onFailure: (error) => {
        done();
        const isServed = this.sessions.some((session) => session.preamble === preamble);
        if (!isServed) this.failWaiting(error, preamble);
        this.wind();
      },
    };
    const isNegotiated = this.otherwise !== undefined;
    const request = { address: this.address, origin: this.origin, preamble, isNegotiated, isBackground };
    const cancel = dial(request, this.options, result);
    if (!isOver) this.dials.set(preamble, cancel);
  }

  private adopt(session: H2Session): void {
    this.sessions.push(session);
    if (!session.hasRoom) {
      session.retire();
      this.failWaiting(new TransportError('connect-failed', 'the endpoint takes no requests'), session.preamble);
    }
    this.pump();
  }

  /** Makes room, if it has to, by ending a connection of another kind that nobody needs. */
  private mayDial(preamble: string): boolean {
    const { maxConnections = Infinity } = this.options;
    if (this.sessions.length + this.dials.size < maxConnections) return true;
    const spare = this.sessions.find((session) => session.isIdle && session.preamble !== preamble);
    spare?.retire();
    return spare !== undefined;
  }

  private staleAt(): number {
    const { maxConnectionAgeMs, random } = this.options;
    if (maxConnectionAgeMs === undefined) return Infinity;
    return this.clock.now() + maxConnectionAgeMs * (1 + AGE_JITTER_RATIO * (2 * random.unit() - 1));
  }

  private failWaiting(error: TransportError, preamble?: string): void {
    const failed = this.waiting.filter((attempt) => preamble === undefined || attempt.preamble === preamble);
    const kept = this.waiting.filter((attempt) => !failed.includes(attempt));
    this.waiting.splice(0, Infinity, ...kept);
    for (const attempt of failed) attempt.reject(error);
  }

  /** After `release`: ends what nobody waits for. */
  private wind(): void {
    if (this.onEmpty === undefined || this.waiting.length > 0) return;
    for (const session of [...this.sessions]) session.retire();
    if (this.dials.size + this.sessions.length + this.retired.size === 0) this.onEmpty();
  }
}
