/**
 * From bytes to what the handler hears: interim heads, the head, the body without its framing, the end (RFC 9112 section 6).
 *
 * The bytes are in a buffer that all connections share, and any call to a handler may end up in another read: whatever is needed after such a
 * call is copied before it.
 */
import { ChunkedDecoder } from './chunked-decoder.ts';
import { INCOMPLETE, badResponse } from './head-parser.ts';
import type { HeadParser } from './head-parser.ts';
import { COPIED_BYTES } from './memory.ts';
import type { Memory } from './memory.ts';
import { Partial } from './partial.ts';
import type { Trip } from './trip.ts';

/** What the reader tells its connection. */
export interface ReaderOwner {
  /** The handler takes on loan what comes from the next read on. @returns whether it can have that */
  onLoan(): boolean;
  /** Somebody waits for the rest of the body, with the time limit of bodies. */
  onBodyPart(): void;
  onInterim(status: number): void;
  onHead(status: number): void;
  /** @param rest what has arrived after the head */
  onUpgrade(trip: Trip, rest: Buffer): void;
  /** The response is whole. @param isReusable as far as the response goes */
  onResponseOver(trip: Trip, isReusable: boolean): void;
}

const MAX_INTERIMS = 32;
/** undici's handlers get an object of fields here. Ours read `rawHeaders`. */
const NO_FIELDS: object = Object.freeze({});

const HEAD = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_END = 3;

export class ResponseReader {
  /** Of the last head. */
  keepAlive: string | undefined = undefined;
  /** More of the body has come on loan than anybody would copy. */
  isLong = false;
  private readonly owner: ReaderOwner;
  private readonly parser: HeadParser;
  private readonly maxHeadBytes: number;
  private readonly partial: Partial;
  private decoder: ChunkedDecoder | undefined = undefined;
  private trip!: Trip;
  private framing = HEAD;
  private left = 0;
  private readonly memory: Memory;
  /** The handler keeps no bytes for longer than it is paused. */
  private isTransient = false;
  /** What is read is its own until it has taken it. */
  private isLent = false;
  private isPersistent = true;
  private interims = 0;
  /** What arrived before the handler paused. */
  private held: Buffer | undefined = undefined;

  constructor(owner: ReaderOwner, parser: HeadParser, memory: Memory, maxHeadBytes: number) {
    this.owner = owner;
    this.parser = parser;
    this.memory = memory;
    this.maxHeadBytes = maxHeadBytes;
    this.partial = new Partial(maxHeadBytes);
  }

  /** The response to this one comes next. */
  expect(trip: Trip): void {
    this.trip = trip;
    this.framing = HEAD;
    this.interims = 0;
    this.held = undefined;
    this.isTransient = trip.handler.isTransient === true;
    this.isLent = false;
    this.isLong = false;
  }

  get hasHead(): boolean {
    return this.framing !== HEAD;
  }

  /** Some of the head has come. */
  get hasBegun(): boolean {
    return this.framing !== HEAD || this.partial.length > 0 || this.interims > 0;
  }

  /**
   * @param bytes may be overwritten as soon as this returns, or a handler is called
   * @param isOwn the latter does no harm. @throws TransportError
   */
  read(bytes: Buffer, length: number, isOwn: boolean): void {
    if (this.framing !== HEAD) this.readBody(this.take(bytes, 0, length, isOwn));
    else if (this.partial.length === 0) this.readHead(bytes, length, isOwn);
    else if (this.partial.append(bytes, 0, length)) this.readHead(this.partial.bytes, this.partial.length, false);
  }

  /** Goes on with what was held back. @throws TransportError */
  flush(): void {
    const { held } = this;
    this.held = undefined;
    if (held === undefined) return;
    if (this.framing === HEAD) this.readHead(held, held.length, false);
    else this.readBody(held);
  }

  /** Nothing more will come. @returns whether that has ended the response. @throws TransportError */
  end(): boolean {
    if (this.framing === UNTIL_END) {
      this.finish(false);
      return true;
    }
    // Whatever is wrong with what there is of a head is worth more than that it ended.
    if (this.framing === HEAD && this.partial.length > 0) this.parser.head(this.partial.bytes, 0, this.partial.length);
    return false;
  }

  private readHead(bytes: Buffer, length: number, isOwn: boolean): void {
    const { parser, partial } = this;
    const end = parser.head(bytes, 0, length);
    if (end === INCOMPLETE) {
      if (partial.length === 0) partial.append(bytes, 0, length);
      return partial.check(partial.length);
    }
    partial.check(end);
    const { status } = parser;
    const mayBeLent = isOwn && status >= 200;
    const rest = end === length ? undefined : mayBeLent ? bytes.subarray(end, length) : this.copyOf(bytes, end, length);
    partial.clear();
    if (status === 101) this.upgrade(rest);
    else if (status < 200) this.interim(status, rest);
    else this.final(status, rest, isOwn);
  }

