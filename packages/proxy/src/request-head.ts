/**
 * The head that goes to the endpoint, made from the client's `rawHeaders`: order, duplicates, letter case and latin1 bytes stay;
 * connection-level fields go, and only then come the proxy's own, so that a client's `Connection` can never name them away.
 */
import { BalancerError } from '@evenkeel/core';
import {
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  DROP,
  FORWARDED,
  HOST,
  KEEP,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  VIA,
  namedByConnection,
  removeNamed,
  requestKindOf,
} from './field-kinds.ts';
import { pushForwarding } from './peer.ts';
import { passingAnnouncement } from './trailers.ts';
import type { Forwarding, Peer } from './peer.ts';

/** What the proxy's options say about request heads. */
export interface RequestHeadPolicy {
  readonly maxHeadBytes: number;
  readonly maxHeaderCount: number;
  /** Leaves `Host` out, so that the endpoint's own is sent. */
  readonly changeOrigin: boolean;
  /** This proxy's name in `Via`; undefined to leave the field alone. */
  readonly viaName: string | undefined;
}

/** What is learned on the way. The caller hands in the object, so that there is one per request and not two. */
export interface RequestHeadFacts {
  readonly peer: Peer;
  readonly httpVersion: string;
  /** The client's `Host`; undefined if it sent none. */
  host: string | undefined;
  /** -1 if not announced. */
  contentLength: number;
  isChunked: boolean;
  /** What fields after the body are announced; undefined for none. */
  trailer: string | undefined;
  /** Index of the first `Cookie` value in the result; -1 if there is none. */
  cookieAt: number;
  /** The client's side is TLS, as far as it is known. */
  isSecure: boolean;
}

/**
 * @returns name, value, name, value
 * @throws HEAD_TOO_LARGE, LOOP_DETECTED, NOT_SUPPORTED (a transfer coding other than chunked), BAD_REQUEST
 */
export function requestHead(raw: readonly string[], policy: RequestHeadPolicy, facts: RequestHeadFacts): string[] {
  const fields: string[] = [];
  let named: Set<string> | undefined;
  let given: Forwarding | undefined;
  let bytes = 0;
  // Node takes a request line that ends behind its target, and reads fields and a body behind it all the same.
  if (facts.httpVersion === '0.9') throw new BalancerError('BAD_REQUEST', 'HTTP/0.9 is not spoken here');
  if (raw.length > policy.maxHeaderCount * 2) throw new BalancerError('HEAD_TOO_LARGE', 'too many header fields');
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    bytes += name.length + value.length + 4;
    const kind = requestKindOf(name);
    if (kind === KEEP) {
      fields.push(name, value);
    } else if (kind === CONNECTION) {
      named = namedByConnection(value, named);
    } else if (kind === FORWARDED) {
      if (facts.peer.isTrusted) given = takeForwarding(name, value, given);
    } else if (kind !== DROP) {
      takeSpecial(kind, name, value, policy, facts, fields);
    }
  }
  if (bytes > policy.maxHeadBytes) throw new BalancerError('HEAD_TOO_LARGE', 'the request head is too large');
  if (named !== undefined) {
    removeNamed(fields, named);
    facts.cookieAt = fields.findIndex((name, i) => i % 2 === 0 && requestKindOf(name) === COOKIE) + 1 || -1;
  }
  facts.trailer = facts.isChunked && facts.trailer !== undefined ? passingAnnouncement(facts.trailer) : undefined;
  if (facts.trailer !== undefined) fields.push('Trailer', facts.trailer);
  if (facts.peer.proto === 'https' || given?.proto !== undefined) facts.isSecure = isSecure(facts.peer, given);
  pushForwarding(fields, facts.peer, facts.host, given);
  if (policy.viaName !== undefined) fields.push('Via', `${facts.httpVersion} ${policy.viaName}`);
  return fields;
}

/** The fields that are neither simply kept nor simply dropped. */
function takeSpecial(
  kind: number,
  name: string,
  value: string,
  policy: RequestHeadPolicy,
  facts: RequestHeadFacts,
  fields: string[],
): void {
  if (kind === HOST) {
    // RFC 9112 section 3.2: a second one would let us and the endpoint disagree about who is meant.
    if (facts.host !== undefined) throw new BalancerError('BAD_REQUEST', 'more than one Host field');
    facts.host = value;
    if (!policy.changeOrigin) fields.push(name, value);
  } else if (kind === COOKIE) {
    if (facts.cookieAt < 0) facts.cookieAt = fields.length + 1;
    fields.push(name, value);
  } else if (kind === CONTENT_LENGTH) {
    if (facts.contentLength >= 0) throw new BalancerError('BAD_REQUEST', 'more than one Content-Length field');
    facts.contentLength = lengthOf(value);
    fields.push(name, value);
  } else if (kind === TRANSFER_ENCODING) {
    takeTransferEncoding(value, facts);
  } else if (kind === TE) {
    if (/(^|,)\s*trailers\s*(,|;|$)/i.test(value)) fields.push(name, 'trailers');
  } else if (kind === TRAILER) {
    facts.trailer = facts.trailer === undefined ? value : `${facts.trailer}, ${value}`;
  } else if (kind === VIA) {
    if (policy.viaName !== undefined && value.includes(policy.viaName)) {
      throw new BalancerError('LOOP_DETECTED', 'the request has passed this proxy before');
    }
    fields.push(name, value);
  }
}

function lengthOf(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new BalancerError('BAD_REQUEST', 'the Content-Length field is not a number');
  return Number(value);
}

function takeTransferEncoding(value: string, facts: RequestHeadFacts): void {
  if (facts.httpVersion === '1.0') {
    // RFC 9112 section 6.1: the framing of such a message is faulty.
    throw new BalancerError('BAD_REQUEST', 'HTTP/1.0 has no Transfer-Encoding');
  }
  // Any other coding would be taken off the list here and stay in the body.
  if (facts.isChunked || value.trim().toLowerCase() !== 'chunked') {
    throw new BalancerError('NOT_SUPPORTED', 'the only transfer coding understood is chunked');
  }
  facts.isChunked = true;
}

function takeForwarding(name: string, value: string, before: Forwarding | undefined): Forwarding {
  const given = before ?? { forwarded: undefined, for: undefined, proto: undefined, host: undefined, port: undefined };
  const lower = name.toLowerCase();
  if (name.includes('_')) return given;
  const part = lower === 'forwarded' ? 'forwarded' : (lower.slice('x-forwarded-'.length) as keyof Forwarding);
  given[part] = given[part] === undefined ? value : `${given[part]}, ${value}`;
  return given;
}

/** What the first of the trusted proxies saw decides. */
function isSecure(peer: Peer, given: Forwarding | undefined): boolean {
  if (given?.proto === undefined) return peer.proto === 'https';
  return given.proto.split(',', 1)[0]!.trim().toLowerCase() === 'https';
}
