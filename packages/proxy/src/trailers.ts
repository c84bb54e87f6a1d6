/**
 * Fields that come after a body. They pass both ways, but for those that a recipient would have had to know before the body: framing,
 * routing, authentication, what the content is, and how it may be kept (RFC 9110 section 6.5.1).
 */
import type { ServerResponse } from 'node:http';
import { isHttp2Response, stageTrailers } from './http2-response.ts';

const FORBIDDEN: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'host',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'warning',
  'www-authenticate',
]);

const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

function isAllowed(name: string): boolean {
  const lower = name.toLowerCase();
  return NAME.test(name) && !FORBIDDEN.has(lower) && !lower.startsWith('if-') && !lower.startsWith('x-forwarded-');
}

/** The fields of a trailer section that may pass: name, value, name, value. */
export function passingTrailers(raw: readonly (Buffer | string)[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i]!.toString('latin1'), raw[i + 1]!.toString('latin1')];
    if (isAllowed(name) && !UNSAFE_VALUE.test(value)) fields.push(name, value);
  }
  return fields;
}

/** The announcement of a trailer section, a value of `Trailer`, without what may not pass; undefined if nothing is left. */
export function passingAnnouncement(value: string): string | undefined {
  const names = value.split(',').map((name) => name.trim());
  const allowed = names.filter(isAllowed);
  return allowed.length === 0 ? undefined : allowed.join(', ');
}

/** Tells the client what fields will follow the body, in a head that is to be sent in chunks. */
export function announceTrailers(fields: string[], trailer: string): void {
  const passing = passingAnnouncement(trailer);
  if (passing !== undefined) fields.push('Trailer', passing);
}

/** Has the fields sent at the end of a response in chunks; Node leaves them out of any other. */
export function addTrailers(res: ServerResponse, raw: readonly (Buffer | string)[]): void {
  const flat = passingTrailers(raw);
  if (isHttp2Response(res)) return stageTrailers(res, flat);
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  res.addTrailers(pairs);
}
