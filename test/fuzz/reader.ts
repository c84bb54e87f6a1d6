/**
 * A reader of HTTP/1.1 messages that forgives nothing, written from RFC 9112 alone and used by nobody but the fuzzers: a second opinion on
 * what the proxy has put on a wire is worth something only if it shares no code with what put it there. One character is one byte.
 */

/** What is wrong with the bytes, in the words of the RFC. */
export class Malformed extends Error {}

export type Fields = readonly (readonly [name: string, value: string])[];

/** A message and where it ends. */
export interface Message {
  /** The first line. */
  readonly start: string;
  readonly fields: Fields;
  /** Without framing. */
  readonly body: string;
  readonly trailers: Fields;
  /** Index of the byte after the message. */
  readonly end: number;
  /** 0 in a request. */
  readonly status: number;
  readonly isChunked: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.[01]$/;
/** The space before an empty reason phrase is left out so often that nobody insists on it. */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** RFC 9110 section 6.5.1: fields that frame, route, or say who is asking have no place behind a body. */
const FORBIDDEN_TRAILER =
  /^(transfer-encoding|content-length|host|connection|trailer|te|upgrade|set-cookie|cookie|authorization)$/i;

/** The values of a field, in order. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
}

/** The request at `from`; undefined if it is not whole yet. @throws Malformed */
export function readRequest(bytes: string, from: number): Message | undefined {
  const head = readHead(bytes, from);
  if (head === undefined) return undefined;
  const { start, fields, end } = head;
  if (!REQUEST_LINE.test(start)) throw new Malformed(`request line ${JSON.stringify(start)}`);
  if (valuesOf(fields, 'host').length !== 1) throw new Malformed('not exactly one Host');
  const { length, isChunked } = framingOf(fields);
  const message = { start, fields, status: 0, isChunked };
  if (isChunked) return withChunks(bytes, end, message);
  return withLength(bytes, end, length ?? 0, message);
}

/**
 * The response at `from`; undefined if it is not whole yet. An interim response is one of its own.
 * @param isOver nothing more will come
 * @throws Malformed
 */
export function readResponse(bytes: string, from: number, method: string, isOver: boolean): Message | undefined {
  const head = readHead(bytes, from);
  if (head === undefined) return undefined;
  const { start, fields, end } = head;
  const status = Number(STATUS_LINE.exec(start)?.[1] ?? 0);
  if (status === 0) throw new Malformed(`status line ${JSON.stringify(start)}`);
  const { length, isChunked } = framingOf(fields);
  const message = { start, fields, status, isChunked };
  if (status < 200 || status === 204) {
    if (isChunked || length !== undefined) throw new Malformed(`a ${status} with framing`);
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return withLength(bytes, end, 0, message);
  if (isChunked) return withChunks(bytes, end, message);
  if (length !== undefined) return withLength(bytes, end, length, message);
  return isOver ? withLength(bytes, end, bytes.length - end, message) : undefined;
}

type Head = Omit<Message, 'body' | 'trailers' | 'end'>;

function readHead(bytes: string, from: number): { start: string; fields: Fields; end: number } | undefined {
  const startEnd = bytes.indexOf('\r\n', from);
  if (startEnd < 0) return undefined;
  const section = readFields(bytes, startEnd + 2);
  return section && { start: bytes.slice(from, startEnd), ...section };
}

/** Field lines up to and with the empty line. */
function readFields(bytes: string, from: number): { fields: Fields; end: number } | undefined {
  const fields: [string, string][] = [];
  for (let at = from; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    if (end === at) return { fields, end: end + 2 };
    const line = bytes.slice(at, end);
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1);
    if (!TOKEN.test(name) || !VALUE.test(value)) throw new Malformed(`field line ${JSON.stringify(line)}`);
    fields.push([name, value.replace(/^[\t ]+|[\t ]+$/g, '')]);
    at = end + 2;
  }
}

/** RFC 9112 section 6.3, of which only what leaves no doubt is taken. */
function framingOf(fields: Fields): { length: number | undefined; isChunked: boolean } {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Malformed(`framed by ${[...lengths, ...codings].join(' and ')}`);
  if (codings.length === 1 && codings[0]!.toLowerCase() !== 'chunked') throw new Malformed(`coded as ${codings[0]}`);
  if (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!)) throw new Malformed(`a length of ${lengths[0]}`);
  return { length: lengths.length === 1 ? Number(lengths[0]) : undefined, isChunked: codings.length === 1 };
}

function withLength(bytes: string, from: number, length: number, head: Head): Message | undefined {
  const end = from + length;
  if (bytes.length < end) return undefined;
  return { ...head, body: bytes.slice(from, end), trailers: [], end };
}

function withChunks(bytes: string, from: number, head: Head): Message | undefined {
  const pieces: string[] = [];
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const digits = bytes.slice(at, lineEnd);
    if (!/^[0-9A-Fa-f]{1,8}$/.test(digits)) throw new Malformed(`chunk size ${JSON.stringify(digits)}`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) return withTrailers(bytes, lineEnd + 2, pieces.join(''), head);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return undefined;
    if (bytes.slice(end, end + 2) !== '\r\n') throw new Malformed('no CRLF behind a chunk');
    pieces.push(bytes.slice(lineEnd + 2, end));
    at = end + 2;
  }
}

function withTrailers(bytes: string, from: number, body: string, head: Head): Message | undefined {
  const section = readFields(bytes, from);
  if (section === undefined) return undefined;
  const wrong = section.fields.find(([name]) => FORBIDDEN_TRAILER.test(name));
  if (wrong !== undefined) throw new Malformed(`trailer ${wrong[0]}`);
  return { ...head, body, trailers: section.fields, end: section.end };
}
