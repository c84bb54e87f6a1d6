/**
 * An HTTP response on a connection that `node:http` has let go of for an upgrade, for whatever is answered instead of the upgrade. With a
 * response object all that answers ordinary requests answers these as well; the connection ends after it.
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export function responseOn(req: IncomingMessage, socket: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  // The server's own time-out is for connections that wait for a request; the endpoint's answer has one of its own.
  if ('setTimeout' in socket) (socket as Socket).setTimeout(0);
  res.shouldKeepAlive = false;
  res.assignSocket(socket as Socket);
  // What the server does for the connections that it holds.
  socket.on('drain', () => {
    if (res.socket !== null) res.emit('drain');
  });
  res.on('finish', () => endSoon(socket));
  return res;
}

/** When everything has been written; what the client still sends is not waited for. */
function endSoon(socket: Duplex): void {
  // Bytes that nobody has read would turn the end into a reset, which could overtake the answer.
  socket.resume();
  if ('destroySoon' in socket) (socket as Socket).destroySoon();
  else socket.end(() => socket.destroy());
}

/** More than this is not read from a client that has to wait; the rest waits on the wire. */
export const MAX_EARLY_BYTES = 65_536;

/**
 * Runs `task` when no response is under way any more on the connection of `req`: a client may have sent its upgrade right behind another
 * request, and bytes of ours must not get in between. Never, if the connection goes first, or the client ends it: then it waits for no
 * answer. An error can do no harm from here on.
 * @param given what Node has handed over: the connection, which Node has let go of, or where the body of `req` is still to come (from Node
 * 26 on) what will follow that body
 * @param task gets what the client has sent meanwhile
 */
export function whenFree(req: IncomingMessage, given: Duplex, task: (early: readonly Buffer[]) => void): void {
  const { socket } = req;
  socket.on('error', ignore);
  given.on('error', ignore);
  if (socket.destroyed || socket.writableEnded) return;
  const isLetGo = given === socket;
  // Node may have stopped reading for the sake of earlier requests, and forgets that with the connection: this makes the stream ask again.
  if (isLetGo) socket.push('');
  const earlier = underWayOn(socket);
  if (earlier === undefined) return task([]);
  const hold = isLetGo ? new Hold(socket) : undefined;
  const onFinish = (): void => {
    if (socket.destroyed || socket.writableEnded) return;
    const next = underWayOn(socket);
    if (next !== undefined) next.on('finish', onFinish);
    else if (socket.readableEnded) endSoon(socket);
    else task(hold?.release() ?? []);
  };
  earlier.on('finish', onFinish);
}

/** Node tells only here. */
function underWayOn(socket: Duplex): ServerResponse | undefined {
  const response: unknown = Reflect.get(socket, '_httpMessage');
  return response instanceof ServerResponse ? response : undefined;
}

/** Does what Node has ceased to do for a connection that it has let go of, as long as there are earlier responses on it. */
class Hold {
  private readonly socket: Duplex;
  private readonly early: Buffer[] = [];
  private bytes = 0;
  /** Earlier requests may set the connection flowing, and what nobody takes is lost. */
  private readonly onData = (chunk: Buffer): void => {
    this.early.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes >= MAX_EARLY_BYTES) this.socket.pause();
  };
  private readonly onDrain = (): void => void underWayOn(this.socket)?.emit('drain');

  constructor(socket: Duplex) {
    this.socket = socket;
    socket.on('data', this.onData);
    socket.on('drain', this.onDrain);
  }

  release(): readonly Buffer[] {
    this.socket.off('data', this.onData);
    this.socket.off('drain', this.onDrain);
    return this.early;
  }
}

function ignore(): void {}
