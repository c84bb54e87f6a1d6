/**
 * Who is at the other end of a client's connection, and what the endpoints are told about it. Worked out once per connection.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { BalancerError } from '@evenkeel/core';
import { v } from '@evenkeel/core/options';
import { proxyProtocolOf } from './proxy-protocol/told.ts';

/** Any characters but those that RFC 3986 allows in an authority. */
const NOT_HOST = /[^A-Za-z0-9\-._~%!$&'()*+,;=:[\]]/;
const FORWARDED_TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const MAPPED = '::ffff:';

/** What the proxy knows about one connection. */
export interface Peer {
  /** The address, IPv4 in dotted form even on a dual-stack socket; `unknown` on a Unix socket. */
  readonly address: string;
  /** What it says about clients behind it is believed. */
  readonly isTrusted: boolean;
  readonly proto: 'http' | 'https';
  /** The port that the client connected to. */
  readonly port: string;
  /** The forwarding fields as they are if nobody else has a say, for `host`. */
  tail: readonly string[];
  host: string | undefined;
  /** The client was told that nothing more is taken from this connection. */
  isRefused: boolean;
  /** The last request of this connection, until it is over. */
  last: PeerRequest | undefined;
  /** The PROXY head of this connection, once it was asked for. */
  preamble?: Buffer | undefined;
}

/** A request on a connection that it may share with others, which wait for each other's answers. */
export interface PeerRequest {
  readonly isClosed: boolean;
  before: PeerRequest | undefined;
  /** The connection has closed, which ends this request and those before it. */
  abandon(): void;
}

/** Lets go of a request that has closed, but not of those before it: one that is refused while it waits may go first. */
export function leavePeer(request: PeerRequest, peer: Peer): void {
  let { before } = request;
  while (before?.isClosed === true) before = before.before;
  request.before = before;
  if (peer.last === request) peer.last = before;
}

/** Forwarding fields that a trusted peer sent, several lines of a name joined. */
export interface Forwarding {
  forwarded: string | undefined;
  for: string | undefined;
  proto: string | undefined;
  host: string | undefined;
  port: string | undefined;
}

/** Remembers its connections. @param trusted undefined to trust nobody */
export function peerBook(trusted: BlockList | undefined): (socket: Socket) => Peer {
  const peers = new WeakMap<Socket, Peer>();
  return (socket) => {
    let peer = peers.get(socket);
    if (peer === undefined) {
      const met = peerOf(socket, trusted);
      peer = met;
      peers.set(socket, met);
      // Node closes no response that waits on a connection which it has given away, for an upgrade or a CONNECT behind it.
      socket.once('close', () => met.last?.abandon());
    }
    return peer;
  };
}

function peerOf(socket: Socket, trusted: BlockList | undefined): Peer {
  const remote = socket.remoteAddress;
  const address = remote === undefined ? 'unknown' : unmapped(remote);
  return {
    address,
    isTrusted: trusted !== undefined && isListed(trusted, address),
    proto: isTls(socket) ? 'https' : 'http',
    port: socket.localPort === undefined ? '' : String(socket.localPort),
    tail: [],
    host: undefined,
    isRefused: false,
    last: undefined,
    preamble: undefined,
  };
}

/** Also where somebody in front of us has taken TLS off and says so in a PROXY head. */
function isTls(socket: Socket): boolean {
  return ('encrypted' in socket && socket.encrypted === true) || proxyProtocolOf(socket)?.isTls === true;
}

/** IPv4 in dotted form, also where it comes as IPv6. */
export function unmapped(address: string): string {
  return address.startsWith(MAPPED) && isIPv4(address.slice(MAPPED.length)) ? address.slice(MAPPED.length) : address;
}

/** True if the address is in the list; a text that is no address never is. */
export function isListed(list: BlockList, address: string): boolean {
  if (isIPv4(address)) return list.check(address, 'ipv4');
  return isIPv6(address) && list.check(address, 'ipv6');
}

/** @param cidrs addresses or networks, such as `10.0.0.0/8` or `::1`, known to be valid */
export function trustOf(cidrs: readonly string[]): BlockList | undefined {
  if (cidrs.length === 0) return undefined;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const { address, family, prefix } = parseCidr(cidr)!;
    list.addSubnet(address, prefix, family);
  }
  return list;
}

const CIDR = 'an address or network such as "10.0.0.0/8" or "::1"';

/** The schema of a list of addresses and networks. */
export const trustedSchema: v.GenericSchema<unknown, string[]> = v.array(
  v.pipe(
    v.string(CIDR),
    v.check((text) => parseCidr(text) !== undefined, CIDR),
  ),
  `an array of strings, each ${CIDR}`,
);

/** @returns undefined if it is not an address or network */
export function parseCidr(text: string): { address: string; family: 'ipv4' | 'ipv6'; prefix: number } | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  if (family === undefined || address.includes('%')) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  if (slash < 0) return { address, family, prefix: bits };
  const digits = text.slice(slash + 1);
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : Infinity;
  return prefix <= bits ? { address, family, prefix } : undefined;
}

/**
 * Adds the forwarding fields: ours alone, or behind those of a trusted peer.
 * @param host the client's `Host`, undefined if it sent none
 * @throws BAD_REQUEST if `host` is not an authority
 */
export function pushForwarding(
  fields: string[],
  peer: Peer,
  host: string | undefined,
  given: Forwarding | undefined,
): void {
  if (peer.host !== host || peer.tail.length === 0) {
    peer.tail = tailOf(peer, host, undefined);
    peer.host = host;
  }
  const tail = given === undefined ? peer.tail : tailOf(peer, host, given);
  for (let i = 0; i < tail.length; i++) fields.push(tail[i]!);
}

function tailOf(peer: Peer, host: string | undefined, given: Forwarding | undefined): string[] {
  if (host !== undefined && NOT_HOST.test(host))
    throw new BalancerError('BAD_REQUEST', 'the Host field is not an authority');
  const tail = ['X-Forwarded-For', appended(given?.for, peer.address), 'X-Forwarded-Proto', given?.proto ?? peer.proto];
  const toldHost = given?.host ?? host;
  if (toldHost !== undefined) tail.push('X-Forwarded-Host', toldHost);
  const port = given?.port ?? peer.port;
  if (port !== '') tail.push('X-Forwarded-Port', port);
  tail.push('Forwarded', appended(given?.forwarded, forwardedElement(peer, host)));
  return tail;
}

function appended(before: string | undefined, own: string): string {
  return before === undefined || before === '' ? own : `${before}, ${own}`;
}

/** RFC 7239 section 4. */
function forwardedElement(peer: Peer, host: string | undefined): string {
  const node = peer.address.includes(':') ? `"[${peer.address}]"` : peer.address;
  const element = `for=${node};proto=${peer.proto}`;
  if (host === undefined || host === '') return element;
  return `${element};host=${FORWARDED_TOKEN.test(host) ? host : `"${host}"`}`;
}
