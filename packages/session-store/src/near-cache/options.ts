/** What a near cache is made of, what it adds to a store, and its bounds. */
import type { Clock } from '@evenkeel/core';
import { durationMs, integerIn, resolveOptions, v } from '@evenkeel/core/options';
import type { SessionRecord, SessionStore } from '../store.ts';
import type { Lease } from './lease.ts';

/** Hears what changed in the store. */
export interface ChangeListener {
  /** What the store keeps under this name has changed, or is gone, by somebody else's doing. */
  changed(name: string): void;
  /** Everything may have changed. */
  changedAll(): void;
}

/** The line on which changes are heard, and how far it can be trusted. */
export interface ChangeLink {
  readonly lease: Lease;
  /** There is one listener at most. */
  listen(listener: ChangeListener): void;
}

/** What the store calls what it keeps. */
export interface StoreNames {
  /** A session, by the digest of its id. */
  ofDigest(digest: string): string;
  /** What changes when the principal's sessions are revoked. */
  principal(principal: string): string;
}

/** What a near cache has done since it was made, and what it holds. */
export interface NearCacheStats {
  /** Reads answered from memory. */
  readonly hits: number;
  /** Reads that asked the store. */
  readonly misses: number;
  /** Reads that waited for the answer to somebody else's. */
  readonly shared: number;
  /** Answers of the store that were overtaken by a change, and not kept. */
  readonly overtaken: number;
  /** Copies dropped since somebody else changed the session. */
  readonly dropped: number;
  /** Copies held, and about how many bytes they take. */
  readonly entries: number;
  readonly bytes: number;
  /** False while every read asks the store, since changes may go unheard. */
  readonly isLive: boolean;
}

/** A store that answers reads from memory. */
export interface NearCache extends SessionStore {
  peek(id: string, now: number): SessionRecord | undefined | null;
  /**
   * The last that was known of a session, for as long as nothing else was heard, even if the lease is over: for the time in which the
   * store cannot be asked. Never a session that somebody is known to have changed or ended.
   * @param maxAgeMs how long ago the copy was last known to be current, in ms
   */
  recall(id: string, now: number, maxAgeMs: number): SessionRecord | undefined;
  /** Drops what is known of a session: for a change that was made behind the cache's back, once it is done. */
  forget(id: string): void;
  stats(): NearCacheStats;
}

/** What a near cache works on. */
export interface NearCacheSource {
  /** How changes are heard. Everything that `inner` reads must be read so that its change is. */
  readonly link: ChangeLink;
  /** What `inner` calls its sessions and principals; what the link says has changed. */
  readonly names: StoreNames;
  /** The clock of the link's lease. */
  readonly clock: Pick<Clock, 'now'>;
}

/** Options of the near cache. */
export interface NearCacheOptions {
  /** The most memory for sessions, in bytes, from 64 KiB. The least recently used go first. @default 67,108,864 (64 MiB) */
  readonly maxBytes?: number;
  /** A larger session is not kept, in bytes, from 1 KiB. @default 1,048,576 (1 MiB) */
  readonly maxEntryBytes?: number;
  /** A session is read anew after this long, whatever was heard, in ms, 1 s to 1 h. @default 300,000 (5 min) */
  readonly maxAgeMs?: number;
  /** The same for the knowledge that there is no such session, in ms, 0 to 60 s; 0 is never to keep that. @default 1,000 */
  readonly absentMs?: number;
}

const MIB = 1_048_576;
const OPTIONS = v.strictObject({
  maxBytes: v.optional(integerIn(65_536, 2 ** 40), 64 * MIB),
  maxEntryBytes: v.optional(integerIn(1_024, 2 ** 40), MIB),
  maxAgeMs: v.optional(durationMs(1_000, 3_600_000), 300_000),
  absentMs: v.optional(durationMs(0, 60_000), 1_000),
});

/** @throws INVALID_OPTIONS */
export function resolveNearCacheOptions(where: string, options: NearCacheOptions): Required<NearCacheOptions> {
  return resolveOptions(where, OPTIONS, options);
}
