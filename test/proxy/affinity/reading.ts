/**
 * One affinity, without a server: what it reads out of a request's fields, and what it makes of a response's.
 */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from '@evenkeel/core';
import type { Affinity, StickyResponse } from '../../../packages/proxy/src/affinity/affinity.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Reading {
  readonly stickiness: Mutable<StickyResponse>;
  /** The `Cookie` fields that the endpoint gets. */
  readonly sent: string[];
}

/** What was learned of a request with these fields, one after another. */
export function readFields(affinity: Affinity, fields: string[], more: Partial<StickyResponse> = {}): Reading {
  const stickiness: Mutable<StickyResponse> = {
    ...{
      key: 0,
      preferred: undefined,
      token: undefined,
      isStrict: false,
      isFromPath: false,
      path: '/',
      address: undefined,
    },
    ...{ isDetour: false, isSecure: false, hasSetCookie: true, hasCacheControl: false },
    ...more,
  };
  const rawHeaders = [...fields];
  const cookieAt = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'cookie') + 1 || -1;
  affinity.readRequest(fields, cookieAt, stickiness, { rawHeaders } as IncomingMessage);
  return { stickiness, sent: fields.filter((_, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === 'cookie') };
}

/** The same of a request that has these `Cookie` fields and no others. */
export function readBy(affinity: Affinity, ...cookies: string[]): Reading {
  return readFields(
    affinity,
    cookies.flatMap((cookie) => ['Cookie', cookie]),
  );
}

/** The values that the client is told after a request with `cookie`, answered by `endpoint` with `setCookies`. */
export function toldBy(affinity: Affinity, cookie: string, endpoint: Endpoint, ...setCookies: string[]): string[] {
  const fields = setCookies.flatMap((value) => ['Set-Cookie', value]);
  affinity.writeResponse(fields, readBy(affinity, cookie).stickiness, endpoint);
  return fields.filter((_, i) => i % 2 === 1);
}
