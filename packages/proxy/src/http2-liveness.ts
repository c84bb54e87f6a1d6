/**
 * Finds clients of HTTP/2 that have gone without a word, while requests of theirs are under way: frozen, cut off, or lost by Node, whose TLS may
 * miss the end of a write when a client leaves at a bad moment. Then it reads no further, and never hears that the connection has closed
 * (https://github.com/nodejs/node/issues/55804). Over HTTP/1.1 the system finds them in time; here one connection holds many requests.
 *
 * Every client answers a PING (RFC 9113 section 6.7). Who has neither answered nor said anything else from one look to the next is gone.
 */
import type { ServerHttp2Session } from 'node:http2';

/** Two of these, or three, until a client is given up. */
const LOOK_MS = 30_000;

interface Watch {
  /** Requests under way. */
  active: number;
  bytesRead: number;
  isAsked: boolean;
}

const watches = new Map<ServerHttp2Session, Watch>();
let timer: NodeJS.Timeout | undefined;

/** A request of the session begins. */
export function watchSession(session: ServerHttp2Session): void {
  const watch = watches.get(session);
  if (watch !== undefined) {
    watch.active++;
    return;
  }
  watches.set(session, { active: 1, bytesRead: -1, isAsked: false });
  timer ??= setInterval(lookAtSessions, LOOK_MS).unref();
}

/** A request of the session is over. */
export function leaveSession(session: ServerHttp2Session): void {
  const watch = watches.get(session);
  if (watch === undefined || --watch.active > 0) return;
  watches.delete(session);
  if (watches.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** What happens every 30 s. Exported for tests. */
export function lookAtSessions(): void {
  for (const [session, watch] of watches) {
    if (session.destroyed) continue;
    const { bytesRead } = session.socket;
    if (bytesRead !== watch.bytesRead) {
      watch.bytesRead = bytesRead;
      watch.isAsked = false;
    } else if (watch.isAsked) giveUp(session);
    else {
      watch.isAsked = true;
      session.ping(ignore);
    }
  }
}

function giveUp(session: ServerHttp2Session): void {
  // What Node gives out of the session's socket has no `destroy()`; without it the connection would stay.
  session.socket[Symbol.asyncDispose]().catch(ignore);
  session.destroy();
}

function ignore(): void {}
