/**
 * Response heads and trailer fields, by the letter of RFC 9112: sections 4 and 5, without any of the leniency that they allow.
 * Two parties that read the same bytes in two ways is how one request gets the answer of another.
 *
 * The bytes are looked at once. A head that is not whole is read again from its start when there is more of it.
 */
import { TransportError } from '../transport-error.ts';
import { COLON, CR, HTAB, LF, OCTETS, SP, TEXT, TOKEN } from './octets.ts';

/** There is no whole head yet. */
export const INCOMPLETE = -1;

const MAX_FIELDS = 2_000;
const PREFIX = Buffer.from('HTTP/1.');
/** `HTTP/1.1 200` and what follows the status. */
const STATUS_LINE_START = 13;
const ZERO = 0x30;

/** Where the fields of the head that was read last are: start and end of the name, start and end of the value. */
const marks = new Int32Array(MAX_FIELDS * 4);

export function badResponse(what: string): TransportError {
  return new TransportError('bad-response', `the endpoint answered with ${what}`);
}

/** Reads heads; what it has read last is in its fields. */
export class HeadParser {
  status = 0;
  reason = '';
  /** Name, value, name, value, as on the wire. */
  rawHeaders: string[] = [];
  /** -1 if not announced. */
  contentLength = -1;
  isChunked = false;
  /** The endpoint keeps the connection open. */
  isPersistent = true;
  /** The value of the `Keep-Alive` field. */
  keepAlive: string | undefined = undefined;
  private count = 0;

  /** @returns where the head ends, or INCOMPLETE. @throws TransportError */
  head(bytes: Buffer, from: number, to: number): number {
    const fieldsAt = this.statusLine(bytes, from, to);
    if (fieldsAt === INCOMPLETE) return INCOMPLETE;
    const end = this.scanFields(bytes, fieldsAt, to);
    if (end === INCOMPLETE) return INCOMPLETE;
    const text = bytes.toString('latin1', from, end);
    this.status = Number(text.slice(9, 12));
    if (this.status < 100) throw badResponse(`status ${text.slice(9, 12)}`);
    this.reason = text.slice(STATUS_LINE_START, fieldsAt - from - 2);
    this.isPersistent = text[7] === '1';
    this.takeFields(text, from);
    if (this.isChunked && text[7] === '0') throw badResponse('a transfer coding in HTTP/1.0');
    return end;
  }

  /** Reads the fields after a chunked body into `rawHeaders`. What they say about framing comes too late to mean anything. @returns where they end, or INCOMPLETE. @throws TransportError */
  trailers(bytes: Buffer, from: number, to: number): number {
    const end = this.scanFields(bytes, from, to);
    if (end !== INCOMPLETE) this.rawHeaders = this.fieldsIn(bytes.toString('latin1', from, end), from);
    return end;
  }

  /** @returns where the next line begins */
  private statusLine(bytes: Buffer, from: number, to: number): number {
    for (let i = 0; i < PREFIX.length && from + i < to; i++) {
      if (bytes[from + i] !== PREFIX[i]) throw badResponse('something else than HTTP/1');
    }
    if (to - from < STATUS_LINE_START) return INCOMPLETE;
    const minor = bytes[from + 7]! - ZERO;
    if ((minor !== 0 && minor !== 1) || bytes[from + 8] !== SP)
      throw badResponse('an HTTP version that there is none of');
    for (let i = 9; i < 12; i++) {
      const digit = bytes[from + i]! - ZERO;
      if (digit < 0 || digit > 9) throw badResponse('a status that is no number');
    }
    let at = from + 12;
    if (bytes[at] === SP) {
      at++;
      while (at < to && (OCTETS[bytes[at]!]! & TEXT) !== 0) at++;
    }
    return lineEnd(bytes, at, to);
  }

  private scanFields(bytes: Buffer, from: number, to: number): number {
    let at = from;
    for (this.count = 0; at < to && bytes[at] !== CR; this.count++) {
      if (this.count === MAX_FIELDS) throw badResponse(`more than ${MAX_FIELDS} fields`);
      const next = scanField(bytes, at, to, this.count * 4);
      if (next === INCOMPLETE) return INCOMPLETE;
      at = next;
    }
    return lineEnd(bytes, at, to);
  }

  /** @param offset of `text` in the bytes that were scanned */
  private fieldsIn(text: string, offset: number): string[] {
    const fields: string[] = [];
    for (let i = 0, end = this.count * 4; i < end; i += 4) {
      fields.push(
        text.slice(marks[i]! - offset, marks[i + 1]! - offset),
        text.slice(marks[i + 2]! - offset, marks[i + 3]! - offset),
      );
    }
    return fields;
  }

  private takeFields(text: string, offset: number): void {
    const fields = this.fieldsIn(text, offset);
    this.contentLength = -1;
    this.isChunked = false;
    this.keepAlive = undefined;
    for (let i = 0; i < fields.length; i += 2) {
      const { length } = fields[i]!;
      // `connection` and `keep-alive`, `content-length`, `transfer-encoding`
      if (length === 10 || length === 14 || length === 17) this.heed(fields[i]!.toLowerCase(), fields[i + 1]!);
    }
    if (this.isChunked && this.contentLength >= 0) throw badResponse('two framings');
    this.rawHeaders = fields;
  }

  private heed(name: string, value: string): void {
    if (name === 'content-length') {
      if (this.contentLength >= 0 || !/^\d{1,15}$/.test(value)) throw badResponse(`Content-Length ${value}`);
      this.contentLength = Number(value);
    } else if (name === 'transfer-encoding') {
      if (this.isChunked || value.toLowerCase() !== 'chunked') throw badResponse(`Transfer-Encoding ${value}`);
      this.isChunked = true;
    } else if (name === 'connection') {
      if (value !== 'keep-alive' && hasClose(value)) this.isPersistent = false;
    } else if (name === 'keep-alive') this.keepAlive = value;
  }
}

/** Puts where the field is into `marks`. @returns where the next line begins */
function scanField(bytes: Buffer, from: number, to: number, mark: number): number {
  let at = from;
  while (at < to && (OCTETS[bytes[at]!]! & TOKEN) !== 0) at++;
  if (at === to) return INCOMPLETE;
  // A line that begins with white space would be a part of the one before (obs-fold): none may.
  if (at === from || bytes[at] !== COLON) throw badResponse('a field name that is none');
  marks[mark] = from;
  marks[mark + 1] = at++;
  while (at < to && (bytes[at] === SP || bytes[at] === HTAB)) at++;
  const start = at;
  while (at < to && (OCTETS[bytes[at]!]! & TEXT) !== 0) at++;
  let end = at;
  while (end > start && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--;
  marks[mark + 2] = start;
  marks[mark + 3] = end;
  return lineEnd(bytes, at, to);
}

function lineEnd(bytes: Buffer, at: number, to: number): number {
  if (at < to && bytes[at] !== CR) throw badResponse('a line that holds control characters');
  if (at + 1 >= to) return INCOMPLETE;
  if (bytes[at + 1] !== LF) throw badResponse('a line that ends without LF');
  return at + 2;
}

function hasClose(value: string): boolean {
  return value
    .toLowerCase()
    .split(',')
    .some((option) => option.trim() === 'close');
}
