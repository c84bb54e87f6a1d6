/**
 * For people who look after sessions: support, operations, security. The tools see what a store holds; none of them needs the secret of
 * the cookies, and so none tells whether a cookie's mac is right.
 */
import { splitRoute } from '@evenkeel/core/session-cookie';
import { sessionChannels } from '../channels.ts';
import { sessionKey } from '../session-key.ts';
import type { ListedSession, SessionStore } from '../store.ts';
import { answerOf } from '../store-error.ts';
import { isDigest } from '../stores/redis-keys.ts';

/** An id of ours with the mac that follows it in a cookie. */
const ID_AND_MAC = /^([0-9A-F]{32})[\w-]{23}$/;

/** An id and its signature as express-session writes them. */
const SIGNED_ID = /^s:(.+)\.[^.]*$/;

/**
 * The session of an id or of a cookie, as it is stored now; undefined if there is none.
 * @param idOrCookie an id, the value of a cookie, or `name=value` as a browser shows it; of express-session's form too
 * @param now milliseconds since the epoch. @default the system's
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export async function inspectSession(
  store: SessionStore,
  idOrCookie: string,
  now: number = Date.now(),
): Promise<ListedSession | undefined> {
  const id = idOf(idOrCookie);
  const record = await answerOf(() => store.load(id, now, 'strong'));
  return record && { key: sessionKey(id), record };
}

/**
 * What a principal can still use, oldest first. O(sessions of the principal).
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export async function listSessions(
  store: SessionStore,
  principal: string,
  now: number = Date.now(),
): Promise<readonly ListedSession[]> {
  return answerOf(() => store.list(principal, now));
}

/**
 * Ends a session on all instances. False if it was not there.
 * @param keyOrCookie the `key` of a listed session, or whatever `inspectSession` takes
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export async function endSession(store: SessionStore, keyOrCookie: string, now: number = Date.now()): Promise<boolean> {
  const key = keyOf(keyOrCookie);
  const wasThere = await answerOf(() => store.end(key, now));
  if (wasThere && sessionChannels.destroyed.hasSubscribers) {
    sessionChannels.destroyed.publish({ key, principal: undefined, version: undefined });
  }
  return wasThere;
}

/** The key of a session, out of all that may name one. O(length). */
export function keyOf(keyOrCookie: string): string {
  const text = keyOrCookie.trim();
  return isDigest(text) ? text : sessionKey(idOf(text));
}

function idOf(idOrCookie: string): string {
  const value = unescaped(idOrCookie.trim().replace(/^[^=;\s]*=/, ''));
  const { token } = splitRoute(value);
  return (SIGNED_ID.exec(value) ?? ID_AND_MAC.exec(token))?.[1] ?? token;
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
