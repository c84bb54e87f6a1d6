/** The sessions of one principal, as «my devices» shows them and an administrator ends them. */
import { sessionChannels } from '../channels.ts';
import { decodeValue } from '../fields/codec.ts';
import { lazyAccessors, type LazyFields } from '../fields/lazy-field.ts';
import type { PrincipalSession } from './session.ts';
import type { ListedSession, SessionStore } from '../store.ts';
import { answerOf } from '../store-error.ts';

/** What `principalSessions` needs to know. */
export interface PrincipalContext {
  readonly store: SessionStore;
  /** Whole milliseconds since the epoch. */
  now(): number;
}

/**
 * The sessions that a principal can still use, oldest first. O(sessions of the principal).
 * @param currentKey the digest of the asking session's id, if it is one of them
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export async function principalSessions(
  context: PrincipalContext,
  principal: string,
  currentKey?: string,
): Promise<readonly PrincipalSession[]> {
  const listed = await answerOf(() => context.store.list(principal, context.now()));
  return listed.map((session) => principalSession(context, session, session.key === currentKey));
}

function principalSession(
  { store, now }: PrincipalContext,
  { key, record }: ListedSession,
  isCurrent: boolean,
): PrincipalSession {
  return {
    key,
    createdAt: record.createdAt,
    lastUsedAt: record.touchedAt,
    isCurrent,
    fields: lazyObject(record.fields),
    async end() {
      const wasThere = await answerOf(() => store.end(key, now()));
      if (wasThere && sessionChannels.destroyed.hasSubscribers) {
        sessionChannels.destroyed.publish({ key, principal: record.principal, version: undefined });
      }
      return wasThere;
    },
  };
}

const LISTED = new WeakMap<object, LazyFields>();
const LAZY = lazyAccessors((object) => LISTED.get(object));

function lazyObject(texts: ReadonlyMap<string, string>): object {
  const fields = {};
  function replace(name: string, value: unknown): void {
    Object.defineProperty(fields, name, { value, writable: true, enumerable: true, configurable: true });
  }
  LISTED.set(fields, {
    materialise(name) {
      const value = decodeValue(name, texts.get(name)!);
      replace(name, value);
      return value;
    },
    replace,
  });
  for (const name of texts.keys()) LAZY.show(fields, name);
  return fields;
}
