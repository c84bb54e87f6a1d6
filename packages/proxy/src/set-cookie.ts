/**
 * Reading and changing single cookies in place, so that all others pass as they came.
 */

/** Where the value of a cookie of the wanted name stands in a `Cookie` field. */
export interface CookieSpan {
  readonly start: number;
  readonly end: number;
}

/** The next cookie called `name` at or after `from`; undefined if there is none. RFC 6265 section 5.4, and lenient about spaces. */
export function findCookie(header: string, name: string, from: number): CookieSpan | undefined {
  for (let at = header.indexOf(name, from); at >= 0; at = header.indexOf(name, at + 1)) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) !== 0x3d || !startsPair(header, at)) continue;
    const semicolon = header.indexOf(';', equals);
    let start = equals + 1;
    let end = semicolon < 0 ? header.length : semicolon;
    while (start < end && isSpace(header.charCodeAt(end - 1))) end--;
    if (end - start >= 2 && header.charCodeAt(start) === QUOTE && header.charCodeAt(end - 1) === QUOTE) {
      start++;
      end--;
    }
    return { start, end };
  }
  return undefined;
}

const QUOTE = 0x22;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function startsPair(header: string, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && isSpace(header.charCodeAt(i))) i--;
  return i < 0 || header.charCodeAt(i) === 0x3b;
}

/** True if a field is called so, in whatever letters. */
export function isNamed(field: string, lowerCaseName: string): boolean {
  return field.length === lowerCaseName.length && field.toLowerCase() === lowerCaseName;
}

/**
 * Takes all cookies of the name off a `Cookie` field, with one separator each. O(length)
 * @param values gets what they were
 * @returns the rest as it was; empty if there is none
 */
export function takeCookies(header: string, name: string, values: string[]): string {
  let rest = '';
  let from = 0;
  let isFirstTaken = false;
  for (let span = findCookie(header, name, 0); span !== undefined; span = findCookie(header, name, span.end)) {
    // From the `=` on: what stands at `start` is the next separator if the value is empty.
    const before = header.lastIndexOf(';', span.start - 1);
    const after = header.indexOf(';', span.end);
    values.push(header.slice(span.start, span.end));
    rest += header.slice(from, Math.max(before, from));
    isFirstTaken ||= before < 0;
    from = after < 0 ? header.length : after;
  }
  if (from === 0) return header;
  rest += header.slice(from);
  return isFirstTaken ? rest.replace(/^;[ \t]*/, '') : rest;
}

/** The value's place in a `Set-Cookie` field if that field is about `name`. */
export function setCookieSpan(field: string, name: string): CookieSpan | undefined {
  const semicolon = field.indexOf(';');
  return findCookie(semicolon < 0 ? field : field.slice(0, semicolon), name, 0);
}

/** True if a `Set-Cookie` field tells the client to forget the cookie. @param nowMs wall-clock time, for `Expires` */
export function isDeletion(field: string, span: CookieSpan, nowMs: number): boolean {
  if (span.start === span.end) return true;
  const attributes = field.slice(span.end);
  const maxAge = /;\s*max-age\s*=\s*"?(-?\d+)/i.exec(attributes);
  if (maxAge !== null) return Number(maxAge[1]) <= 0;
  const expires = /;\s*expires\s*=\s*([^;]+)/i.exec(attributes);
  return expires !== null && Date.parse(expires[1]!) <= nowMs;
}

/** Replaces the part of `text` in `span`. */
export function replaceSpan(text: string, span: CookieSpan, value: string): string {
  return text.slice(0, span.start) + value + text.slice(span.end);
}
