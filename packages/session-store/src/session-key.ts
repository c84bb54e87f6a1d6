/**
 * Ids at rest. A store keeps a session under a digest of its id, so that a dump of the store holds no cookie that could be replayed.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html
 */
import { hash } from 'node:crypto';

const KEY_LENGTH = 22;

/** The first 132 bits of SHA-256 over the id, in base64url: 22 characters. About 1 us. */
export function sessionKey(id: string): string {
  return hash('sha256', id, 'base64url').slice(0, KEY_LENGTH);
}
