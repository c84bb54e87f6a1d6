/**
 * From a `Cookie` field to the session it names: at once where that is known in this process, otherwise by the store.
 */
import type { VerifiedCookie } from './cookie.ts';
import type { FoundSession, ScopeContext } from '../session/scope-context.ts';
import type { Consistency, SessionRecord } from '../store.ts';
import { answerOf, storeError } from '../store-error.ts';

/**
 * Tries every cookie with a right mac until one names a session: a stale one must not hide it (Tomcat's rule), nor one that has moved on.
 * @returns a promise only if the store had to be asked
 * @throws SESSION_STORE, SESSION_CORRUPT from the store, now or by the promise
 */
export function findSession(
  context: ScopeContext,
  header: string | undefined,
  wanted: Consistency,
): FoundSession | undefined | Promise<FoundSession | undefined> {
  if (header === undefined) return undefined;
  const cookies = context.cookies.verified(header);
  if (cookies.length === 0) return undefined;
  const at = context.now();
  let retired: FoundSession | undefined;
  for (let i = 0; i < cookies.length; i++) {
    const cookie = cookies[i]!;
    const record = consistencyFor(cookie, wanted) === 'strong' ? null : peeked(context, cookie.id, at);
    if (record === null) return ask(context, cookies.slice(i), wanted, at, retired);
    if (record === undefined || !isAlive(context, record, at)) continue;
    if (!record.isRetired) return { cookie, record };
    retired ??= { cookie, record };
  }
  return retired;
}

/** A cookie that was made elsewhere may name a session that has changed there: this process' copy is no answer. */
function consistencyFor(cookie: VerifiedCookie, wanted: Consistency): Consistency {
  return cookie.isCurrent ? wanted : 'strong';
}

/** The store's own end of time is that of the instance that wrote last; this instance may be stricter. */
function isAlive({ absoluteMs }: ScopeContext, record: SessionRecord, at: number): boolean {
  return record.createdAt + absoluteMs > at;
}

function peeked({ store }: ScopeContext, id: string, at: number): SessionRecord | undefined | null {
  if (store.peek === undefined) return null;
  try {
    return store.peek(id, at);
  } catch (cause) {
    throw storeError('The session store failed', cause);
  }
}

async function ask(
  context: ScopeContext,
  cookies: readonly VerifiedCookie[],
  wanted: Consistency,
  at: number,
  retiredBefore: FoundSession | undefined,
): Promise<FoundSession | undefined> {
  let retired = retiredBefore;
  for (const cookie of cookies) {
    const record = await answerOf(() => context.store.load(cookie.id, at, consistencyFor(cookie, wanted)));
    if (record === undefined || !isAlive(context, record, at)) continue;
    if (!record.isRetired) return { cookie, record };
    retired ??= { cookie, record };
  }
  return retired;
}
