/**
 * What a request hangs on where there is no sticky cookie: the key that a hashing strategy places it by.
 *
 * Keys come from outside. None of these throws, whatever a client sends, and what is not there is no key: the request then goes
 * anywhere. Nothing here proves who a client is; a key only says what belongs together.
 */
import type { IncomingMessage } from 'node:http';
import { BalancerError, hash32 } from '@evenkeel/core';
import { functionOf, integerIn, resolveOptions, v } from '@evenkeel/core/options';
import { clientAddress, networkOf } from './client-address.ts';
import { peerBook, trustedSchema, trustOf } from './peer.ts';
import { findCookie } from './set-cookie.ts';

/** What the proxy knows about the client of a request. */
export interface RequestClient {
  /**
   * The address of the client itself: of the connection, or what `trustedProxies` say about it. IPv4 in dotted form; undefined on a
   * Unix socket.
   */
  readonly address: string | undefined;
}

/**
 * What a request hangs on; undefined or empty for nothing. Equal texts go together.
 * @throws whatever it throws is the application's mistake: `next(error)`, or a 500
 */
export type RequestKey = (request: IncomingMessage, client: RequestClient) => string | undefined;

/** Options of `sourceIp()`. */
export interface SourceIpOptions {
  /** Bits of an IPv4 address that count, 1..32; 24 keeps a neighbourhood together. @default 32 */
  readonly ipv4Prefix?: number;
  /** Bits of an IPv6 address that count, 1..128. A host changes the lower half of its address as it likes. @default 64 */
  readonly ipv6Prefix?: number;
  /** Whose word about clients behind them is taken, for this key alone. @default the proxy's `trustedProxies` */
  readonly trustedProxies?: readonly string[];
}

const sourceIpSchema = v.strictObject({
  ipv4Prefix: v.optional(integerIn(1, 32), 32),
  ipv6Prefix: v.optional(integerIn(1, 128), 64),
  trustedProxies: v.optional(trustedSchema),
});

/**
 * The client's address or network. Clients behind one NAT share an address, and with it an endpoint: bound its load.
 * @throws INVALID_OPTIONS
 */
export function sourceIp(options: SourceIpOptions = {}): RequestKey {
  const { ipv4Prefix, ipv6Prefix, trustedProxies } = resolveOptions('sourceIp', sourceIpSchema, options);
  const prefixes = { ipv4: ipv4Prefix, ipv6: ipv6Prefix };
  if (trustedProxies === undefined) return (_request, { address }) => networkOf(address, prefixes);
  const trusted = trustOf(trustedProxies);
  const peerOf = peerBook(trusted);
  return ({ socket, rawHeaders }) => networkOf(clientAddress(rawHeaders, peerOf(socket), trusted), prefixes);
}

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

const nameSchema = (expectation: string, pattern: RegExp) =>
  v.strictObject({ name: v.pipe(v.string(expectation), v.regex(pattern, expectation)) });

const headerSchema = nameSchema('the name of a header field', TOKEN);
const cookieSchema = nameSchema('the name of a cookie', TOKEN);
const querySchema = nameSchema('the name of a query parameter', /^[^]+$/);

/** The value of a request header field, the first one if there are several. @throws INVALID_OPTIONS */
export function headerKey(name: string): RequestKey {
  resolveOptions('headerKey', headerSchema, { name });
  const lower = name.toLowerCase();
  return ({ rawHeaders }) => {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (isNamed(rawHeaders[i]!, lower) && rawHeaders[i + 1] !== '') return rawHeaders[i + 1];
    }
    return undefined;
  };
}

/** The value of a cookie as it stands there, the first one that is not empty if there are several. @throws INVALID_OPTIONS */
export function cookieKey(name: string): RequestKey {
  resolveOptions('cookieKey', cookieSchema, { name });
  return ({ rawHeaders }) => {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      if (!isNamed(rawHeaders[i]!, 'cookie')) continue;
      const field = rawHeaders[i + 1]!;
      for (let span = findCookie(field, name, 0); span !== undefined; span = findCookie(field, name, span.end)) {
        if (span.end > span.start) return field.slice(span.start, span.end);
      }
    }
    return undefined;
  };
}

/** The value of a query parameter, decoded as far as it can be, the first one if there are several. @throws INVALID_OPTIONS */
export function queryKey(name: string): RequestKey {
  resolveOptions('queryKey', querySchema, { name });
  return ({ url = '' }) => {
    const query = url.indexOf('?');
    // `URLSearchParams` takes anything: what is no valid escape stands for itself.
    return query < 0 ? undefined : (new URLSearchParams(url.slice(query)).get(name) ?? undefined);
  };
}

const keysSchema = v.strictObject({
  keys: v.pipe(v.array(functionOf<RequestKey>(), 'functions'), v.nonEmpty('at least one function')),
});

/** The first of several keys that is there, such as a user's and else the client's address. @throws INVALID_OPTIONS */
export function firstKey(...keys: readonly RequestKey[]): RequestKey {
  resolveOptions('firstKey', keysSchema, { keys });
  return (request, client) => {
    for (const keyOf of keys) {
      const key = keyOf(request, client);
      if (key !== undefined && key !== '') return key;
    }
    return undefined;
  };
}

/**
 * The number that the cluster goes by; 0 for nothing.
 * @throws INVALID_OPTIONS if the application's function gives something else than a text, a promise for one
 */
export function hashOfKey(keyOf: RequestKey, request: IncomingMessage, client: RequestClient): number {
  const key: unknown = keyOf(request, client);
  if (key === undefined || key === '') return 0;
  if (typeof key !== 'string') {
    const got = key === null ? 'null' : `${typeof key === 'object' ? 'an' : 'a'} ${typeof key}`;
    throw new BalancerError('INVALID_OPTIONS', `\`key\` must give a string or undefined, it gave ${got}`);
  }
  return hash32(key) || 1;
}

function isNamed(field: string, lowerCaseName: string): boolean {
  return field.length === lowerCaseName.length && field.toLowerCase() === lowerCaseName;
}
