/**
 * Which protocols a client offers to change to, whether it may, and whether the endpoint's answer is one of them (RFC 9110 section 7.8).
 */
import type { IncomingMessage } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import type { RawHeaders } from '@evenkeel/core';

const PROTOCOL = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+(\/[A-Za-z0-9!#$%&'*+\-.^_`|~]+)?$/;

/**
 * About the client's own connection to us, and never passed on: an endpoint that agreed to `h2c` would speak HTTP on a connection that
 * nobody looks into any more, past all that the proxy is there for.
 */
const OF_THE_CONNECTION = /^(h2c?|h3|http|tls|ssl)(\/|$)/i;

/** @returns what may go on, as one `Upgrade` value; empty if there is nothing */
export function offeredProtocols(raw: readonly string[]): string {
  const offered: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]!.toLowerCase() !== 'upgrade') continue;
    for (const item of raw[i + 1]!.split(',')) {
      const protocol = item.trim();
      if (PROTOCOL.test(protocol) && !OF_THE_CONNECTION.test(protocol)) offered.push(protocol);
    }
  }
  return offered.join(', ');
}

/**
 * The endpoint's `Upgrade` value.
 * @param offered what it was asked for
 * @throws BAD_RESPONSE if it names nothing, or something else
 */
export function acceptedProtocol(headers: RawHeaders, offered: string): string {
  const accepted = valueOf(headers, 'upgrade');
  const known = offered.toLowerCase().split(', ');
  if (accepted === undefined || accepted.split(',').some((name) => !known.includes(name.trim().toLowerCase()))) {
    throw new BalancerError('BAD_RESPONSE', 'the endpoint changed to a protocol that nobody has asked for');
  }
  return accepted;
}

/** All values of a field, joined; undefined if it is not there. */
export function valueOf(headers: RawHeaders, lowerCaseName: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toString('latin1').toLowerCase() !== lowerCaseName) continue;
    const value = headers[i + 1]!.toString('latin1').trim();
    joined = joined === undefined ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** True if a body comes with the request, so that nobody can say where the other protocol would begin. */
export function announcesBody({ rawHeaders }: IncomingMessage): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name === 'transfer-encoding' || (name === 'content-length' && !/^0+$/.test(rawHeaders[i + 1]!))) return true;
  }
  return false;
}
