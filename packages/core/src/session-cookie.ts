/**
 * The session cookie's value, `<id>[<mac>][.<route>]`, as both the proxy and the session layer need it. Pure: no I/O, no state.
 *
 * - `id`: 32 upper-case hexadecimal digits, 128 random bits (the shape of Tomcat's).
 * - `mac`: one character that names the key, then 22 of base64url: HMAC-SHA-256 over the id, truncated to 128 bits (RFC 2104
 *   section 5). It covers the id only, so that any balancer may rewrite the route.
 * - `route`: an opaque tag of the endpoint. Everything after the last dot.
 *
 * Exactly one dot and the alphabet `[A-Za-z0-9_-]` elsewhere: Apache httpd takes what follows the first dot as the route, and needs no quoting.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The name that servlet containers gave it and that every balancer knows. */
export const SESSION_COOKIE = 'JSESSIONID';

/** A cookie value is looked at only up to this length. */
export const MAX_SESSION_COOKIE_LENGTH = 512;

const ID_LENGTH = 32;
const MAC_LENGTH = 23;
const ID = /^[0-9A-F]{32}$/;
const ROUTE = /^[A-Za-z0-9_-]{1,64}$/;

/** A cookie value taken apart. `token` is all before the route: an id of ours with its mac, or whatever an endpoint made. */
export interface SessionCookie {
  readonly token: string;
  readonly route: string | undefined;
}

/** Takes the route off a cookie value. What follows the last dot counts as a route only if it has a route's alphabet. O(length). */
export function splitRoute(value: string): SessionCookie {
  const dot = value.lastIndexOf('.');
  if (dot <= 0) return { token: value, route: undefined };
  const route = value.slice(dot + 1);
  return ROUTE.test(route) ? { token: value.slice(0, dot), route } : { token: value, route: undefined };
}

/** Puts a cookie value together. */
export function joinRoute(token: string, route: string | undefined): string {
  return route === undefined ? token : `${token}.${route}`;
}

/** A new session id: 128 bits from the system's generator. */
export function newSessionId(): string {
  return randomBytes(ID_LENGTH / 2)
    .toString('hex')
    .toUpperCase();
}

/** Signs with the first key and verifies with all of them. */
export interface SessionIdSigner {
  /** The id with its mac. */
  sign(id: string): string;
  /** The id if the token is one of ours, whole and signed by any of the keys; otherwise undefined. Compares in constant time. */
  verify(token: string): string | undefined;
}

/** @param secrets newest first; the caller has checked that there is at least one and that none is short */
export function sessionIdSigner(secrets: readonly string[]): SessionIdSigner {
  const keys = secrets.map((secret) => ({ secret, name: macOf(secret, 'evenkeel key name').charAt(0) }));
  const newest = keys[0]!;
  return {
    sign: (id) => id + newest.name + macOf(newest.secret, id),
    verify(token) {
      if (token.length !== ID_LENGTH + MAC_LENGTH) return undefined;
      const id = token.slice(0, ID_LENGTH);
      if (!ID.test(id)) return undefined;
      const given = Buffer.from(token.slice(ID_LENGTH + 1), 'latin1');
      for (const { secret, name } of keys) {
        if (name !== token.charAt(ID_LENGTH)) continue;
        const expected = Buffer.from(macOf(secret, id), 'latin1');
        if (given.length === expected.length && timingSafeEqual(given, expected)) return id;
      }
      return undefined;
    },
  };
}

function macOf(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest().subarray(0, 16).toString('base64url');
}
