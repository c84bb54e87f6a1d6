/**
 * The options by which an application has a say in what passes: what they are, and how they are checked.
 */
import type { IncomingMessage } from 'node:http';
import type { Cluster } from '@evenkeel/core';
import { functionOf, integerIn, objectWith, v } from '@evenkeel/core/options';
import { requestKindOf } from '../field-kinds.ts';
import type { LocationRewrite } from '../location.ts';
import type { CookieRewrite } from './cookies.ts';
import type { RequestFilter } from './filter.ts';
import type { Lenient } from './lenient.ts';
import { fieldProblem } from './head.ts';
import type { RequestHook, ResponseHook } from './head.ts';
import type { InterceptOptions, ResolvedInterceptOptions, ResponseTransform } from './intercept.ts';
import type { PathRewrite } from './rewrite-path.ts';
import type { RequestRouter } from './router.ts';
import type { SelfHandler } from './self-handle.ts';

/** A request body, made again from what a parser has left of it; undefined if it cannot be. */
export type BodyMaker = Lenient<(req: IncomingMessage) => Uint8Array | string | undefined>;

/**
 * Functions of the application on the way of a request and its response. What one of them throws, or rejects with, is the application's
 * mistake and becomes `next(error)`, or a 500; a `BalancerError` becomes its own status. A client that has left meanwhile is not told.
 */
export interface HookOptions {
  /**
   * Which requests the proxy takes: path prefixes that end where a segment does, a pattern for the path, or a function of the request.
   * The others go to `next()`, or to a 404. A path with dot segments is below no prefix. @default all
   */
  readonly filter?: RequestFilter;
  /**
   * Another path for the endpoint: `{ '^/old': '/new' }`, where the first pattern that matches path and query counts, or a function.
   * A path that then holds dot segments is refused with 400. @default as the client sent it
   */
  readonly rewritePath?: PathRewrite;
  /**
   * Another cluster for some requests: `{ 'host/path': cluster }`, or a function; undefined for the proxy's own. Sticky cookies count in the
   * chosen cluster. Closing it is the application's business. @default none
   */
  readonly router?: RequestRouter;
  /** Fields that every request gets, in place of the client's: `{ Authorization: 'Basic ...' }`. @default none */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Changes a request's fields just before it is sent; may wait. @default none */
  readonly onRequest?: RequestHook;
  /**
   * For requests that a body parser has read: their body again, such as `(req) => JSON.stringify(req.body)`. Only asked where there was
   * one. @default none: such a request is refused with BODY_CONSUMED
   */
  readonly body?: BodyMaker;
  /** Changes status and fields of an endpoint's response; must not wait. @default none */
  readonly onResponse?: ResponseHook;
  /**
   * Takes endpoints' and the client's own origin out of `Location`, `Content-Location` and `Refresh`, and puts the mount path in under
   * `stripMountPath`; or a function. @default false
   */
  readonly rewriteLocation?: boolean | LocationRewrite;
  /** Changes attributes of the endpoints' cookies. @default none */
  readonly rewriteCookies?: CookieRewrite;
  /**
   * Reads whole responses, decoded, and sends what the function makes of them. Takes `Range` off requests. @default none
   */
  readonly interceptResponse?: ResponseTransform | InterceptOptions;
  /** Answers by itself, with the endpoint's response as a stream. Not together with `interceptResponse`. @default none */
  readonly selfHandle?: SelfHandler;
}

/** The same with all defaults filled in. */
export interface ResolvedHookOptions {
  readonly filter?: RequestFilter | undefined;
  readonly rewritePath?: PathRewrite | undefined;
  readonly router?: RequestRouter | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly onRequest?: RequestHook | undefined;
  readonly body?: BodyMaker | undefined;
  readonly onResponse?: ResponseHook | undefined;
  readonly rewriteLocation?: boolean | LocationRewrite | undefined;
  readonly rewriteCookies?: CookieRewrite | undefined;
  readonly interceptResponse?: ResolvedInterceptOptions | undefined;
  readonly selfHandle?: SelfHandler | undefined;
}

const PREFIX = /^\/[\x21-\x3e\x40-\xff]*$/;

const filterSchema: v.GenericSchema<unknown, RequestFilter> = v.custom<RequestFilter>(
  isFilter,
  'a path that starts with "/", an array of such, a RegExp or a function',
);

