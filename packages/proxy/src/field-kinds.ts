/**
 * What a proxy has to know about a header field by its name (RFC 9110 section 7.6.1, RFC 9112). Everything else is end to end
 * and passes as it came.
 */

/** What becomes of a field. Small integers, since this is looked up for every field of every message. */
export const KEEP = 0;
/** Hop-by-hop: dropped. */
export const DROP = 1;
/** Names further hop-by-hop fields. */
export const CONNECTION = 2;
export const HOST = 3;
export const CONTENT_LENGTH = 4;
export const TRANSFER_ENCODING = 5;
export const TE = 6;
export const VIA = 7;
export const COOKIE = 8;
/** Says who the client is; true only if the peer may be believed. */
export const FORWARDED = 9;
export const SET_COOKIE = 10;
export const CACHE_CONTROL = 11;
/** Announces fields after the body. */
export const TRAILER = 12;

const HOP_BY_HOP: readonly [string, number][] = [
  ['connection', CONNECTION],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['keep-alive', DROP],
  ['proxy-connection', DROP],
  ['proxy-authenticate', DROP],
  ['proxy-authorization', DROP],
  ['trailer', TRAILER],
  ['upgrade', DROP],
  ['http2-settings', DROP],
];

const REQUEST_KINDS = new Map<string, number>([
  ...HOP_BY_HOP,
  // Node has answered `Expect: 100-continue` by the time a request reaches its handler.
  ['expect', DROP],
  ['host', HOST],
  ['te', TE],
  ['via', VIA],
  ['cookie', COOKIE],
  ['forwarded', FORWARDED],
  ['x-forwarded-for', FORWARDED],
  ['x-forwarded-proto', FORWARDED],
  ['x-forwarded-host', FORWARDED],
  ['x-forwarded-port', FORWARDED],
]);

const RESPONSE_KINDS = new Map<string, number>([
  ...HOP_BY_HOP,
  ['te', DROP],
  ['set-cookie', SET_COOKIE],
  ['cache-control', CACHE_CONTROL],
]);

const REQUEST_SIEVE = sieveOf(REQUEST_KINDS);
const RESPONSE_SIEVE = sieveOf(RESPONSE_KINDS);

/** Which lengths go with which first letters. Most fields are not among them, and need be neither lowered nor hashed. */
function sieveOf(kinds: ReadonlyMap<string, number>): Uint8Array {
  const sieve = new Uint8Array(2_048);
  for (const name of kinds.keys()) sieve[placeOf(name)] = 1;
  return sieve;
}

/** The same for a letter in either case. */
function placeOf(name: string): number {
  return ((name.length & 63) << 5) | (name.charCodeAt(0) & 31);
}

/** @param name in any case */
export function requestKindOf(name: string): number {
  if (REQUEST_SIEVE[placeOf(name)] === 0) return KEEP;
  const kind = REQUEST_KINDS.get(name.toLowerCase());
  if (kind !== undefined) return kind;
  // Gateways of the CGI kind (WSGI, Rack, PHP) read `X_Forwarded_For` as `X-Forwarded-For`.
  return name.includes('_') && REQUEST_KINDS.get(name.toLowerCase().replaceAll('_', '-')) === FORWARDED
    ? FORWARDED
    : KEEP;
}

/** @param name in any case */
export function responseKindOf(name: string): number {
  if (RESPONSE_SIEVE[placeOf(name)] === 0) return KEEP;
  return RESPONSE_KINDS.get(name.toLowerCase()) ?? KEEP;
}

/** `Connection` can never name these: they frame the message, carry the session, or are the proxy's own word. */
function isProtected(name: string): boolean {
  return (
    name === 'host' ||
    name === 'content-length' ||
    name === 'cookie' ||
    name === 'set-cookie' ||
    name === 'via' ||
    name === 'forwarded' ||
    name.startsWith('x-forwarded-')
  );
}

/**
 * The fields that a `Connection` value names, in lower case, added to `named`.
 * @returns undefined as long as there is none, which is nearly always
 */
export function namedByConnection(value: string, named: Set<string> | undefined): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close' || value === 'Keep-Alive') return named;
  let names = named;
  for (const option of value.toLowerCase().split(',')) {
    const name = option.trim();
    if (name === '' || name === 'close' || name === 'keep-alive' || isProtected(name)) continue;
    names ??= new Set();
    names.add(name);
  }
  return names;
}

/** Takes the named fields out of a flat list, in place. */
export function removeNamed(fields: string[], named: ReadonlySet<string>): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (named.has(fields[i]!.toLowerCase())) continue;
    fields[kept] = fields[i]!;
    fields[kept + 1] = fields[i + 1]!;
    kept += 2;
  }
  fields.length = kept;
}
