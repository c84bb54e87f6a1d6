/**
 * Mode `auto`: the session cookie itself carries the endpoint's route behind a dot, whoever made the cookie. The balancer keeps
 * no table, so that any number of balancers agree and none loses anything in a restart.
 */
import type { Endpoint } from '@evenkeel/core';
import { joinRoute, newSessionId, splitRoute } from '@evenkeel/core/session-cookie';
import { isDeletion, isNamed, replaceSpan, setCookieSpan } from '../set-cookie.ts';
import type { CookieSpan } from '../set-cookie.ts';
import type { Affinity, AffinityRules, RouteTable, StickyResponse } from './affinity.ts';
import { cookieMaker, keepPrivate } from './cookie-maker.ts';
import type { CookieLook } from './cookie-maker.ts';
import { parameterOf, readPath } from './path-parameter.ts';
import { readCookies, valueSeen } from './session-route.ts';

/** The cookie that the mode reads and, where nobody else does, makes. */
export interface AutoRules extends AffinityRules, CookieLook {
  /** The session may also stand in the path. */
  readonly hasPathParameter: boolean;
}

export function autoAffinity(cluster: RouteTable, rules: AutoRules): Affinity {
  const { name, maxLoadRatio } = rules;
  const parameter = rules.hasPathParameter ? parameterOf(name) : undefined;
  const setCookie = cookieMaker(rules);

  return {
    maxLoadRatio,
    readRequest(fields, cookieAt, stickiness) {
      for (let i = cookieAt; i > 0 && i < fields.length; i += 2) {
        if (i === cookieAt || isNamed(fields[i - 1]!, 'cookie')) {
          fields[i] = readCookies(cluster, name, fields[i]!, stickiness);
        }
      }
      if (parameter !== undefined) readPath(cluster, parameter, stickiness);
      stickiness.isStrict = rules.isStrict && stickiness.preferred !== undefined;
    },
    writeResponse(fields, response, endpoint) {
      if (response.hasSetCookie && adoptCookies(cluster, name, fields, response, endpoint)) {
        keepPrivate(fields, response);
        return;
      }
      if (response.preferred === endpoint.route || response.isDetour) return;
      const seen = valueSeen(cluster, response);
      // A route that the user named stays on, so that to the endpoint this would be another session: one that it does not know.
      if (seen !== undefined && endpoint.isRouteNamed) return;
      // Whoever can make a client follow a link would choose its session for it, if that became a cookie.
      if (response.isFromPath) return;
      setCookie(fields, joinRoute(seen ?? newSessionId(), endpoint.route), response);
    },
  };
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