const REWRITE = 'a function, or an object of regular expressions and what takes their place';

const rewriteSchema: v.GenericSchema<unknown, PathRewrite> = v.union(
  [
    functionOf<Extract<PathRewrite, (...args: never[]) => unknown>>(),
    v.record(v.pipe(v.string(), v.check(isPattern, 'a regular expression')), v.string('a string')),
  ],
  REWRITE,
);

const clusterSchema = objectWith<Cluster>('a cluster', 'exchange', 'endpointOfRoute');

const routerSchema: v.GenericSchema<unknown, RequestRouter> = v.union(
  [
    functionOf<Extract<RequestRouter, (...args: never[]) => unknown>>(),
    v.record(v.pipe(v.string(), v.regex(/^[^\s?#]+$/, '"host", "host/path" or "/path"')), clusterSchema),
  ],
  'a function, or an object of clusters by "host", "host/path" or "/path"',
);

const headersSchema: v.GenericSchema<unknown, Record<string, string | readonly string[]>> = v.custom<
  Record<string, string | readonly string[]>
>(areHeaders, 'an object of header fields, without those that belong to the connection');

const DOMAIN = 'a domain name or ""';
const domain = v.pipe(v.string(DOMAIN), v.regex(/^(\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$/, DOMAIN));
const PATH = 'a path or ""';
const path = v.pipe(v.string(PATH), v.regex(/^(\/[\x20-\x3a\x3c-\x7e]*)?$/, PATH));

const cookiesSchema: v.GenericSchema<unknown, CookieRewrite> = v.strictObject({
  domain: v.optional(v.union([domain, v.record(v.string(), domain)], `${DOMAIN}, or an object of such`)),
  path: v.optional(v.union([v.literal(true), path, v.record(v.string(), path)], `true, ${PATH}, or an object of such`)),
  secure: v.optional(v.boolean('true or false')),
}) as v.GenericSchema<unknown, CookieRewrite>;

const interceptSchema: v.GenericSchema<unknown, ResolvedInterceptOptions> = v.pipe(
  v.union([functionOf<ResponseTransform>(), v.looseObject({})], 'a function or an object of options'),
  v.transform((given) => (typeof given === 'function' ? { transform: given } : given)),
  v.strictObject({
    transform: functionOf<ResponseTransform>(),
    when: v.optional(functionOf<NonNullable<InterceptOptions['when']>>()),
    maxBytes: v.optional(integerIn(1, 2 ** 30), 1_048_576),
  }),
) as v.GenericSchema<unknown, ResolvedInterceptOptions>;

const locationSchema = v.union([v.boolean(), functionOf<LocationRewrite>()], 'true, false or a function');

type Optional<T> = v.OptionalSchema<v.GenericSchema<unknown, T>, undefined>;

/** The entries of these options in a schema of all. */
export const hookEntries: { readonly [K in keyof HookOptions]-?: Optional<NonNullable<ResolvedHookOptions[K]>> } = {
  filter: v.optional(filterSchema),
  rewritePath: v.optional(rewriteSchema),
  router: v.optional(routerSchema),
  headers: v.optional(headersSchema),
  onRequest: v.optional(functionOf<RequestHook>()),
  body: v.optional(functionOf<BodyMaker>()),
  onResponse: v.optional(functionOf<ResponseHook>()),
  rewriteLocation: v.optional(locationSchema),
  rewriteCookies: v.optional(cookiesSchema),
  interceptResponse: v.optional(interceptSchema),
  selfHandle: v.optional(functionOf<SelfHandler>()),
};

function isFilter(value: unknown): boolean {
  if (typeof value === 'function' || value instanceof RegExp) return true;
  const prefixes: readonly unknown[] = Array.isArray(value) ? value : [value];
  return prefixes.length > 0 && prefixes.every((prefix) => typeof prefix === 'string' && PREFIX.test(prefix));
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, field]: [string, unknown]) => {
    const values: readonly unknown[] = Array.isArray(field) ? field : [field];
    const isHost = name.toLowerCase() === 'host';
    return (
      (!isHost || values.length === 1) && values.every((one) => fieldProblem(name, one, requestKindOf) === undefined)
    );
  });
}
