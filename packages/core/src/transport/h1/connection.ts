/**
 * One connection to an endpoint: it is dialled, carries one request at a time, rests in between, and ends.
 */
import type { Socket } from 'node:net';
import { TransportError } from '../transport-error.ts';
import type { TransportFault } from '../transport-error.ts';
import type { Destination } from './dial.ts';
import { connectFailure } from './dial.ts';
import { idleMsOf } from './keep-alive.ts';
import type { Keeper } from './keeper.ts';
import { ResponseReader } from './response-reader.ts';
import type { ReaderOwner } from './response-reader.ts';
import type { Surroundings } from './surroundings.ts';
import type { Swept } from './sweeper.ts';
import type { Carrier, Trip } from './trip.ts';
import { uploadOf, writeWhole } from './upload.ts';
import type { Upload, UploadOwner } from './upload.ts';
import { Wire } from './wire.ts';
import type { WireOwner } from './wire.ts';

/** How long an endpoint that was asked with `Expect: 100-continue` may think about it (RFC 9110 section 10.1.1 leaves that to us). */
const CONTINUE_MS = 1_000;
const CONTEXT: object = Object.freeze({});
const OVER = new TransportError('reset', 'the connection is not needed any more');
const STRAY = new TransportError('reset', 'the endpoint sent what nobody had asked for');

const DIALLING = 0;
const IDLE = 1;
const BUSY = 2;
const CLOSED = 3;

export class Connection implements Carrier, Swept, WireOwner, ReaderOwner, UploadOwner {
  index = 0;
  dueTick: number;
  /** It is dialled, or cools down. */
  isComing: boolean = true;
  readonly destination: Destination;
  readonly preamble: Buffer | undefined;
  readonly isForUpgrade: boolean;
  private readonly owner: Keeper<Connection>;
  private readonly around: Surroundings;
  private readonly wire: Wire;
  private readonly reader: ResponseReader;
  /** From when it is too old to be used again, on the clock. */
  private readonly staleAt: number;
  /** Until when it may be idle. */
  private idleUntil = Infinity;
  private idleMs = 0;
  private state: number = DIALLING;
  private trip: Trip | undefined = undefined;
  private upload: Upload | undefined = undefined;
  private isAwaitingContinue = false;
  private isWritten = false;

  constructor(owner: Keeper<Connection>, around: Surroundings, staleAt: number) {
    this.owner = owner;
    this.destination = owner.destination;
    this.preamble = owner.preamble;
    this.isForUpgrade = owner.isForUpgrade;
    this.around = around;
    this.staleAt = staleAt;
    this.wire = new Wire(this, around.memory);
    this.reader = new ResponseReader(this, around.parser, around.memory, around.options.maxHeadBytes);
    this.dueTick = around.dueIn(around.options.connectTimeoutMs);
    around.sweeper.add(this);
  }

  /** @throws whatever Node thinks of the TLS options */
  dial(): void {
    this.wire.dial();
  }

  get socket(): Socket {
    return this.wire.socket;
  }

  get isPaused(): boolean {
    return this.trip?.isPaused === true;
  }

  isUsable(now: number): boolean {
    return this.state === IDLE && now < this.idleUntil && now < this.staleAt && !this.socket.destroyed;
  }

  /** Sends a request. The connection has to be idle, and is so again if the request is called off. @returns whether it is on its way */
  start(trip: Trip): boolean {
    this.state = BUSY;
    this.trip = trip;
    this.isWritten = false;
    trip.connection = this;
    this.reader.expect(trip);
    this.around.sweeper.work();
    trip.handler.onRequestStart(trip, CONTEXT);
    if (trip.isOver) {
      this.leave();
      return false;
    }
    this.isWritten = true;
    this.awaitHead();
    if (trip.isPaused) this.pause();
    this.write(trip);
    return true;
  }

  private write(trip: Trip): void {
    const { socket } = this;
    const { head, request } = trip;
    if (writeWhole(socket, trip)) return;
    this.upload = uploadOf(this, trip);
    // What the source has at hand goes out together with the head.
    this.wire.corkForNow();
    socket.write(head, 'latin1');
    if (request.isContinueExpected === true) {
      this.isAwaitingContinue = true;
      this.dueTick = this.around.dueIn(CONTINUE_MS);
    } else this.upload.begin();
  }

  pause(): void {
    if (!this.isWritten) return;
    if (!this.isAwaitingContinue) this.dueTick = Infinity;
    this.wire.pause();
  }

  resume(): void {
    if (!this.isWritten) return;
    if (this.reader.hasHead) this.onBodyPart();
    else if (this.upload === undefined) this.awaitHead();
    this.wire.resume();
  }

  onResumed(): void {
    if (this.state === BUSY && !this.isPaused) this.attempt(() => this.reader.flush());
  }

  abort(reason: Error): void {
    if (this.isWritten) this.close(reason);
    // It was called off when its turn came: not a byte of it was sent.
    else this.trip?.fail(reason);
  }

