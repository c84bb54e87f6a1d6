/**
 * Stickiness: what a request hangs on, and what its response tells the client about that.
 *
 * Mode `auto`: the session cookie itself carries the endpoint's route behind a dot, whoever made the cookie. The balancer keeps
 * no table, so that any number of balancers agree and none loses anything in a restart.
 */
import { stringifySetCookie } from 'cookie';
import { hash32 } from '@evenkeel/core';
import type { Cluster, Endpoint } from '@evenkeel/core';
import { joinRoute, newSessionId, splitRoute } from '@evenkeel/core/session-cookie';
import type { SessionCookie } from '@evenkeel/core/session-cookie';
import { findCookie, isDeletion, replaceSpan, setCookieSpan } from './set-cookie.ts';
import type { CookieSpan } from './set-cookie.ts';

/** What one request hangs on. Filled in by `readRequest`, looked at by the cluster and by `writeResponse`. */
export interface Stickiness {
  key: number;
  preferred: string | undefined;
  /** Nothing but the endpoint of `preferred` will do. */
  isStrict: boolean;
  /** The session cookie's value without its route; undefined if the client sent none. */
  token: string | undefined;
}

/** What `writeResponse` has to know about the exchange. */
export interface StickyResponse extends Stickiness {
  /** The endpoint that the session sticks to is alive, and only this request went elsewhere. */
  readonly isDetour: boolean;
  readonly isSecure: boolean;
  readonly hasSetCookie: boolean;
  /** The endpoint or earlier middleware has set `Cache-Control`. */
  readonly hasCacheControl: boolean;
}

/** One way to make requests stick. A new mode is one more function that returns this. */
export interface Affinity {
  /** @param fields the head for the endpoint; cookies in it may be changed in place. @param cookieAt index of the first `Cookie` value, -1 if there is none */
  readRequest(fields: string[], cookieAt: number, stickiness: Stickiness): void;
  /** @param fields the head for the client; fields may be changed and added */
  writeResponse(fields: string[], response: StickyResponse, endpoint: Endpoint): void;
}

/** The cookie that mode `auto` reads and, where nobody else does, makes. */
export interface AffinityCookie {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly httpOnly: boolean;
  readonly secure: boolean | 'auto';
  /** A request whose endpoint is gone fails with 503, instead of moving. */
  readonly isStrict: boolean;
}

/** What the affinity asks of its cluster. */
export type RouteTable = Pick<Cluster, 'endpointOfRoute' | 'endpoints'>;

/** The routes that core derives from endpoint ids: two 32-bit numbers in base 36. */
const DERIVED_ROUTE = /^[0-9a-z]{8,14}$/;

export function cookieAffinity(cluster: RouteTable, cookie: AffinityCookie): Affinity {
  const { name } = cookie;
  const attributes = attributesOf(cookie);
  const secureAttributes = attributesOf({ ...cookie, secure: cookie.secure === 'auto' ? true : cookie.secure });

  return {
    readRequest(fields, cookieAt, stickiness) {
      if (cookieAt < 0) return;
      for (let i = cookieAt; i < fields.length; i += 2) {
        if (i === cookieAt || isNamed(fields[i - 1]!, 'cookie')) {
          fields[i] = readCookies(cluster, name, fields[i]!, stickiness);
        }
      }
      stickiness.isStrict = cookie.isStrict && stickiness.preferred !== undefined;
    },
    writeResponse(fields, response, endpoint) {
      const isSetByEndpoint = response.hasSetCookie && adoptCookies(cluster, name, fields, response, endpoint);
      if (!isSetByEndpoint) {
        if (response.preferred === endpoint.route || response.isDetour) return;
        const value = joinRoute(response.token ?? newSessionId(), endpoint.route);
        fields.push('Set-Cookie', `${name}=${value}${response.isSecure ? secureAttributes : attributes}`);
      }
      if (!response.hasCacheControl) fields.push('Cache-Control', 'private');
    },
  };
}

function isNamed(field: string, lowerCaseName: string): boolean {
  return field.length === lowerCaseName.length && field.toLowerCase() === lowerCaseName;
}

function attributesOf({ path, domain, sameSite, httpOnly, secure }: AffinityCookie): string {
  const isSecure = secure === true;
  return stringifySetCookie({
    name: 'x',
    value: '',
    path,
    sameSite,
    httpOnly,
    secure: isSecure,
    ...(domain !== undefined && { domain }),
  }).slice('x='.length);
}

/**
 * Looks at every cookie of the name, since a client may hold several with different paths; the first with a route of this
 * cluster counts, else the first.
 * @returns the field as the endpoint gets it
 */
function readCookies(routes: RouteTable, name: string, header: string, stickiness: Stickiness): string {
  let field = header;
  for (let span = findCookie(field, name, 0); span !== undefined; span = findCookie(field, name, span.end)) {
    // However long: an application may keep a whole session in it, and what was appended has to come off again.
    if (span.end === span.start) continue;
    const cookie = splitRoute(field.slice(span.start, span.end));
    const owner = cookie.route === undefined ? undefined : routes.endpointOfRoute(cookie.route);
    stick(stickiness, cookie, owner, routes);
    if (!isOwnRoute(cookie, owner)) continue;
    field = replaceSpan(field, span, cookie.token);
    span = { start: span.start, end: span.start + cookie.token.length };
  }
  return field;
}

function stick(stickiness: Stickiness, cookie: SessionCookie, owner: Endpoint | undefined, routes: RouteTable): void {
  if (stickiness.token !== undefined && (owner === undefined || isKnown(stickiness.preferred, routes))) return;
  const isRoute = owner !== undefined || (cookie.route !== undefined && isForeignRoute(cookie.route, routes));
  stickiness.token = isRoute ? cookie.token : joinRoute(cookie.token, cookie.route);
  stickiness.key = hash32(stickiness.token);
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

/** Puts the route behind the endpoint's own cookie. @returns true if the endpoint has set or deleted the cookie */
function adoptCookies(
  routes: RouteTable,
  name: string,
  fields: string[],
  response: StickyResponse,
  endpoint: Endpoint,
): boolean {
  let isSet = false;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isNamed(fields[i]!, 'set-cookie')) continue;
    const span = setCookieSpan(fields[i + 1]!, name);
    if (span === undefined) continue;
    isSet = true;
    fields[i + 1] = adopt(routes, fields[i + 1]!, span, response, endpoint);
  }
  return isSet;
}

function adopt(
  routes: RouteTable,
  field: string,
  span: CookieSpan,
  response: StickyResponse,
  endpoint: Endpoint,
): string {
  if (isDeletion(field, span, Date.now())) return field;
  const value = field.slice(span.start, span.end);
  const { token, route } = splitRoute(value);
  if (route === endpoint.route) return field;
  if (route === undefined || routes.endpointOfRoute(route) === undefined) {
    return replaceSpan(field, span, joinRoute(value, endpoint.route));
  }
  // The route that the request came with is an echo; any other is the application's wish.
  return route === response.preferred ? replaceSpan(field, span, joinRoute(token, endpoint.route)) : field;
}
