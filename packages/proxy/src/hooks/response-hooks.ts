/**
 * What the options want done to responses of endpoints, put together once per proxy, and the way of one response through it. What a
 * cluster's `fallback` or the proxy itself answers is not an endpoint's, and passes by.
 */
import { BalancerError } from '@evenkeel/core';
import type { Endpoint } from '@evenkeel/core';
import { ownLocation, rewriteLocations } from '../location.ts';
import type { LocationRewrite } from '../location.ts';
import { mountPathOf } from '../paths.ts';
import type { Answerable, BodyTaker } from './body-taker.ts';
import { rewriteCookies } from './cookies.ts';
import type { CookieRewrite } from './cookies.ts';
import { headOfResponse } from './head.ts';
import type { Head, ResponseHook } from './head.ts';
import type { ResolvedHookOptions } from './hook-options.ts';
import { Interception, redescribe } from './intercept.ts';
import type { ResolvedInterceptOptions } from './intercept.ts';
import { handOver } from './self-handle.ts';
import type { SelfHandler } from './self-handle.ts';

export interface ResponseHooks {
  readonly location: true | LocationRewrite | undefined;
  readonly cookies: CookieRewrite | undefined;
  readonly onResponse: ResponseHook | undefined;
  readonly intercept: ResolvedInterceptOptions | undefined;
  readonly selfHandle: SelfHandler | undefined;
  /** The frameworks take the mount path off. */
  readonly isMountStripped: boolean;
}

/** @returns undefined if no option asks for anything */
export function responseHooksOf(options: ResolvedHookOptions & { stripMountPath: boolean }): ResponseHooks | undefined {
  const hooks: ResponseHooks = {
    location: options.rewriteLocation === false ? undefined : options.rewriteLocation,
    cookies: options.rewriteCookies,
    onResponse: options.onResponse,
    intercept: options.interceptResponse,
    selfHandle: options.selfHandle,
    isMountStripped: options.stripMountPath,
  };
  const { location, cookies, onResponse, intercept, selfHandle } = hooks;
  const all: readonly unknown[] = [location, cookies, onResponse, intercept, selfHandle];
  return all.every((hook) => hook === undefined) ? undefined : hooks;
}

/**
 * Sends the head, or finds somebody else for the response.
 * @param fields changed in place
 * @returns who takes the body; undefined if it goes to the client
 */
export function answerWithHooks(
  hooks: ResponseHooks,
  request: Answerable,
  status: number,
  reason: string,
  fields: string[],
  endpoint: Endpoint,
): BodyTaker | undefined {
  const head = headOfResponse(fields, status, reason);
  try {
    const taker = takerOf(hooks, request, head, endpoint);
    if (taker !== undefined) return taker;
  } catch (error) {
    request.refuse(error);
    return undefined;
  }
  head.seal();
  if (request.isOver) return undefined;
  request.sendHead(head.status, head.reason, fields, endpoint);
  return undefined;
}

function takerOf(hooks: ResponseHooks, request: Answerable, head: Head, endpoint: Endpoint): BodyTaker | undefined {
  const { selfHandle, intercept, onResponse } = hooks;
  const { req, res, method } = request;
  const { fields } = head;
  rewriteReferences(hooks, request, fields, endpoint);
  if (onResponse !== undefined) {
    assertNow(onResponse(head, req, res));
    request.hasSetCookie = head.has('set-cookie');
    request.hasCacheControl = head.has('cache-control');
  }
  if (selfHandle !== undefined) return handOver(selfHandle, request, head, endpoint);
  if (intercept === undefined || intercept.when?.(head, req) === false) return undefined;
  if (head.status === 206) throw new BalancerError('BAD_RESPONSE', 'a part of a response cannot be intercepted');
  if (method !== 'HEAD' && head.status !== 204 && head.status !== 304) {
    return new Interception(request, head, endpoint, intercept);
  }
  // It has no body, and tells about the one that a GET would get.
  redescribe(fields);
  return undefined;
}

function rewriteReferences(hooks: ResponseHooks, request: Answerable, fields: string[], endpoint: Endpoint): void {
  const { location, cookies, isMountStripped } = hooks;
  const { req, host, isSecure } = request;
  const mountPath = isMountStripped ? mountPathOf(req) : '';
  if (location === true) {
    const client = { host, isSecure, mountPath };
    rewriteLocations(fields, (value) => ownLocation(value, endpoint.origin, client));
  } else if (location !== undefined) {
    const checked = headOfResponse([], 200, '');
    rewriteLocations(fields, (value) => {
      // As any field that a hook sets: no split lines.
      checked.set('location', location(value, endpoint, req));
      return checked.get('location')!;
    });
  }
  if (cookies !== undefined) rewriteCookies(fields, cookies, mountPath);
}

function assertNow(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  // Nobody waits for it, and its rejection must not end the process.
  Promise.resolve(result).catch(() => undefined);
  throw new BalancerError(
    'INVALID_OPTIONS',
    '`onResponse` must not wait: use `interceptResponse` or `selfHandle` for that',
  );
}