  close(error: Error): void {
    const { trip, upload, state } = this;
    if (state === CLOSED) return;
    this.retire();
    this.wire.destroy();
    upload?.stop(true);
    this.owner.onClosed(this, state === DIALLING ? connectFailure(error) : undefined);
    trip?.fail(error);
  }

  onDue(): void {
    if (this.state === DIALLING) return this.closeWith('connect-timeout', 'no connection in time');
    if (this.isAwaitingContinue) return this.onInterim(100, true);
    const { hasHead } = this.reader;
    this.closeWith(hasHead ? 'body-timeout' : 'head-timeout', `no ${hasHead ? 'more of the body' : 'head'} in time`);
  }

  expire(now: number): void {
    if (this.state === IDLE && (now >= this.idleUntil || now >= this.staleAt)) this.close(OVER);
  }

  onCooled(now: number): void {
    if (this.state !== IDLE) return;
    this.idleUntil = now + this.idleMs;
    if (this.isUsable(now)) this.owner.onReady(this);
    else this.close(OVER);
  }

  onReady(): void {
    if (this.state !== DIALLING) return;
    this.state = IDLE;
    this.dueTick = Infinity;
    this.around.sweeper.rest();
    this.owner.onReady(this);
  }

  onBytes(bytes: Buffer, length: number, isOwn: boolean): void {
    if (this.state !== BUSY || !this.isWritten) return this.close(STRAY);
    try {
      this.reader.read(bytes, length, isOwn);
    } catch (error) {
      this.close(error as Error);
    }
  }

  onEnd(): void {
    if (this.state !== BUSY) return this.close(OVER);
    this.attempt(() => {
      if (this.wire.isReset(this.upload !== undefined) || !this.reader.end()) this.closeWith('reset', this.howReset());
    });
  }

  onError(error: Error): void {
    if (this.state === DIALLING) this.close(error);
    else this.closeWith('reset', `the connection broke: ${error.message}`, error);
  }

  onGone(): void {
    if (this.state !== CLOSED) this.closeWith('reset', this.howReset());
    this.owner.onGone();
  }

  onDrain(): void {
    this.upload?.onDrain();
  }

  onBodyPart(): void {
    if (this.trip !== undefined) this.dueTick = this.around.bodyDue(this.trip);
  }

  onInterim(status: number, isOurs = false): void {
    if (this.upload === undefined || !this.isAwaitingContinue) return this.awaitHead();
    if (status !== 100) return;
    this.isAwaitingContinue = false;
    this.awaitHead();
    this.upload.begin();
    if (isOurs) this.trip?.sayContinue();
  }

  onHead(status: number): void {
    // An answer that has no use for the rest of the request; others, such as a converter's, may be made while it comes.
    if (this.isAwaitingContinue || status >= 300) this.upload?.stop(false);
    this.isAwaitingContinue = false;
  }

  onUpgrade(trip: Trip, rest: Buffer): void {
    const { upload, owner } = this;
    this.retire();
    upload?.stop(true);
    const socket = this.wire.handOver(rest);
    owner.onClosed(this, undefined);
    owner.onGone();
    trip.isOver = true;
    trip.handler.onRequestUpgrade(trip, 101, CONTEXT, socket);
  }

  onLoan(): boolean {
    return this.wire.readAlone();
  }

  onResponseOver(trip: Trip, isReusable: boolean): void {
    const { upload, owner } = this;
    // Who pauses in the last piece has not written it yet.
    this.wire.settle(trip.isPaused, this.reader.isLong);
    this.idleMs = idleMsOf(this.reader.keepAlive, this.around.options.keepAliveMs);
    const isKept = isReusable && upload === undefined && !trip.isLast && this.idleMs > 0;
    trip.isOver = true;
    this.leave();
    if (!isKept || this.socket.destroyed) return this.close(OVER);
    if (trip.isPaused) this.wire.resume();
    owner.onFree(this);
  }

  onUploadWaits(isOnEndpoint: boolean): void {
    if (this.reader.hasHead) return;
    if (isOnEndpoint) this.awaitHead();
    else this.dueTick = Infinity;
  }

  onUploadDone(): void {
    this.upload = undefined;
    if (!this.reader.hasHead) this.awaitHead();
  }

  private leave(): void {
    this.state = IDLE;
    this.trip = undefined;
    this.dueTick = Infinity;
    this.around.sweeper.rest();
  }

  private retire(): void {
    if (this.state !== IDLE) this.around.sweeper.rest();
    this.around.sweeper.remove(this);
    this.state = CLOSED;
    this.trip = undefined;
    this.upload = undefined;
  }

  private awaitHead(): void {
    if (this.trip !== undefined) this.dueTick = this.around.headDue(this.trip);
  }

  private closeWith(fault: TransportFault, message: string, cause?: unknown): void {
    this.close(new TransportError(fault, message, cause));
  }

  private attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.close(error as Error);
    }
  }

  private howReset(): string {
    return this.reader.hasBegun ? 'it ended before the response did' : 'it ended without a response';
  }
}
