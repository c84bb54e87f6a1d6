/**
 * Sessions in Redis (or Valkey), one hash each: what each call of a session store is in commands. Works on a single server, behind
 * Sentinel, and on Cluster: a script never touches more than one slot.
 */
import type { Clock } from '@evenkeel/core';
import { sessionKey } from '../session-key.ts';
import type { CommitReceipt, ListedSession, SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import type { RedisCalls } from './redis-calls.ts';
import { commitArguments, commitName, commitOutcome, marked, unmarked } from './redis-commit.ts';
import { GRACE_MS, RedisExpiry } from './redis-expiry.ts';
import { isDigest, type RedisKeys } from './redis-keys.ts';
import { listedUntil, RedisPrincipals } from './redis-principals.ts';
import { entriesOf, readSession, type StoredSession } from './redis-record.ts';
import { COMMIT, DESTROY, RETIRE, TOUCH, WORD } from './redis-scripts.ts';

/** One Redis as a session store, without anything in front of it. */
export class RedisStore implements SessionStore {
  readonly #calls: RedisCalls;
  readonly #keys: RedisKeys;
  readonly #principals: RedisPrincipals;
  readonly #expiry: RedisExpiry | undefined;
  /** For so long Redis keeps the hash of a session that has ended. */
  readonly #graceMs: number;

  /** @param expiryClock if sessions whose time is over are to be told; its `now()` is the wall clock's */
  constructor(calls: RedisCalls, keys: RedisKeys, expiryClock: Clock | undefined) {
    this.#calls = calls;
    this.#keys = keys;
    this.#principals = new RedisPrincipals(calls, keys);
    this.#graceMs = expiryClock === undefined ? 0 : GRACE_MS;
    if (expiryClock === undefined) return;
    const isValid = (session: StoredSession, endsAt: number): Promise<boolean> => this.#isValid(session, endsAt);
    this.#expiry = new RedisExpiry({ calls, keys, clock: expiryClock, isValid });
  }

  async load(id: string, now: number): Promise<SessionRecord | undefined> {
    const endsAt = this.#calls.endsAt();
    const session = await this.#read(this.#keys.session(id), now, endsAt);
    return session !== undefined && (await this.#isValid(session, endsAt)) ? session.record : undefined;
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    const endsAt = this.#calls.endsAt();
    const digest = sessionKey(id);
    const name = commitName(patch);
    const until = listedUntil(patch.expiresAt, now);
    const generation = patch.mode === 'create' ? await this.#announce(digest, patch, now, endsAt) : 0;
    const rest = commitArguments(patch, { now, name, listedUntil: until, graceMs: this.#graceMs, generation });
    const keys = [this.#keys.ofDigest(digest)];
    const answer = await this.#calls.write({ script: COMMIT, keys, rest, endsAt, isAcknowledged: true });
    const outcome = commitOutcome(patch, answer);
    if (outcome?.toBeListed !== undefined) await this.#relist(outcome.toBeListed, digest, until, now, endsAt);
    return outcome?.receipt;
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    const endsAt = this.#calls.endsAt();
    const digest = sessionKey(id);
    const until = listedUntil(expiresAt, now);
    const rest = [now, expiresAt, until, this.#graceMs];
    const answer = await this.#calls.write({ script: TOUCH, keys: [this.#keys.ofDigest(digest)], rest, endsAt });
    const principal = unmarked(answer.rest[0]);
    if (principal !== undefined) await this.#relist(principal, digest, until, now, endsAt);
    return answer.word !== WORD.gone;
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#remove(sessionKey(id), now);
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    const endsAt = this.#calls.endsAt();
    const key = this.#keys.session(id);
    const rest = [now, until, this.#graceMs];
    const answer = await this.#calls.write({ script: RETIRE, keys: [key], rest, endsAt, isAcknowledged: true });
    const session = answer.word === WORD.gone ? undefined : readSession(key, entriesOf(answer.rest));
    // A session that was revoked must not go on under another id.
    return session !== undefined && (await this.#isValid(session, endsAt)) ? session.record : undefined;
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    const endsAt = this.#calls.endsAt();
    const { generation, digests } = await this.#principals.list(principal, now, endsAt);
    const read = async (key: string): Promise<ListedSession[]> => {
      const session = await this.#read(this.#keys.ofDigest(key), now, endsAt);
      if (session === undefined || session.generation < generation) return [];
      const { record } = session;
      return record.principal === principal && !record.isRetired ? [{ key, record }] : [];
    };
    const sessions = (await Promise.all(digests.map(read))).flat();
    return sessions.toSorted((a, b) => a.record.createdAt - b.record.createdAt);
  }

  async end(key: string, now: number): Promise<boolean> {
    return isDigest(key) && (await this.#remove(key, now)) !== undefined;
  }

  async revoke(principal: string, now: number): Promise<void> {
    const endsAt = this.#calls.endsAt();
    const digests = await this.#principals.revoke(principal, now, endsAt);
    // They count no more; what cannot be removed now is removed by its time to live.
    await Promise.allSettled(digests.map((digest) => this.#destroy(digest, now, endsAt, principal)));
  }

  /** Ends what `expiryEvents` does in the background. */
  close(): void {
    this.#expiry?.close();
  }

  async #read(key: string, now: number, endsAt: number): Promise<StoredSession | undefined> {
    const session = readSession(key, entriesOf(await this.#calls.hash(key, endsAt)));
    return session !== undefined && session.record.expiresAt > now ? session : undefined;
  }

  /** Asked after the session was read, so that a revocation from before the answer is seen. */
  async #isValid({ record: { principal }, generation }: StoredSession, endsAt: number): Promise<boolean> {
    return principal === undefined || generation >= (await this.#principals.generation(principal, endsAt));
  }

  /** What must be known of a session before there is one. Gives its generation. */
  async #announce(
    digest: string,
    { principal, expiresAt }: SessionPatch,
    now: number,
    endsAt: number,
  ): Promise<number> {
    const [generation] = await Promise.all([
      principal === undefined ? 0 : this.#principals.join(principal, digest, listedUntil(expiresAt, now), now, endsAt),
      this.#expiry?.add(digest, expiresAt, endsAt),
    ]);
    return generation;
  }

  /** What was asked for is done by now; a list that lacks a session is not worth an error. */
  async #relist(principal: string, digest: string, until: number, now: number, endsAt: number): Promise<void> {
    await this.#principals.join(principal, digest, until, now, endsAt).catch(() => undefined);
  }

  /** What is asked for is done by the first step; of the others only a revocation that is known for sure matters. */
  async #remove(digest: string, now: number): Promise<SessionRecord | undefined> {
    const endsAt = this.#calls.endsAt();
    const session = await this.#destroy(digest, now, endsAt);
    const principal = session?.record.principal;
    if (session === undefined || principal === undefined) return session?.record;
    const [isValid] = await Promise.all([
      this.#isValid(session, endsAt).catch(() => true),
      this.#principals.leave(principal, digest, endsAt).catch(() => undefined),
    ]);
    return isValid ? session.record : undefined;
  }

  /** @param owner whose session it must be, where only that is wanted; such a removal need not be acknowledged */
  async #destroy(digest: string, now: number, endsAt: number, owner?: string): Promise<StoredSession | undefined> {
    const key = this.#keys.ofDigest(digest);
    const answer = await this.#calls.write({
      script: DESTROY,
      keys: [key],
      rest: [now, marked(owner)],
      endsAt,
      isVoidWhenLate: false,
      isAcknowledged: owner === undefined,
    });
    return answer.word === WORD.gone ? undefined : readSession(key, entriesOf(answer.rest));
  }
}
