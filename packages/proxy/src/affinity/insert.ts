/**
 * Mode `insert`: a cookie of the proxy's own beside those of the application, which never gets to see it. Its value is the route and
 * nothing else, so that it says nothing about the client.
 *
 * Who takes over from an endpoint that is gone goes by the session cookie, which is what all balancers and all requests of a session
 * have in common; without one by the client's address, so that what an endpoint had is spread over all others and does not fall on
 * a single one, as it would by the route; and by the route where the address is not known.
 */
import { hash32 } from '@evenkeel/core';
import { splitRoute } from '@evenkeel/core/session-cookie';
import { findCookie, isNamed, setCookieSpan, takeCookies } from '../set-cookie.ts';
import type { Affinity, AffinityRules, RouteTable, Stickiness } from './affinity.ts';
import { cookieMaker } from './cookie-maker.ts';
import type { CookieLook } from './cookie-maker.ts';

export interface InsertRules extends AffinityRules, CookieLook {
  /** The cookie that the application knows a session by. */
  readonly sessionCookie: string;
}

const ROUTE = /^[A-Za-z0-9_-]{1,64}$/;

export function insertAffinity(cluster: RouteTable, rules: InsertRules): Affinity {
  const { name, sessionCookie, maxLoadRatio } = rules;
  const setCookie = cookieMaker(rules);

  return {
    maxLoadRatio,
    readRequest(fields, cookieAt, stickiness) {
      if (cookieAt < 0) return;
      for (let i = cookieAt; i < fields.length; i += 2) {
        if (!isNamed(fields[i - 1]!, 'cookie')) continue;
        const rest = takeRoute(cluster, name, fields[i]!, stickiness);
        if (rest !== '') {
          fields[i] = rest;
          stickiness.token ??= tokenIn(rest, sessionCookie);
        } else if (fields[i] !== '') {
          fields.splice(i - 1, 2);
          i -= 2;
        }
      }
      if (stickiness.preferred === undefined) return;
      stickiness.key = hash32(stickiness.token ?? stickiness.address ?? stickiness.preferred) || 1;
      stickiness.isStrict = rules.isStrict;
    },
    writeResponse(fields, response, endpoint) {
      if (response.hasSetCookie) dropCookies(fields, name);
      if (response.preferred === endpoint.route || response.isDetour) return;
      setCookie(fields, endpoint.route, response);
    },
  };
}

/** Takes all cookies of the name off. The first with a route of this cluster counts, else the first that may be one. */
function takeRoute(routes: RouteTable, name: string, header: string, stickiness: Stickiness): string {
  const found: string[] = [];
  const rest = takeCookies(header, name, found);
  for (const route of found) {
    if (!ROUTE.test(route)) continue;
    const { preferred } = stickiness;
    const isFirst = preferred === undefined;
    if (isFirst || (!isMember(routes, preferred) && isMember(routes, route))) stickiness.preferred = route;
  }
  return rest;
}

function isMember(routes: RouteTable, route: string): boolean {
  return routes.endpointOfRoute(route) !== undefined;
}

/** The session cookie without what a container may have put behind it: that changes when the session moves. */
function tokenIn(field: string, name: string): string | undefined {
  for (let span = findCookie(field, name, 0); span !== undefined; span = findCookie(field, name, span.end)) {
    if (span.end > span.start) return splitRoute(field.slice(span.start, span.end)).token;
  }
  return undefined;
}

/** An endpoint's cookie of that name would take the place of the proxy's own. */
function dropCookies(fields: string[], name: string): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    if (isNamed(fields[i]!, 'set-cookie') && setCookieSpan(fields[i + 1]!, name) !== undefined) fields.splice(i, 2);
  }
}
