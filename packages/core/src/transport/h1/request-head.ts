/**
 * Request heads. Framing is made here and nowhere else; whatever could make one request look like two is refused, whoever has let it come
 * this far.
 */
import { TransportError } from '../transport-error.ts';
import type { UpstreamRequest } from '../transport.ts';
import { TARGET, TOKEN, isMadeOf, isText } from './octets.ts';
import { CHUNKED } from './trip.ts';
import type { Trip } from './trip.ts';

/** Methods that are expected to have a body, so that its absence is said (RFC 9110 section 8.6). */
const BODIED = new Set(['POST', 'PUT', 'PATCH']);
/** The connection's own, which is made here. */
const OURS = new Set(['keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function refused(what: string): TransportError {
  return new TransportError('bad-request', `the request cannot be sent: ${what}`);
}

/**
 * Gives the trip its head and its framing.
 * @param authority what `Host` says if the request does not
 * @throws TransportError
 */
export function writeHead(trip: Trip, authority: string): void {
  const { method, path, headers, upgrade, isContinueExpected } = trip.request;
  if (method === '' || !isMadeOf(TOKEN, method) || method === 'CONNECT')
    throw refused(`method ${JSON.stringify(method)}`);
  if (path === '' || !isMadeOf(TARGET, path)) throw refused('its target holds white space or control characters');
  let host = '';
  let fields = '';
  let length = -1;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    const value = headers[i + 1]!;
    assertField(name, value);
    const line = `${name}: ${value}\r\n`;
    // `host`, `connection` and `keep-alive`, `content-length`, and the others by their length
    switch (name.length) {
      case 4:
        if (name.toLowerCase() !== 'host') fields += line;
        else if (host === '') host = line;
        else throw refused('it has two hosts');
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') length = lengthOf(value, length);
        fields += line;
        break;
      case 7:
      case 10:
      case 16:
      case 17:
        fields += ownField(trip, name.toLowerCase(), value) ? '' : line;
        break;
      default:
        fields += line;
    }
  }
  if (host === '') host = `Host: ${authority}\r\n`;
  if (trip.isLast) fields += 'Connection: close\r\n';
  if (upgrade !== undefined) fields += upgradeFields(upgrade);
  if (isContinueExpected === true && trip.request.body !== null) fields += 'Expect: 100-continue\r\n';
  trip.head = `${method} ${path} HTTP/1.1\r\n${host}${fields}${framing(trip, length)}\r\n`;
}

/** What follows the last chunk. @throws TransportError */
export function trailerFields(fields: readonly string[]): string {
  let text = '';
  for (let i = 0; i + 1 < fields.length; i += 2) {
    assertField(fields[i]!, fields[i + 1]!);
    text += `${fields[i]!}: ${fields[i + 1]!}\r\n`;
  }
  return text;
}

function assertField(name: string, value: string): void {
  if (name === '' || !isMadeOf(TOKEN, name)) throw refused(`field name ${JSON.stringify(name)}`);
  if (!isText(value)) throw refused(`the value of ${name} holds control characters`);
}

/** Heeds a field about the connection. @returns whether it was one. @throws TransportError */
function ownField(trip: Trip, name: string, value: string): boolean {
  if (OURS.has(name)) throw refused(`${name} is the connection's own`);
  if (name !== 'connection') return false;
  const option = value.toLowerCase();
  if (option !== 'close' && option !== 'keep-alive') throw refused(`connection option ${value}`);
  if (option === 'close') trip.isLast = true;
  return true;
}

function upgradeFields(protocol: string): string {
  assertField('Upgrade', protocol);
  return `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
}

function lengthOf(value: string, before: number): number {
  if (before >= 0 || !/^\d{1,15}$/.test(value)) throw refused(`Content-Length ${value}`);
  return Number(value);
}

/** @param length what the fields announce, or -1 */
function framing(trip: Trip, length: number): string {
  const { body, method }: UpstreamRequest = trip.request;
  if (body === null) {
    if (length > 0) throw refused('it announces a body and has none');
    return length < 0 && BODIED.has(method) ? 'Content-Length: 0\r\n' : '';
  }
  if (Buffer.isBuffer(body)) {
    if (length >= 0 && length !== body.length) throw refused('its body is not as long as announced');
    trip.bodyLength = body.length;
    return length < 0 ? `Content-Length: ${body.length}\r\n` : '';
  }
  trip.bodyLength = length < 0 ? CHUNKED : length;
  return length < 0 ? 'Transfer-Encoding: chunked\r\n' : '';
}
