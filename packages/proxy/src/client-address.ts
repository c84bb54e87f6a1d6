/**
 * Which client a request comes from: the nearest address that is not one of ours. What the proxies on the way have appended is read from
 * the end, and believed as long as whoever said it is trusted; so a client can invent what it likes, and it stands further left.
 * @see RFC 7239 for `Forwarded`
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { BlockList } from 'node:net';
import { isListed, unmapped } from './peer.ts';
import type { Peer } from './peer.ts';

/** More than that many proxies in a row are somebody's joke. */
const MAX_HOPS = 32;

/**
 * `X-Forwarded-For` counts, and `Forwarded` where it is missing. Stops at what is no address (`unknown`, `_hidden`).
 * @param peer the other end of the connection
 */
export function clientAddress(
  rawHeaders: readonly string[],
  peer: Pick<Peer, 'address' | 'isTrusted'>,
  trusted: BlockList | undefined,
): string | undefined {
  const isKnown = isIPv4(peer.address) || isIPv6(peer.address);
  if (!peer.isTrusted || trusted === undefined) return isKnown ? peer.address : undefined;
  const simple = joined(rawHeaders, 'x-forwarded-for');
  const list = simple ?? joined(rawHeaders, 'forwarded') ?? '';
  let address = peer.address;
  let end = list.length;
  for (let hop = 0; hop < MAX_HOPS && end > 0; hop++) {
    const comma = list.lastIndexOf(',', end - 1);
    const element = list.slice(comma + 1, end);
    const next = addressOf(simple === undefined ? forOf(element) : element);
    if (next === undefined) break;
    address = next;
    if (!isListed(trusted, address)) break;
    end = comma;
  }
  return address;
}

/** All lines of a field, in order. */
function joined(rawHeaders: readonly string[], lowerCaseName: string): string | undefined {
  let all: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== lowerCaseName.length || name.toLowerCase() !== lowerCaseName) continue;
    all = all === undefined ? rawHeaders[i + 1]! : `${all},${rawHeaders[i + 1]!}`;
  }
  return all;
}

/** The `for` of one element of `Forwarded`. */
function forOf(element: string): string {
  for (const pair of element.split(';', MAX_HOPS)) {
    const [name, value] = pair.split('=', 2) as [string, string?];
    if (name.trim().toLowerCase() === 'for' && value !== undefined) return value.trim().replace(/^"(.*)"$/, '$1');
  }
  return '';
}

/** The address alone, of `10.0.0.1`, `10.0.0.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function addressOf(text: string): string | undefined {
  const node = text.trim();
  // The longest there is: an IPv6 address in brackets that ends in a dotted one, and a port.
  if (node.length > 64) return undefined;
  const bracket = node.startsWith('[') ? node.indexOf(']') : -1;
  const colon = node.indexOf(':');
  const isDottedWithPort = colon > 0 && colon === node.lastIndexOf(':');
  const address = bracket > 0 ? node.slice(1, bracket) : isDottedWithPort ? node.slice(0, colon) : node;
  return isIPv4(address) || isIPv6(address) ? unmapped(address) : undefined;
}

/** How many bits count. */
export interface Prefixes {
  readonly ipv4: number;
  readonly ipv6: number;
}

/**
 * The network that an address is in, as one text however the address is written: IPv6 in its long form, IPv4 in IPv6 as IPv4.
 */
export function networkOf(address: string | undefined, { ipv4, ipv6 }: Prefixes): string | undefined {
  if (address === undefined) return undefined;
  if (isIPv4(address)) return ipv4 === 32 ? address : masked(address.split('.').map(Number), ipv4, 8).join('.');
  const groups = groupsOf(address);
  if (groups === undefined) return undefined;
  const isMapped = groups[5] === 0xffff && groups.every((group, i) => i >= 5 || group === 0);
  if (!isMapped) {
    return masked(groups, ipv6, 16)
      .map((group) => group.toString(16))
      .join(':');
  }
  const [high, low] = [groups[6]!, groups[7]!];
  return masked([high >> 8, high & 255, low >> 8, low & 255], ipv4, 8).join('.');
}

/** The first `prefix` bits of parts of `width` bits each; the rest are 0. */
function masked(parts: readonly number[], prefix: number, width: number): number[] {
  return parts.map((part, i) => {
    const kept = Math.min(width, Math.max(0, prefix - i * width));
    const lost = width - kept;
    return (part >> lost) << lost;
  });
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] | undefined {
  // What follows the percent sign is the interface that a link-local address is on.
  const text = address.split('%', 1)[0]!;
  if (!isIPv6(text)) return undefined;
  const [head, tail] = text.split('::', 2).map(groupsIn) as [number[], number[]?];
  if (tail === undefined) return head;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function groupsIn(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a, b, c, d] = group.split('.').map(Number) as [number, number, number, number];
    return [(a << 8) | b, (c << 8) | d];
  });
}
