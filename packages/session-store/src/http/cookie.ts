/**
 * The session cookie on its way in and out: which of the cookies a client sent are ours, and the `Set-Cookie` that makes or ends one.
 * The shape of the value is `@evenkeel/core/session-cookie`'s business.
 * @see RFC 6265 and https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/
 */
import { stringifySetCookie, type SetCookie } from 'cookie';
import { joinRoute, MAX_SESSION_COOKIE_LENGTH, splitRoute } from '@evenkeel/core/session-cookie';
import { cookieFormat } from './cookie-format.ts';
import type { CookieAttributes } from '../session-options.ts';

/** A `Cookie` field beyond this is not read: nothing in it can be ours alone. Node's own limit is the same by default. */
const MAX_HEADER_LENGTH = 16_384;

/** Of the cookies with a valid mac so many are looked up; more than one is rare, more than these is an attack on the store. */
const MAX_CANDIDATES = 4;

/** A cookie of the client whose mac is right. */
export interface VerifiedCookie {
  readonly id: string;
  /** False if the cookie should be sent anew: another route than ours, or an older secret's mac. */
  readonly isCurrent: boolean;
}

/** Reads and writes the cookie of one `session()`. Pure but for HMAC. */
export interface SessionCookies {
  /** The cookies of our name with a right mac, in the order sent, each id once, at most 4. O(header). */
  verified(header: string | undefined): VerifiedCookie[];
  /** The `Set-Cookie` for a session. @param maxAgeMs what is left of its absolute time */
  issue(id: string, isSecure: boolean, maxAgeMs: number): string;
  /** The `Set-Cookie` that makes the client forget. */
  clear(isSecure: boolean): string;
}

/** What `sessionCookies` needs to know, already checked. */
export interface SessionCookieSettings {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly route: string | undefined;
  readonly attributes: CookieAttributes;
}

export function sessionCookies({ name, secrets, route, attributes }: SessionCookieSettings): SessionCookies {
  const { format: formatName } = attributes;
  const format = cookieFormat(formatName, secrets);

  function verify(value: string): VerifiedCookie | undefined {
    const text = formatName === 'evenkeel' ? value : percentDecoded(value);
    const split = splitRoute(text);
    // A mac of express-session may look like a route: it comes behind a dot as well.
    const whole = formatName === 'evenkeel' ? undefined : format.verify(text);
    const verified = whole ?? format.verify(split.token);
    if (verified === undefined) return undefined;
    const { id, isNewest } = verified;
    const sent = whole === undefined ? split.route : undefined;
    return { id, isCurrent: isNewest && (route === undefined || sent === route) };
  }

  function serialize(value: string, isSecure: boolean, maxAge: number | undefined): string {
    const { path, domain, sameSite, httpOnly, partitioned } = attributes;
    const secure = attributes.secure === 'auto' ? isSecure : attributes.secure;
    const cookie: SetCookie = { name, value, path, sameSite, httpOnly, partitioned, secure };
    if (domain !== undefined) cookie.domain = domain;
    if (maxAge !== undefined) cookie.maxAge = maxAge;
    return stringifySetCookie(cookie);
  }

  return {
    verified(header) {
      const found: VerifiedCookie[] = [];
      for (const value of cookieValues(header, name)) {
        const cookie = verify(value);
        if (cookie !== undefined && !found.some(({ id }) => id === cookie.id)) found.push(cookie);
        if (found.length === MAX_CANDIDATES) break;
      }
      return found;
    },
    issue: (id, isSecure, maxAgeMs) =>
      serialize(
        joinRoute(format.sign(id), route),
        isSecure,
        attributes.persistent ? Math.ceil(maxAgeMs / 1000) : undefined,
      ),
    clear: (isSecure) => serialize('', isSecure, 0),
  };
}

/**
 * All values that a `Cookie` field has for a name; npm's `cookie` gives the first one only, so a stale cookie of another path would
 * hide a valid one. Values longer than ours can be are left out. O(header).
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  if (header === undefined || header.length > MAX_HEADER_LENGTH || !header.includes(name)) return [];
  const values: string[] = [];
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
    if (bare.length > 0 && bare.length <= MAX_SESSION_COOKIE_LENGTH) values.push(bare);
  }
  return values;
}

/** The text that a value stands for; the value itself where it stands for none. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
