/**
 * One HTTP/2 connection to an endpoint, from when the endpoint has sent its SETTINGS: what is on it, how much more it takes, and whether
 * the endpoint is still there.
 *
 * Nobody waits for a request without looking: if an endpoint has said nothing for a while, it is asked by one PING. One only, since gRPC
 * servers take more of them, with nothing said between, for an attack (grpc/proposal A8).
 */
import type http2 from 'node:http2';
import type net from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { outlive } from '../http2-lifetime.ts';
import { TransportError } from '../transport-error.ts';
import { Alarm } from './alarm.ts';
import type { AttemptHost } from './attempt-host.ts';
import type { H2Attempt } from './attempt.ts';

/** What a connection tells those who keep it. */
export interface SessionOwner {
  readonly clock: Clock;
  readonly keepAliveMs: number;
  readonly maxHeadBytes: number;
  /** It takes no new requests. */
  onRetired(session: H2Session): void;
  /** It may take more requests than a moment ago. */
  onRoom(): void;
  onClosed(session: H2Session): void;
  /** The endpoint did nothing with a request, which should go on another connection. */
  onMoved(attempt: H2Attempt): void;
}

/** How long a request waits on a connection that says nothing before the endpoint is asked whether it is there. */
const SILENCE_MS = 5_000;
/** How long it may take to answer that. */
const PING_TIMEOUT_MS = 5_000;
/** How long the bytes of a connection that is over may take to leave. */
const FLUSH_MS = 1_000;

export class H2Session implements AttemptHost<H2Attempt> {
  readonly preamble: string;
  readonly maxHeadBytes: number;
  goawayCode: number | undefined = undefined;
  /** When it is too old for new requests; Infinity for never. */
  readonly staleAt: number;
  isRetired = false;
  private readonly owner: SessionOwner;
  private readonly session: http2.ClientHttp2Session;
  private readonly socket: net.Socket;
  private readonly alarm: Alarm;
  private readonly attempts = new Set<H2Attempt>();
  /** Those whose handlers wait for something. */
  private unsettled = 0;
  private maxStreams: number;
  private idleSince: number;
  private heardAt = -Infinity;
  private pingedAt = -Infinity;
  private answeredAt = -Infinity;
  private pingDueAt = Infinity;
  private isFinished = false;

  constructor(
    owner: SessionOwner,
    session: http2.ClientHttp2Session,
    socket: net.Socket,
    preamble: string,
    staleAt: number,
  ) {
    this.owner = owner;
    this.session = session;
    this.socket = socket;
    this.preamble = preamble;
    this.staleAt = staleAt;
    this.maxHeadBytes = owner.maxHeadBytes;
    this.alarm = new Alarm(owner.clock, (now) => this.look(now));
    this.maxStreams = limitOf(session.remoteSettings);
    this.idleSince = owner.clock.now();
    session.on('remoteSettings', (settings) => {
      this.maxStreams = limitOf(settings);
      if (this.hasRoom) owner.onRoom();
    });
    session.on('goaway', (code, lastStreamId) => this.goAway(code, lastStreamId));
    session.on('close', () => this.end());
    session.unref();
    this.arm(this.idleSince + owner.keepAliveMs, this.idleSince);
  }

  get hasRoom(): boolean {
    return this.attempts.size < this.maxStreams && !this.isRetired;
  }

  get isIdle(): boolean {
    return this.unsettled === 0;
  }

  /** The endpoint speaks extended CONNECT (RFC 8441). */
  get canTunnel(): boolean {
    return this.session.remoteSettings.enableConnectProtocol === true;
  }

  send(attempt: H2Attempt): void {
    if (this.unsettled++ === 0) this.session.ref();
    this.attempts.add(attempt);
    if (!attempt.announce()) return this.drop(attempt);
    try {
      const stream = attempt.start(this, this.session);
      if (stream.id !== undefined) return outlive(this.session, stream);
      // Without an id it never left: Node has run out of them, or the connection has ended in this moment.
      this.retire();
      attempt.isRefused = true;
    } catch (error) {
      this.drop(attempt);
      attempt.reject(new TransportError('bad-request', 'the request cannot be sent over HTTP/2', error));
    }
  }

