import type http2 from 'node:http2';

/**
 * Keeps the native part of an HTTP/2 session until that of its stream has been collected.
 *
 * Node frees the two in any order, and aborts the process when a session goes first while a stream holds fields that
 * were never delivered: of a head that was cut off, or that had more fields than allowed. So a server could end
 * ours. See https://github.com/nodejs/node/issues/39951; seen on Node 22, 24 and 26. Where Node has no such handles
 * nothing is kept. Call it when the session has connected, for there are none before.
 */
export function outlive(session: http2.ClientHttp2Session, stream: http2.ClientHttp2Stream): void {
  const [sessionHandle, streamHandle] = [handleOf(session), handleOf(stream)];
  if (sessionHandle !== undefined && streamHandle !== undefined) streams.register(streamHandle, sessionHandle);
}

/** A registry holds what it was given along with a target for as long as the target lives. */
const streams = new FinalizationRegistry<object>(() => undefined);

function handleOf(owner: object): object | undefined {
  const key = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'kHandle');
  const handle: unknown = key && Reflect.get(owner, key);
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}
