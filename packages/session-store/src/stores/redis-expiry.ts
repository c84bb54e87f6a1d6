/**
 * Tells of sessions whose time is over: each is told once, by one instance, with what it last held. Redis' own notifications would be
 * lost by whoever is not listening just then, and come without the content; so the ends are kept in sorted sets that all instances
 * look through in turn.
 *
 * A set has a session from before it exists, at its first end. Later ends are not written there: who finds the session still alive
 * puts it back at its end of now. So a touch costs nothing. Who finds it ended takes it away, atomically, and tells. An instance that
 * dies between finding and taking leaves it to others, half a minute later; one that dies between taking and telling tells nobody.
 */
import type { Cancel, Clock } from '@evenkeel/core';
import { sessionChannels, type SessionExpiredMessage } from '../channels.ts';
import type { RedisCalls } from './redis-calls.ts';
import { CLAIM } from './redis-index-scripts.ts';
import { EXPIRY_SHARDS, isDigest, type RedisKeys, shardOf } from './redis-keys.ts';
import { entriesOf, readSession, type StoredSession } from './redis-record.ts';
import { EXPIRE, WORD } from './redis-scripts.ts';

/** For so long a hash outlives its session, to be told of. */
export const GRACE_MS = 300_000;

/** The mean time between two looks. */
const SWEEP_MS = 1_000;

/** The most sessions of one set at a time. */
const BATCH = 100;

/** Whoever finds a session has so long to deal with it. */
const LOAN_MS = 30_000;

/** What the sweeper needs. */
export interface ExpirySettings {
  readonly calls: RedisCalls;
  readonly keys: RedisKeys;
  /** The wall clock, and timers. */
  readonly clock: Clock;
  /** False for a session that was revoked: its end has been told already. */
  readonly isValid: (session: StoredSession, endsAt: number) => Promise<boolean>;
}

export class RedisExpiry {
  readonly #settings: ExpirySettings;
  #cancel: Cancel;
  #isClosed = false;

  constructor(settings: ExpirySettings) {
    this.#settings = settings;
    this.#cancel = this.#next(1);
  }

  /** Takes down the end of a session that is about to be made. */
  async add(digest: string, expiresAt: number, endsAt: number): Promise<void> {
    await this.#put(digest, expiresAt, endsAt);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  /** Instances do not look at the same moment, lest all but one do so in vain. */
  #next(share: number): Cancel {
    const delayMs = Math.round(SWEEP_MS * (0.5 + Math.random()) * share);
    return this.#settings.clock.schedule(delayMs, () => void this.#sweep(), true);
  }

  async #sweep(): Promise<void> {
    let isMore = false;
    for (let shard = 0; shard < EXPIRY_SHARDS && !this.#isClosed; shard++) {
      // A Redis that is down is not news, and what was not done is done the next time.
      const found = await this.#sweepShard(shard).catch(() => 0);
      isMore ||= found === BATCH;
    }
    if (!this.#isClosed) this.#cancel = this.#next(isMore ? 0 : 1);
  }

  async #sweepShard(shard: number): Promise<number> {
    const { calls, keys, clock } = this.#settings;
    const now = Math.floor(clock.now());
    // Where nobody listens, only what all others have left is cleared away.
    const due = sessionChannels.expired.hasSubscribers ? now : now - GRACE_MS;
    const { rest: found } = await calls.write({
      script: CLAIM,
      keys: [keys.expiry(shard)],
      rest: [due, now + LOAN_MS, BATCH],
      endsAt: calls.endsAt(),
      isVoidWhenLate: false,
    });
    await Promise.allSettled(found.map((digest) => this.#settle(shard, digest, now)));
    return found.length;
  }

  async #settle(shard: number, digest: string, now: number): Promise<void> {
    const { calls, keys, isValid } = this.#settings;
    const endsAt = calls.endsAt();
    if (!isDigest(digest)) return this.#drop(shard, digest, endsAt);
    const key = keys.ofDigest(digest);
    const { word, rest } = await calls.write({
      script: EXPIRE,
      keys: [key],
      rest: [now],
      endsAt,
      isVoidWhenLate: false,
    });
    if (word !== WORD.done && word !== WORD.gone) return this.#put(digest, Number(word), endsAt);
    const session = readSession(key, entriesOf(rest));
    // One that has moved to another id has not ended.
    if (session?.record.isRetired === false && (await isValid(session, endsAt))) publish(digest, session);
    await this.#drop(shard, digest, endsAt);
  }

  async #put(digest: string, expiresAt: number, endsAt: number): Promise<void> {
    const { calls, keys } = this.#settings;
    await calls.command(endsAt, 'zadd', keys.expiry(shardOf(digest)), String(expiresAt), digest);
  }

  async #drop(shard: number, digest: string, endsAt: number): Promise<void> {
    const { calls, keys } = this.#settings;
    await calls.command(endsAt, 'zrem', keys.expiry(shard), digest);
  }
}

function publish(key: string, { record }: StoredSession): void {
  if (!sessionChannels.expired.hasSubscribers) return;
  const { principal, version } = record;
  const message: SessionExpiredMessage = { key, principal, version, record };
  sessionChannels.expired.publish(message);
}
