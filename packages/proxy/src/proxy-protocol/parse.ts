/**
 * The head of the PROXY protocol as it arrives: the text line of version 1 and the binary block of version 2. Pure and strict: the same bytes
 * always give the same answer, and what is not exactly a head is refused, since a head decides who the client is.
 * @see https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt
 */
import { isIPv4, isIPv6 } from 'node:net';
import { crc32c } from './crc32c.ts';
import { canonicalIp, readIp } from './ip.ts';

/** One end of a connection. */
export interface ConnectionEnd {
  /** IPv4 in dotted form, IPv6 as the system writes it. */
  readonly address: string;
  readonly port: number;
}

/** What a head says about the connection that it begins. */
export interface ProxyHead {
  readonly kind: 'head';
  /** Where the head ends. */
  readonly byteLength: number;
  /** The client. Undefined, as `destination`, if the sender speaks for itself or does not know: then the real ends count. */
  readonly source: ConnectionEnd | undefined;
  /** What the client connected to. */
  readonly destination: ConnectionEnd | undefined;
  /** The host name that the client asked for in TLS. The client's word, but never more than letters, digits, `.`, `-` and `_`. */
  readonly authority: string | undefined;
  /** The client's own connection is TLS. */
  readonly isTls: boolean;
}

/** A head; or that there is none (`absent`); or a broken one; or that it pays to ask again once there are `atLeast` bytes. */
export type HeadParse =
  | ProxyHead
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'more'; readonly atLeast: number };

const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The longest line, its end included (section 2.1). */
export const MAX_V1_BYTES = 107;
const V2_FIXED_BYTES = 16;
/** What every path carries in one piece (section 2), and 4 KiB for what proxies like to add. */
export const MAX_V2_BYTES: number = 536 + 4_096;

const PORT = /^(?:0|[1-9]\d{0,4})$/;
const HOST_NAME = /^[A-Za-z0-9._-]{1,255}$/;
const CR = 0x0d;
const LF = 0x0a;

const LOCAL = 0x20;
const PROXY = 0x21;
/** Bytes of the two addresses and ports, by family: unspecified, IPv4, IPv6, Unix. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;
const STREAM = 1;
const DATAGRAM = 2;

const TLV_AUTHORITY = 0x02;
const TLV_CRC32C = 0x03;
const TLV_SSL = 0x20;
const SSL_CLIENT_IS_TLS = 0x01;

/** Reads the head at the beginning of `bytes`, all that has arrived so far; what follows it is not looked at. */
export function parseProxyHead(bytes: Buffer): HeadParse {
  if (bytes.length === 0) return { kind: 'more', atLeast: 1 };
  const isText = bytes[0] === V1_SIGNATURE[0];
  const signature = isText ? V1_SIGNATURE : V2_SIGNATURE;
  const length = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, length, 0, length) !== 0) return { kind: 'absent' };
  if (length < signature.length) return { kind: 'more', atLeast: length + 1 };
  return isText ? parseText(bytes) : parseBinary(bytes);
}

function invalid(reason: string): HeadParse {
  return { kind: 'invalid', reason };
}

function headOf(byteLength: number, source?: ConnectionEnd, destination?: ConnectionEnd): ProxyHead {
  return { kind: 'head', byteLength, source, destination, authority: undefined, isTls: false };
}

/** Version 1 (section 2.1). */
function parseText(bytes: Buffer): HeadParse {
  const window = bytes.subarray(0, MAX_V1_BYTES);
  const cr = window.indexOf(CR);
  const lf = window.indexOf(LF);
  if (lf >= 0 && cr !== lf - 1) return invalid('the line does not end in CR LF');
  if (lf < 0) {
    if (cr >= 0 && cr < window.length - 1) return invalid('the line holds a CR');
    if (window.length === MAX_V1_BYTES) return invalid('the line is too long');
    return { kind: 'more', atLeast: bytes.length + 1 };
  }
  return parseLine(window.toString('latin1', 0, cr), lf + 1);
}

