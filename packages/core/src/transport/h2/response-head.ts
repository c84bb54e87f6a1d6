/**
 * A response head as everybody else knows it: a status and a flat list of fields, within limits.
 */
import { createHash } from 'node:crypto';
import { TransportError } from '../transport-error.ts';
import { MAX_FIELDS } from './settings.ts';

/** What a line of HTTP/1.1 has beside its name and value: colon, space, CR, LF. */
const LINE_BYTES = 4;
/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Without pseudo fields; order and duplicates kept.
 * @param raw name, value, name, value, in latin1
 * @throws TransportError `bad-response` if it is too long
 */
export function fieldsOf(raw: readonly string[], maxBytes: number): string[] {
  const fields: string[] = [];
  let bytes = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    bytes += name.length + value.length + LINE_BYTES;
    if (!name.startsWith(':')) fields.push(name, value);
  }
  if (bytes > maxBytes || fields.length > 2 * MAX_FIELDS) {
    throw new TransportError('bad-response', `the response head is over ${maxBytes} bytes or ${MAX_FIELDS} fields`);
  }
  return fields;
}

/**
 * The head that an HTTP/1.1 endpoint would have sent when it changed protocols: what HTTP/2 leaves out of the handshake (RFC 8441
 * section 5) is put back, so that nobody above has to know which it was.
 * @param asked the fields of the request
 */
export function upgradeFields(fields: string[], protocol: string, asked: readonly string[]): string[] {
  const at = asked.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'sec-websocket-key');
  const head = ['connection', 'upgrade', 'upgrade', protocol, ...fields];
  if (at !== -1) {
    head.push(
      'sec-websocket-accept',
      createHash('sha1')
        .update(asked[at + 1]! + WEBSOCKET_GUID)
        .digest('base64'),
    );
  }
  return head;
}
