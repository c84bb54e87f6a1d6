/**
 * The ends of client connections that `node:http` does not bring about by itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Ends a response so that the client can tell that it is not whole.
 * @param isFramed the head has told where the body ends
 */
export function cutShort(res: ServerResponse, isFramed: boolean): void {
  const { socket } = res;
  // Where the end of the connection is the end of the body, only a reset is no clean end.
  if (!isFramed && socket !== null && 'resetAndDestroy' in socket) socket.resetAndDestroy();
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