function parseLine(line: string, byteLength: number): HeadParse {
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = line.split(' ');
  if (family === 'UNKNOWN') return headOf(byteLength);
  const isFamily = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isFamily === undefined) return invalid('the protocol is not known');
  if (rest.length > 0) return invalid('the line holds more than addresses and ports');
  if (!isFamily(source) || !isFamily(destination)) return invalid('an address is not one of the family');
  const from = endOf(source, sourcePort);
  const to = endOf(destination, destinationPort);
  if (from === undefined || to === undefined) return invalid('an address or port is not valid');
  return headOf(byteLength, from, to);
}

function endOf(address: string, port: string): ConnectionEnd | undefined {
  const canonical = canonicalIp(address);
  if (canonical === undefined || !PORT.test(port) || Number(port) > 65_535) return undefined;
  return { address: canonical, port: Number(port) };
}

/** Version 2 (section 2.2). */
function parseBinary(bytes: Buffer): HeadParse {
  if (bytes.length < V2_FIXED_BYTES) return { kind: 'more', atLeast: V2_FIXED_BYTES };
  const command = bytes[12]!;
  if (command !== LOCAL && command !== PROXY) return invalid('the version or command is not known');
  const family = bytes[13]! >> 4;
  const protocol = bytes[13]! & 0x0f;
  const byteLength = V2_FIXED_BYTES + bytes.readUInt16BE(14);
  if (byteLength > MAX_V2_BYTES) return invalid('the head is too long');
  if (command === PROXY && (family >= ADDRESS_BYTES.length || protocol > DATAGRAM)) {
    return invalid('the address family or protocol is not known');
  }
  if (bytes.length < byteLength) return { kind: 'more', atLeast: byteLength };
  // LOCAL and what is unspecified: whatever is in the block is to be ignored.
  if (command === LOCAL || family === 0 || protocol === 0) return headOf(byteLength);
  const extrasAt = V2_FIXED_BYTES + ADDRESS_BYTES[family]!;
  if (byteLength < extrasAt) return invalid('the addresses are cut short');
  const head = bytes.subarray(0, byteLength);
  const extras = parseExtras(head, extrasAt);
  if (typeof extras === 'string') return invalid(extras);
  if (family === 3 || protocol !== STREAM) return { ...headOf(byteLength), ...extras };
  const size = family === 1 ? 4 : 16;
  const portsAt = V2_FIXED_BYTES + 2 * size;
  const source = { address: readIp(head, V2_FIXED_BYTES, size), port: head.readUInt16BE(portsAt) };
  const destination = { address: readIp(head, V2_FIXED_BYTES + size, size), port: head.readUInt16BE(portsAt + 2) };
  return { ...headOf(byteLength, source, destination), ...extras };
}

/** Walks the type-length-value fields; those that mean nothing here are skipped. @returns why they are refused, if they are */
function parseExtras(head: Buffer, start: number): Pick<ProxyHead, 'authority' | 'isTls'> | string {
  let authority: string | undefined;
  let isTls = false;
  let sumAt = 0;
  for (let at = start; at < head.length;) {
    if (at + 3 > head.length) return 'a field is cut short';
    const valueAt = at + 3;
    const length = head.readUInt16BE(at + 1);
    if (valueAt + length > head.length) return 'a field is longer than the head';
    if (head[at] === TLV_CRC32C) {
      if (length !== 4 || sumAt > 0) return 'the checksum is malformed';
      sumAt = valueAt;
    } else if (head[at] === TLV_AUTHORITY) {
      const name = head.toString('latin1', valueAt, valueAt + length);
      authority = HOST_NAME.test(name) ? name : undefined;
    } else if (head[at] === TLV_SSL) {
      if (length < 5) return 'the TLS field is cut short';
      isTls = (head[valueAt]! & SSL_CLIENT_IS_TLS) !== 0;
    }
    at = valueAt + length;
  }
  if (sumAt > 0 && !isSumRight(head, sumAt)) return 'the checksum is wrong';
  return { authority, isTls };
}

/** The sum is that of the head with zeros in the place of the sum (section 2.2.3). */
function isSumRight(head: Buffer, sumAt: number): boolean {
  const blank = Buffer.from(head);
  blank.writeUInt32BE(0, sumAt);
  return crc32c(blank) === head.readUInt32BE(sumAt);
}