  /** Takes no new requests, and ends when those it has are over. */
  retire(): void {
    if (this.isRetired) return;
    this.isRetired = true;
    this.owner.onRetired(this);
    if (this.isIdle) this.finish();
  }

  /** Ends now. What is on it fails. */
  destroy(): void {
    this.isFinished = true;
    this.session.destroy();
    this.socket.destroy();
  }

  now(): number {
    return this.owner.clock.now();
  }

  heard(now: number): void {
    this.heardAt = now;
    this.pingDueAt = Infinity;
  }

  arm(at: number, now: number): void {
    this.alarm.set(at, now);
    if (this.unsettled > 0) this.alarm.set(now + SILENCE_MS, now);
  }

  late(sentAt: number): void {
    if (Math.max(this.heardAt, this.answeredAt) <= sentAt) this.retire();
  }

  settled(): void {
    if (--this.unsettled > 0) return;
    if (this.isRetired) return this.finish();
    this.session.unref();
    this.idleSince = this.now();
    this.arm(this.idleSince + this.owner.keepAliveMs, this.idleSince);
  }

  closed(attempt: H2Attempt): void {
    this.attempts.delete(attempt);
    if (this.hasRoom) this.owner.onRoom();
  }

  move(attempt: H2Attempt): void {
    this.owner.onMoved(attempt);
  }

  private drop(attempt: H2Attempt): void {
    this.settled();
    this.closed(attempt);
  }

  private goAway(code: number, lastStreamId: number): void {
    this.goawayCode = code;
    for (const attempt of this.attempts) {
      if ((attempt.stream?.id ?? 0) > lastStreamId) attempt.isRefused = true;
    }
    this.retire();
  }

  /** Sees to what is due. */
  private look(now: number): void {
    let next = Infinity;
    let silentAt = Infinity;
    for (const attempt of [...this.attempts]) {
      if (attempt.dueAt <= now) attempt.expire();
      next = Math.min(next, attempt.dueAt);
      if (attempt.isWaiting) silentAt = Math.min(silentAt, Math.max(this.heardAt, attempt.sentAt) + SILENCE_MS);
    }
    if (this.isFinished) return;
    if (this.pingDueAt <= now) {
      this.pingDueAt = Infinity;
      this.retire();
    } else if (silentAt <= now && this.mayPing) this.ping(now);
    if (this.isIdle) {
      const idleEnd = this.idleSince + this.owner.keepAliveMs;
      if (idleEnd <= now) return this.retire();
      next = Math.min(next, idleEnd);
    }
    this.alarm.set(Math.min(next, this.pingDueAt, this.mayPing ? silentAt : Infinity), now);
  }

  /** Once, until the endpoint has said something by itself. */
  private get mayPing(): boolean {
    return this.pingedAt <= this.heardAt;
  }

  private ping(now: number): void {
    this.pingedAt = now;
    this.pingDueAt = now + PING_TIMEOUT_MS;
    this.session.ping((error) => {
      if (error !== null) return;
      this.answeredAt = this.now();
      this.pingDueAt = Infinity;
    });
  }

  /** Nobody waits for anything on it: says goodbye and ends, whether or not the endpoint does. */
  private finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    const { session, socket } = this;
    session.destroy();
    socket.unref();
    socket.destroySoon();
    this.alarm.stop();
    const cancel = this.owner.clock.schedule(FLUSH_MS, () => socket.destroy(), true);
    socket.once('close', cancel);
  }

  private end(): void {
    this.alarm.stop();
    this.isFinished = true;
    if (!this.isRetired) {
      this.isRetired = true;
      this.owner.onRetired(this);
    }
    this.owner.onClosed(this);
  }
}

function limitOf(settings: http2.Settings): number {
  return settings.maxConcurrentStreams ?? Infinity;
}
