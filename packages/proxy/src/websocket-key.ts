/**
 * The part of the WebSocket handshake that exists on HTTP/1.1 only (RFC 6455 section 4): over HTTP/2 there is neither key nor accept
 * (RFC 8441 section 5.1), so that the proxy has to make the one and check the other for such clients.
 */
import { createHash, randomBytes } from 'node:crypto';

/** Fixed by RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A `Sec-WebSocket-Key`. */
export function newWebSocketKey(): string {
  return randomBytes(16).toString('base64');
}

/** The `Sec-WebSocket-Accept` that answers it. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}
