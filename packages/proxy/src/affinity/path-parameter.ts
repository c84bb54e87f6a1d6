/**
 * The session in the path, `/shop;jsessionid=<id>.<route>/cart?x=1`, as servlet containers write it for clients that keep no cookies.
 * Any segment may carry it: containers take parameters off all segments before they look the path up. Nothing is decoded, and
 * every byte but the route's stays.
 * @see Jakarta Servlet 6.0 section 7.1.3, RFC 3986 section 3.3
 */
import { SESSION_COOKIE } from '@evenkeel/core/session-cookie';
import type { RouteTable, Stickiness } from './affinity.ts';
import { readValue } from './session-route.ts';

/** The parameter that goes with a cookie: `jsessionid` with `JSESSIONID`, and any other name is the same for both, as in Tomcat. */
export function parameterOf(cookieName: string): string {
  return cookieName === SESSION_COOKIE ? SESSION_COOKIE.toLowerCase() : cookieName;
}

/** A cookie comes first, as in the containers; of several parameters, the first with a route of this cluster. */
export function readPath(routes: RouteTable, parameter: string, stickiness: Stickiness): void {
  const { path } = stickiness;
  if (!path.includes(';')) return;
  const query = path.indexOf('?');
  const pathEnd = query < 0 ? path.length : query;
  const start = `;${parameter}=`;
  const mayCount = stickiness.token === undefined;
  let read = '';
  let taken = 0;
  for (let at = path.indexOf(start); at >= 0 && at < pathEnd; at = path.indexOf(start, at + 1)) {
    const from = at + start.length;
    const end = endOfValue(path, from);
    if (end === from) continue;
    read += path.slice(taken, from) + readValue(routes, path.slice(from, end), stickiness, mayCount);
    taken = end;
  }
  stickiness.path = read + path.slice(taken);
  stickiness.isFromPath = mayCount && stickiness.token !== undefined;
}

const ENDS = new Set([0x3b, 0x2f, 0x3f]);

/** `;`, `/` or `?`, whichever comes first. */
function endOfValue(path: string, from: number): number {
  let end = from;
  while (end < path.length && !ENDS.has(path.charCodeAt(end))) end++;
  return end;
}
