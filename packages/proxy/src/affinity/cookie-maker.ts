/**
 * The cookie that the proxy makes itself: its name and attributes, written out once.
 */
import { stringifySetCookie } from 'cookie';
import type { StickyResponse } from './affinity.ts';

/** A cookie as the options describe it. */
export interface CookieLook {
  readonly name: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly httpOnly: boolean;
  readonly secure: boolean | 'auto';
}

/** Adds a `Set-Cookie` to a response head. */
export type SetCookie = (fields: string[], value: string, response: StickyResponse) => void;

/** @returns a function that sets the cookie, and makes the response private unless somebody has decided that already */
export function cookieMaker(look: CookieLook): SetCookie {
  const attributes = attributesOf(look, look.secure === true);
  const secureAttributes = attributesOf(look, look.secure !== false);
  return (fields, value, response) => {
    fields.push('Set-Cookie', `${look.name}=${value}${response.isSecure ? secureAttributes : attributes}`);
    keepPrivate(fields, response);
  };
}

/** What sets a session's cookie is for one client only. */
export function keepPrivate(fields: string[], { hasCacheControl }: StickyResponse): void {
  if (!hasCacheControl) fields.push('Cache-Control', 'private');
}

function attributesOf({ path, domain, sameSite, httpOnly }: CookieLook, secure: boolean): string {
  return stringifySetCookie({
    ...{ name: 'x', value: '', path, sameSite, httpOnly, secure },
    ...(domain !== undefined && { domain }),
  }).slice('x='.length);
}