  private interim(status: number, rest: Buffer | undefined): void {
    const { trip } = this;
    if (++this.interims > MAX_INTERIMS) throw badResponse(`more than ${MAX_INTERIMS} interim responses`);
    trip.rawHeaders = this.parser.rawHeaders;
    const { reason } = this.parser;
    this.owner.onInterim(status);
    trip.handler.onResponseStart(trip, status, NO_FIELDS, reason);
    if (trip.isOver || rest === undefined) return;
    if (trip.isPaused) this.held = rest;
    else this.readHead(rest, rest.length, false);
  }

  private upgrade(rest: Buffer | undefined): void {
    const { trip, parser } = this;
    if (trip.request.upgrade === undefined) throw badResponse('a change of protocols that nobody asked for');
    trip.rawHeaders = parser.rawHeaders;
    this.owner.onUpgrade(trip, rest ?? Buffer.alloc(0));
  }

  /** @param isOwn the rest is where the next read goes to, and no copy */
  private final(status: number, rest: Buffer | undefined, isOwn: boolean): void {
    const { trip, parser } = this;
    const isBodiless = status === 204 || status === 304 || trip.request.method === 'HEAD';
    this.frame(isBodiless);
    this.isPersistent = parser.isPersistent && this.framing !== UNTIL_END;
    this.keepAlive = parser.keepAlive;
    trip.rawHeaders = parser.rawHeaders;
    const { reason } = parser;
    this.owner.onHead(status);
    trip.handler.onResponseStart(trip, status, NO_FIELDS, reason);
    if (trip.isOver) return;
    if (this.framing !== LENGTH || this.left > COPIED_BYTES) {
      this.isLent = trip.handler.takesLoans === true && this.owner.onLoan();
      this.isLong = this.isLent && rest !== undefined && rest.length > COPIED_BYTES;
    }
    if (this.framing === LENGTH && this.left === 0) return this.finish(rest !== undefined);
    if (rest === undefined) return this.owner.onBodyPart();
    const bytes = isOwn && (!this.isLent || trip.isPaused) ? this.copyOf(rest, 0, rest.length) : rest;
    if (trip.isPaused) this.held = bytes;
    else this.readBody(bytes);
  }

  private frame(isBodiless: boolean): void {
    const { parser } = this;
    if (isBodiless || (!parser.isChunked && parser.contentLength >= 0)) {
      this.framing = LENGTH;
      this.left = isBodiless ? 0 : parser.contentLength;
    } else if (parser.isChunked) {
      this.framing = CHUNKED;
      if (this.decoder === undefined) this.decoder = new ChunkedDecoder(parser, this.maxHeadBytes);
      else this.decoder.reset();
    } else this.framing = UNTIL_END;
  }

  /** @param bytes belong to the handler from now on */
  private readBody(bytes: Buffer): void {
    if (this.framing === CHUNKED) return this.readChunks(bytes);
    const { trip } = this;
    if (this.framing === UNTIL_END) {
      trip.handler.onResponseData(trip, bytes);
      if (!trip.isOver) this.owner.onBodyPart();
      return;
    }
    const excess = bytes.length - this.left;
    const isLast = excess >= 0;
    this.left = isLast ? 0 : -excess;
    trip.handler.onResponseData(trip, excess > 0 ? bytes.subarray(0, bytes.length - excess) : bytes);
    if (trip.isOver) return;
    if (isLast) this.finish(excess > 0);
    else this.owner.onBodyPart();
  }

  private readChunks(bytes: Buffer): void {
    const { trip } = this;
    const decoder = this.decoder!;
    const end = decoder.decode(bytes);
    if (end > decoder.start) trip.handler.onResponseData(trip, bytes.subarray(decoder.start, end));
    if (trip.isOver) return;
    if (!decoder.isDone) return this.owner.onBodyPart();
    trip.rawTrailers = decoder.trailers;
    this.finish(decoder.used < bytes.length);
  }

  /** What belongs to the handler from now on, or until it has taken it. */
  private take(bytes: Buffer, from: number, to: number, isOwn: boolean): Buffer {
    this.isLong ||= this.isLent && to - from > COPIED_BYTES;
    return this.isLent && isOwn ? bytes.subarray(from, to) : this.copyOf(bytes, from, to);
  }

  private copyOf(bytes: Buffer, from: number, to: number): Buffer {
    return this.memory.copy(bytes, from, to, this.isTransient);
  }

  /** The connection is free before its handler hears of the end, which may lead to the next request. */
  private finish(hasExcess: boolean): void {
    const { trip } = this;
    this.owner.onResponseOver(trip, this.isPersistent && !hasExcess);
    trip.handler.onResponseEnd(trip, NO_FIELDS);
  }
}
