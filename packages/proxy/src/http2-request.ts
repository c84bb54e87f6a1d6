/**
 * Requests that come over HTTP/2, told in the words of HTTP/1.1 for whoever reads them next. Node's compatibility layer makes them look
 * like others from afar; what it leaves as it was on the wire, or gets wrong, is dealt with here.
 */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { BalancerError } from '@evenkeel/core';
import { leaveSession, watchSession } from './http2-liveness.ts';
import { normalAuthority } from './request-target.ts';

/** The stream that a request came on; undefined if it is none of HTTP/2. */
export function streamOf(req: IncomingMessage): ServerHttp2Stream | undefined {
  // The layer is made so that one stands for the other, and so are the types of all who take requests.
  return req.httpVersionMajor === 2 ? (req as unknown as Http2ServerRequest).stream : undefined;
}

/** What stands for the client's connection: the same for all streams of one, unlike `req.socket`. */
export function connectionOf(req: IncomingMessage): IncomingMessage['socket'] {
  return streamOf(req)?.session?.socket ?? req.socket;
}

/** What a field list cannot say. */
export interface BodyMark {
  readonly method: string;
  /** A body of unknown length follows. */
  isChunked: boolean;
}

/**
 * The fields of a request, name, value, name, value, as HTTP/1.1 has them: `Host` in the place of pseudo fields, and one `Cookie` line for
 * what a client may have split (RFC 9113 section 8.2.3).
 * @param mark is told of a body that no field announces
 * @throws BAD_REQUEST if `Host` names another authority than the request itself (section 8.3.1), or HTTP/1 calls itself HTTP/2
 */
export function requestFields(req: IncomingMessage, mark: BodyMark): readonly string[] {
  const stream = streamOf(req);
  const { rawHeaders } = req;
  if (stream === undefined) {
    // Node takes "HTTP/2.0" in a request line for a version like others.
    if (req.httpVersionMajor > 1) throw new BalancerError('BAD_REQUEST', 'HTTP/2 is not spoken in these words');
    return rawHeaders;
  }
  const fields: string[] = [];
  let scheme = '';
  let authority = '';
  let cookieAt = -1;
  let isAnnounced = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (name === ':scheme') scheme = value;
    else if (name === ':authority') authority = value;
    if (name.charCodeAt(0) === COLON) continue;
    if (name === 'cookie' && cookieAt >= 0) {
      fields[cookieAt] += `; ${value}`;
      continue;
    }
    if (name === 'cookie') cookieAt = fields.length + 1;
    else if (name === 'content-length') isAnnounced = true;
    fields.push(name, value);
  }
  // What follows CONNECT is another protocol.
  mark.isChunked = !isAnnounced && !stream.endAfterHeaders && mark.method !== 'CONNECT';
  return authority === '' ? fields : ['host', authority, ...withoutHost(fields, authority, scheme)];
}

const COLON = 0x3a;

function withoutHost(fields: readonly string[], authority: string, scheme: string): string[] {
  const rest: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!, fields[i + 1]!];
    if (name !== 'host') rest.push(name, value);
    else if (normalAuthority(value, scheme) !== normalAuthority(authority, scheme)) {
      throw new BalancerError('BAD_REQUEST', 'the Host field is not the authority of the request');
    }
  }
  return rest;
}

/** Who is told of the end of a stream. */
export interface StreamOwner {
  readonly isOver: boolean;
  yieldTo(whom: string): void;
  closed(): void;
}

const OWNER: unique symbol = Symbol('evenkeel.owner');
const SESSION: unique symbol = Symbol('evenkeel.session');
type OwnedStream = ServerHttp2Stream & { [OWNER]?: StreamOwner; [SESSION]?: ServerHttp2Session | undefined };

/**
 * Tells of a client that resets its stream, or leaves, and of the stream's end. The layer's own events are no good for it: it ends the
 * request's body when the client has reset it, as if that were all, and it never closes the response to a HEAD that was reset.
 */
export function watchStream(stream: OwnedStream, owner: StreamOwner): void {
  stream[OWNER] = owner;
  const session = (stream[SESSION] = stream.session as ServerHttp2Session | undefined);
  if (session !== undefined) watchSession(session);
  stream.on('aborted', onAborted);
  stream.on('close', onClose);
}

function onAborted(this: OwnedStream): void {
  const owner = this[OWNER];
  if (owner?.isOver === false) owner.yieldTo('the client has reset its stream');
}

function onClose(this: OwnedStream): void {
  const session = this[SESSION];
  if (session !== undefined) leaveSession(session);
  this[OWNER]?.closed();
}
