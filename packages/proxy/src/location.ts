/**
 * References in a response that name an endpoint, as the client has to see them: without the endpoint.
 *
 * What becomes of them is a path. It is right for whatever name, port and scheme the client has used, further proxies on the way
 * included, and there is nothing in it that a forged `Host` could have put there (RFC 9110 section 10.2.2 allows references).
 */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from '@evenkeel/core';
import { pathBelow } from './paths.ts';

/** Gives another reference for one in `Location`, `Content-Location` or `Refresh`. */
export type LocationRewrite = (location: string, endpoint: Endpoint, req: IncomingMessage) => string;

/** The client's view of what it has asked. */
export interface ClientSide {
  /** Its `Host`. */
  readonly host: string | undefined;
  readonly isSecure: boolean;
  /** What was taken off the path before it went on; empty if nothing. */
  readonly mountPath: string;
}

/** Changes the fields in place. */
export function rewriteLocations(fields: string[], rewrite: (location: string) => string): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name === 'location' || name === 'content-location') fields[i + 1] = rewrite(fields[i + 1]!);
    else if (name === 'refresh') fields[i + 1] = refreshTo(fields[i + 1]!, rewrite);
  }
}

/** `5; url=http://10.0.0.1/x`, with or without quotes. */
function refreshTo(value: string, rewrite: (location: string) => string): string {
  const start = /^[^;,]*[;,]\s*url\s*=\s*/i.exec(value)?.[0];
  if (start === undefined) return value;
  const location = value.slice(start.length).trim();
  const quote = location.charAt(0);
  const isQuoted = (quote === '"' || quote === "'") && location.length > 1 && location.endsWith(quote);
  return isQuoted ? `${start}${quote}${rewrite(location.slice(1, -1))}${quote}` : start + rewrite(location);
}

/**
 * A reference to the endpoint itself, or to the client's own origin, as a path; anything else as it is.
 * @param origin the endpoint's
 */
export function ownLocation(location: string, origin: string, client: ClientSide): string {
  const match = /^(https?):\/\/([^/?#\\]*)/i.exec(location);
  if (match === null) {
    const isPath = location.startsWith('/') && !/^\/[\t\n\r]*[/\\]/.test(location);
    return isPath && client.mountPath !== '' ? pathBelow(client.mountPath, location) : location;
  }
  const [start, scheme, authority] = match as unknown as [string, string, string];
  if (!isOwn(scheme.toLowerCase(), authority, origin, client)) return location;
  const rest = location.slice(start.length);
  return pathBelow(client.mountPath, rest.startsWith('/') ? rest : `/${rest}`);
}

function isOwn(scheme: string, authority: string, origin: string, { host, isSecure }: ClientSide): boolean {
  const named = withoutPort(authority, scheme);
  if (`${scheme}://${named}` === origin.toLowerCase()) return true;
  // From http to https on the same host is a redirect in earnest; an application behind TLS that ends here means the client's.
  const isSameScheme = scheme === 'http' || isSecure;
  return isSameScheme && host !== undefined && named === withoutPort(host, isSecure ? 'https' : 'http');
}

function withoutPort(authority: string, scheme: string): string {
  const lower = authority.toLowerCase();
  const port = scheme === 'https' ? ':443' : ':80';
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}
