/**
 * The request target goes to the endpoint as it came, byte for byte: no dots resolved, no slashes collapsed, nothing decoded.
 */
import { BalancerError } from '@evenkeel/core';

/** Bytes that would end the request line. Node's parser refuses them; a middleware that rewrites `req.url` might not. */
const UNSAFE = /[^\x21-\xff]/;

/**
 * The path and query to ask the endpoint for.
 * @param host the client's `Host`; the authority of an absolute-form target has to be the same, and is never connected to
 * @throws BAD_REQUEST
 */
export function requestTarget(target: string, method: string, host: string | undefined): string {
  if (target.charCodeAt(0) === 0x2f) {
    if (UNSAFE.test(target)) throw malformed();
    return target;
  }
  if (target === '*' && method === 'OPTIONS') return target;
  return pathOfAbsolute(target, host);
}

function pathOfAbsolute(target: string, host: string | undefined): string {
  const match = /^(https?):\/\/([^/?#]*)/i.exec(target);
  if (match === null || UNSAFE.test(target) || target.includes('#')) throw malformed();
  const [start, scheme, authority] = match as unknown as [string, string, string];
  if (host === undefined || normalAuthority(authority, scheme) !== normalAuthority(host, scheme)) {
    throw new BalancerError('BAD_REQUEST', 'the authority of the request target is not the one of the Host field');
  }
  const path = target.slice(start.length);
  return path.startsWith('/') ? path : `/${path}`;
}

/** To compare authorities by: no letter case, no port that the scheme implies (RFC 3986 section 6.2.3). */
export function normalAuthority(authority: string, scheme: string): string {
  const lower = authority.toLowerCase();
  const port = scheme.toLowerCase() === 'http' ? ':80' : ':443';
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

function malformed(): BalancerError {
  return new BalancerError('BAD_REQUEST', 'the request target is malformed');
}
