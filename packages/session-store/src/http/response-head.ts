/**
 * What a held response does with its head: fields of `writeHead` that must be set before it is called, fields that describe a body
 * that is not sent after all, and fields that nobody may set any more.
 */
import type { ServerResponse } from 'node:http';

/** What `writeHead` was given, as if it had been set before: only so can a cookie join it. */
export function applyHead(res: ServerResponse, [status, ...rest]: unknown[]): void {
  const message = typeof rest[0] === 'string' ? rest.shift() : undefined;
  res.statusCode = Number(status);
  if (typeof message === 'string') res.statusMessage = message;
  const [headers] = rest;
  if (Array.isArray(headers)) {
    for (let i = 0; i < headers.length; i += 2) res.removeHeader(String(headers[i]));
    for (let i = 0; i < headers.length; i += 2) res.appendHeader(String(headers[i]), headers[i + 1]);
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  }
}

/** Takes off what described the body that will not be sent. */
export function cleanHead(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) {
    if (/^(?:content-.*|etag|last-modified|location|transfer-encoding|trailer|cache-control|expires)$/.test(name))
      res.removeHeader(name);
  }
  restoreStatus(res, { code: 200, message: '' });
}

/** What the first line of a head says. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

export function statusOf(res: ServerResponse): Status {
  return { code: res.statusCode, message: hasMessage(res) ? res.statusMessage : '' };
}

export function restoreStatus(res: ServerResponse, { code, message }: Status): void {
  res.statusCode = code;
  if (hasMessage(res)) res.statusMessage = message;
}

/** HTTP/2 has none, and Node warns of whoever asks for it. */
function hasMessage(res: ServerResponse): boolean {
  return res.req.httpVersionMajor < 2;
}

type HeaderMethod = 'setHeader' | 'setHeaders' | 'appendHeader' | 'removeHeader';
export type HeaderMethods = Record<HeaderMethod, (...parameters: unknown[]) => unknown>;

/** Those that a response has; `node:http2`'s has no `setHeaders` in every Node. */
export function headerMethodsOf(res: ServerResponse): HeaderMethods {
  const { setHeader, setHeaders, appendHeader, removeHeader } = res;
  return { setHeader, setHeaders, appendHeader, removeHeader } as HeaderMethods;
}

/** @throws Error as Node does of a head that is out */
export function refuseHeader(): never {
  throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
