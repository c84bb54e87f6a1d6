/**
 * A request head as HTTP/2 has it (RFC 9113 section 8.3): checked here, since Node puts the fields into one string with NUL between them
 * and sends what it is given.
 */
import { TransportError } from '../transport-error.ts';
import type { UpstreamRequest } from '../transport.ts';

export interface RequestHead {
  /** Name, value, name, value; pseudo fields first. */
  readonly fields: string[];
  /** Bytes of the body, as announced; -1 if nobody did. */
  readonly length: number;
}

/** What field values may be made of: visible characters, space, tab, and the bytes above ASCII. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Neither space nor controls: they would be another request line for whoever translates it to HTTP/1.1. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const LENGTH = /^\d{1,15}$/;

/** Fields that belong to a connection, or that have become pseudo fields. */
const DROPPED = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
/** The handshake of HTTP/1.1, which CONNECT replaces (RFC 8441 section 5). */
const HANDSHAKE = new Set(['sec-websocket-key', 'sec-websocket-accept', 'content-length', 'expect']);

/**
 * @param authority the endpoint's own, for requests without `Host`
 * @throws TransportError `bad-request`
 */
export function requestHead(request: UpstreamRequest, scheme: string, authority: string): RequestHead {
  const { method, path, upgrade, headers } = request;
  if (!TOKEN.test(method) || (method === 'CONNECT' && upgrade === undefined)) throw refusal('method', method);
  if (!TARGET.test(path)) throw refusal('path', path);
  const fields = [':method', method, ':scheme', scheme, ':authority', authority, ':path', path];
  if (upgrade !== undefined) {
    if (!TOKEN.test(upgrade)) throw refusal('upgrade', upgrade);
    fields[1] = 'CONNECT';
    fields.push(':protocol', upgrade);
  }
  const length = addFields(fields, headers, request);
  return { fields, length: withLength(fields, length, request) };
}

/** @returns the announced length of the body, or -1 */
function addFields(fields: string[], headers: readonly string[], request: UpstreamRequest): number {
  let length = -1;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    const value = headers[i + 1]!;
    if (!TOKEN.test(name) || !VALUE.test(value)) throw refusal('field', name);
    if (name === 'host') {
      if (!TARGET.test(value)) throw refusal('field', name);
      fields[5] = value;
    }
    if (isDropped(name, value, request)) continue;
    if (name === 'content-length') {
      if (length !== -1 || !LENGTH.test(value)) throw refusal('field', name);
      length = Number(value);
    }
    fields.push(name, value);
  }
  if (request.isContinueExpected === true && hasBody(request)) fields.push('expect', '100-continue');
  return length;
}

function hasBody({ body, upgrade }: UpstreamRequest): boolean {
  return upgrade === undefined && body !== null && !(Buffer.isBuffer(body) && body.length === 0);
}

function isDropped(name: string, value: string, request: UpstreamRequest): boolean {
  if (DROPPED.has(name)) return true;
  if (name === 'te') return value.toLowerCase() !== 'trailers';
  if (name === 'expect') return request.isContinueExpected === true || request.upgrade !== undefined;
  return request.upgrade !== undefined && HANDSHAKE.has(name);
}

/** Holds the announcement against a body that is known, and makes it if it is missing. */
function withLength(fields: string[], announced: number, { body, upgrade }: UpstreamRequest): number {
  if (upgrade !== undefined || (body !== null && !Buffer.isBuffer(body))) return announced;
  const length = body === null ? 0 : body.length;
  if (announced > 0 && announced !== length) throw refusal('field', 'content-length');
  if (announced === -1 && length > 0) fields.push('content-length', String(length));
  if (announced === 0 && length > 0) throw refusal('field', 'content-length');
  return length;
}

function refusal(what: string, value: string): TransportError {
  return new TransportError('bad-request', `the request cannot be sent over HTTP/2: ${what} ${JSON.stringify(value)}`);
}

/** Trailer fields as Node's streams take them. @throws TransportError `bad-request` */
export function trailersOf(fields: readonly string[]): Record<string, string[]> {
  const trailers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (!TOKEN.test(name) || !VALUE.test(value) || DROPPED.has(name)) throw refusal('trailer field', name);
    (trailers[name] ??= []).push(value);
  }
  return trailers;
}
