/**
 * One request on its way over a connection: what its handler holds in its hands. It is an object of its own so that a handler that still
 * speaks to it when it is over cannot reach the next request on the same connection.
 */
import type { Readable } from 'node:stream';
import type { TransportController, TransportHandler, UpstreamRequest } from '../transport.ts';

/** Where a request waits for a connection. */
export interface WaitingRoom {
  forget(trip: Trip): void;
}

/** What it may ask of the connection it is on. */
export interface Carrier {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

const NO_FIELDS: readonly string[] = [];

/** The body is sent in chunks. */
export const CHUNKED = -1;

export class Trip implements TransportController {
  rawHeaders: readonly string[] = NO_FIELDS;
  rawTrailers: readonly string[] = NO_FIELDS;
  readonly request: UpstreamRequest;
  readonly handler: TransportHandler;
  readonly room: WaitingRoom;
  /** The request line and all fields. */
  head = '';
  /** Bytes of the body, or CHUNKED. */
  bodyLength = 0;
  /** The request says that it is the last one on its connection. */
  isLast = false;
  isPaused = false;
  isOver = false;
  connection: Carrier | undefined = undefined;

  constructor(request: UpstreamRequest, handler: TransportHandler, room: WaitingRoom) {
    this.request = request;
    this.handler = handler;
    this.room = room;
  }

  /** There is no connection for it yet. */
  wait(): void {
    this.handler.onRequestWait?.(this);
  }

  /** A source that breaks before there is a connection. */
  watch(source: Readable): void {
    source.on('error', (error: Error) => {
      if (this.connection === undefined) this.abort(error);
    });
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    const { connection } = this;
    if (connection === undefined) {
      this.room.forget(this);
      this.fail(reason);
    } else connection.abort(reason);
  }

  pause(): void {
    if (this.isPaused || this.isOver) return;
    this.isPaused = true;
    this.connection?.pause();
  }

  resume(): void {
    if (!this.isPaused || this.isOver) return;
    this.isPaused = false;
    this.connection?.resume();
  }

  /** The endpoint has not said whether it wants the body, and the client may wait for that. */
  sayContinue(): void {
    if (this.isOver) return;
    this.rawHeaders = NO_FIELDS;
    this.handler.onResponseStart(this, 100, NO_FIELDS, '');
  }

  /** Tells the handler that it is over. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onResponseError(this.connection === undefined ? null : this, error);
  }
}
