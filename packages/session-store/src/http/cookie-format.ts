/**
 * The two forms of a signed session id: our own, and that of express-session, for applications that move from it to `session()`
 * without logging anybody out. And a memory for what was found right, since an HMAC per request is most of what a cookie costs.
 *
 * express-session's form is `s:<id>.<mac>`, percent-encoded: the mac is HMAC-SHA-256 over the id in base64 without padding, and the id is
 * whatever the application's `genid` made.
 * @see https://github.com/tj/node-cookie-signature
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { sessionIdSigner } from '@evenkeel/core/session-cookie';

/** The form of the session cookie's value. */
export type CookieFormatName = 'evenkeel' | 'express-session';

/** An id whose mac is right. */
export interface VerifiedId {
  readonly id: string;
  /** False if it is the mac of an older secret. */
  readonly isNewest: boolean;
}

/** Signs ids and verifies tokens, which are cookie values without a route. */
export interface CookieFormat {
  sign(id: string): string;
  /** Undefined unless the token is whole and signed by any of the secrets. Compares in constant time. */
  verify(token: string): VerifiedId | undefined;
}

/** @param secrets newest first */
export function cookieFormat(name: CookieFormatName, secrets: readonly string[]): CookieFormat {
  return remembering(name === 'evenkeel' ? ownForm(secrets) : expressForm(secrets));
}

/** A form, and where in a token the id is, right or wrong. */
interface TokenForm extends CookieFormat {
  idIn(token: string): string;
}

/** Only a server that sees more browsers than these within its sessions' time works out a mac twice. About 1 MB. */
const MAX_REMEMBERED = 4_096;

interface Remembered {
  readonly token: Buffer;
  readonly verified: VerifiedId;
}

/**
 * Ids and the tokens that were right for them. A token that is wrong is never remembered, so that nobody can push right ones out with
 * tokens that he made up; and what is remembered is compared in constant time as well.
 */
function remembering(form: TokenForm): CookieFormat {
  const right = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED });
  return {
    sign: form.sign,
    verify(token) {
      const known = right.get(form.idIn(token));
      if (known !== undefined && isSame(known.token, token)) return known.verified;
      const verified = form.verify(token);
      if (verified !== undefined) right.set(verified.id, { token: Buffer.from(token), verified });
      return verified;
    },
  };
}

const OWN_ID_LENGTH = 32;

function ownForm(secrets: readonly string[]): TokenForm {
  const signer = sessionIdSigner(secrets);
  return {
    sign: (id) => signer.sign(id),
    idIn: (token) => token.slice(0, OWN_ID_LENGTH),
    verify(token) {
      const id = signer.verify(token);
      return id === undefined ? undefined : { id, isNewest: secrets.length === 1 || signer.sign(id) === token };
    },
  };
}

const EXPRESS_MARK = 's:';
const EXPRESS_MAC_LENGTH = 43;

function expressForm(secrets: readonly string[]): TokenForm {
  const [newest = ''] = secrets;
  const idIn = (token: string): string => token.slice(EXPRESS_MARK.length, -EXPRESS_MAC_LENGTH - 1);
  return {
    sign: (id) => `${EXPRESS_MARK}${id}.${expressMac(newest, id)}`,
    idIn,
    verify(token) {
      const id = idIn(token);
      if (id === '' || !token.startsWith(EXPRESS_MARK) || token.at(-EXPRESS_MAC_LENGTH - 1) !== '.') return undefined;
      const given = Buffer.from(token.slice(-EXPRESS_MAC_LENGTH));
      const which = secrets.findIndex((secret) => isSame(given, expressMac(secret, id)));
      return which < 0 ? undefined : { id, isNewest: which === 0 };
    },
  };
}

function expressMac(secret: string, id: string): string {
  return createHmac('sha256', secret).update(id).digest('base64').slice(0, EXPRESS_MAC_LENGTH);
}

function isSame(expected: Buffer, text: string): boolean {
  const given = Buffer.from(text);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
