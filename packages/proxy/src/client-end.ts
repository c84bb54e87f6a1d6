/**
 * The ends of client connections that `node:http` does not bring about by itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { streamOf } from './http2-request.ts';
import { dropUpload, isHttp2Response, resetStream } from './http2-response.ts';

/** True if nobody is left to answer, or somebody has. */
export function isGone(req: IncomingMessage, res: ServerResponse): boolean {
  const stream = streamOf(req);
  if (stream !== undefined) return stream.destroyed || stream.closed || res.writableEnded;
  return res.destroyed || res.writableEnded || req.socket.destroyed;
}

/**
 * Ends a response so that the client can tell that it is not whole.
 * @param isFramed the head has told where the body ends
 */
export function cutShort(res: ServerResponse, isFramed: boolean): void {
  if (isHttp2Response(res)) return resetStream(res);
  const { socket } = res;
  // Where the end of the connection is the end of the body, only a reset is no clean end.
  // Over TLS there is no reset; an end without a closing alert tells the same (RFC 8446 section 6.1).
  const isPlain = socket !== null && 'resetAndDestroy' in socket && !('encrypted' in socket);
  if (!isFramed && isPlain) socket.resetAndDestroy();
  res.destroy();
}

/** Node 22 does not close a response that still waits behind another one of its connection when that connection ends. */
export function closeWithRequest(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  req.on('close', () => {
    if (!socket.destroyed || res.closed || res.writableFinished) return;
    res.destroy();
    res.emit('close');
  });
}

/** Reads what the client may still be sending, and drops it, so that the client is free to read the answer. */
export function dropRest(req: IncomingMessage, res: ServerResponse): void {
  if (isHttp2Response(res)) dropUpload(req, res);
  else req.resume();
}
