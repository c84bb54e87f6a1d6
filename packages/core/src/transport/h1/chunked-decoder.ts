/**
 * The chunked transfer coding (RFC 9112 section 7.1). Takes whatever has arrived and moves the payload in it together, so that many small
 * chunks of one read go on as one piece.
 */
import { INCOMPLETE, badResponse } from './head-parser.ts';
import type { HeadParser } from './head-parser.ts';
import { CR, LF } from './octets.ts';
import { Partial } from './partial.ts';

/** 2^48 bytes: a chunk of 256 TiB will do. */
const MAX_SIZE_DIGITS = 12;
const MAX_LINE_BYTES = 1_024;
const MAX_EXTENSION_BYTES = 16_384;

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]{1,${MAX_SIZE_DIGITS}})((?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*)\\r\\n$`);

const NO_FIELDS: readonly string[] = [];

const SIZE = 0;
const DATA = 1;
const DATA_CR = 2;
const DATA_LF = 3;
const TRAILERS = 4;

export class ChunkedDecoder {
  isDone = false;
  /** Where the payload of the last call begins, and how many bytes of it were used. */
  start = 0;
  used = 0;
  trailers: readonly string[] = NO_FIELDS;
  private readonly parser: HeadParser;
  private readonly partial: Partial;
  private state = SIZE;
  /** Bytes of the chunk that are to come. */
  private left = 0;
  /** The beginning of a size line. */
  private line = '';
  private extensionBytes = 0;

  constructor(parser: HeadParser, maxTrailerBytes: number) {
    this.parser = parser;
    this.partial = new Partial(maxTrailerBytes);
  }

  reset(): void {
    this.isDone = false;
    this.trailers = NO_FIELDS;
    this.state = SIZE;
    this.left = 0;
    this.line = '';
    this.extensionBytes = 0;
    this.partial.clear();
  }

  /** Overwrites what it is given. @returns the end of the payload, which begins at `start`. @throws TransportError */
  decode(bytes: Buffer): number {
    let at = 0;
    this.start = 0;
    let end = 0;
    while (at < bytes.length && !this.isDone) {
      if (this.state === DATA) {
        const take = Math.min(this.left, bytes.length - at);
        if (end === 0) this.start = end = at;
        if (end !== at) bytes.copyWithin(end, at, at + take);
        end += take;
        at += take;
        this.left -= take;
        if (this.left === 0) this.state = DATA_CR;
      } else at = this.control(bytes, at);
    }
    this.used = at;
    return end;
  }

  private control(bytes: Buffer, at: number): number {
    if (this.state === SIZE) return this.size(bytes, at);
    if (this.state === TRAILERS) return this.trailerPart(bytes, at);
    if (bytes[at] !== (this.state === DATA_CR ? CR : LF)) throw badResponse('a chunk that is longer than announced');
    this.state = this.state === DATA_CR ? DATA_LF : SIZE;
    return at + 1;
  }

  private size(bytes: Buffer, from: number): number {
    let at = from;
    let size = 0;
    if (this.line === '') {
      for (let digit = hex(bytes[at]!); digit >= 0 && at - from < MAX_SIZE_DIGITS;) {
        size = size * 16 + digit;
        digit = ++at < bytes.length ? hex(bytes[at]!) : -1;
      }
      if (at > from && at + 1 < bytes.length && bytes[at] === CR && bytes[at + 1] === LF) {
        this.begin(size);
        return at + 2;
      }
    }
    return this.sizeLine(bytes, from);
  }

  /** A size line with extensions, or one that did not come whole. */
  private sizeLine(bytes: Buffer, from: number): number {
    const feed = bytes.indexOf(LF, from);
    const end = feed < 0 ? bytes.length : feed + 1;
    if (this.line.length + end - from > MAX_LINE_BYTES) throw badResponse('a chunk head that is too long');
    this.line += bytes.toString('latin1', from, end);
    if (feed < 0) return end;
    const [, digits, extensions] = SIZE_LINE.exec(this.line) ?? [];
    if (digits === undefined || extensions === undefined) throw badResponse('a chunk head that is none');
    this.extensionBytes += extensions.length;
    if (this.extensionBytes > MAX_EXTENSION_BYTES) throw badResponse('too many chunk extensions');
    this.line = '';
    this.begin(Number.parseInt(digits, 16));
    return end;
  }

  private begin(size: number): void {
    this.left = size;
    this.state = size === 0 ? TRAILERS : DATA;
  }

  private trailerPart(bytes: Buffer, at: number): number {
    const { partial } = this;
    if (partial.length === 0 && at + 1 < bytes.length && bytes[at] === CR && bytes[at + 1] === LF) {
      this.isDone = true;
      return at + 2;
    }
    const before = partial.length;
    if (!partial.append(bytes, at, bytes.length)) return bytes.length;
    const end = this.parser.trailers(partial.bytes, 0, partial.length);
    if (end === INCOMPLETE) return bytes.length;
    partial.check(end);
    this.isDone = true;
    this.trailers = this.parser.rawHeaders;
    return at + end - before;
  }
}

function hex(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
