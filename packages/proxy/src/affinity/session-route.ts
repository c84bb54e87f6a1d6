/**
 * Reading the route behind a session's value, in a cookie or in the path, and taking it off again where it was this library that put
 * it there.
 */
import { hash32 } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { joinRoute, splitRoute } from '@evenkeel/core/session-cookie';
import type { SessionCookie } from '@evenkeel/core/session-cookie';
import { findCookie } from '../set-cookie.ts';
import type { RouteTable, Stickiness } from './affinity.ts';

/** The routes that core derives from endpoint ids: two 32-bit numbers in base 36. */
const DERIVED_ROUTE = /^[0-9a-z]{8,14}$/;

/**
 * Looks at every cookie of the name, since a client may hold several with different paths; the first with a route of this
 * cluster counts, else the first.
 * @returns the field as the endpoint gets it. O(length)
 */
export function readCookies(routes: RouteTable, name: string, header: string, stickiness: Stickiness): string {
  let read = '';
  let from = 0;
  for (let span = findCookie(header, name, 0); span !== undefined; span = findCookie(header, name, span.end)) {
    // However long: an application may keep a whole session in it, and what was appended has to come off again.
    if (span.end === span.start) continue;
    const value = readValue(routes, header.slice(span.start, span.end), stickiness, true);
    read += header.slice(from, span.start) + value;
    from = span.end;
  }
  return from === 0 ? header : read + header.slice(from);
}

/**
 * @param mayCount false if it only has to be cleaned, because something else says where the session is
 * @returns the value as the endpoint gets it
 */
export function readValue(routes: RouteTable, value: string, stickiness: Stickiness, mayCount: boolean): string {
  const cookie = splitRoute(value);
  const owner = cookie.route === undefined ? undefined : routes.endpointOfRoute(cookie.route);
  if (mayCount) stick(stickiness, cookie, owner, routes);
  return isOwnRoute(cookie, owner) ? cookie.token : value;
}

/** The session's value as the endpoint of the request got to see it; undefined if there was none. */
export function valueSeen(routes: RouteTable, { token, preferred }: Stickiness): string | undefined {
  if (token === undefined || preferred === undefined) return token;
  return isOwnRoute({ token, route: preferred }, routes.endpointOfRoute(preferred))
    ? token
    : joinRoute(token, preferred);
}

function stick(stickiness: Stickiness, cookie: SessionCookie, owner: Endpoint | undefined, routes: RouteTable): void {
  if (stickiness.token !== undefined && (owner === undefined || isKnown(stickiness.preferred, routes))) return;
  const isRoute = owner !== undefined || (cookie.route !== undefined && isForeignRoute(cookie.route, routes));
  stickiness.token = isRoute ? cookie.token : joinRoute(cookie.token, cookie.route);
  stickiness.key = hash32(stickiness.token) || 1;
  // A route that no endpoint has any more is still passed on: then the cluster finds the session's successor by its key.
  stickiness.preferred = isRoute ? cookie.route : undefined;
}

function isKnown(route: string | undefined, routes: RouteTable): boolean {
  return route !== undefined && routes.endpointOfRoute(route) !== undefined;
}

/** Of an endpoint that is gone only the looks of its route are left; a dot may also be the application's own. */
function isForeignRoute(route: string, routes: RouteTable): boolean {
  return DERIVED_ROUTE.test(route) || routes.endpoints.some((endpoint) => endpoint.isRouteNamed);
}

/**
 * True if it was this library that put the route behind the value, so that it comes off again before an application sees it. A
 * route that the user named is one that the endpoint knows, as Tomcat knows its `jvmRoute`.
 */
function isOwnRoute({ route }: SessionCookie, owner: Endpoint | undefined): boolean {
  if (route === undefined) return false;
  return owner !== undefined ? !owner.isRouteNamed : DERIVED_ROUTE.test(route);
}
