// @evenkeel/session-store: dist/index.d.ts
// @evenkeel/session-store/express-session: dist/drop-in/express-session.d.ts
// @evenkeel/session-store/koa-session: dist/drop-in/koa-session.d.ts
// @evenkeel/session-store/testing: dist/testing/index.d.ts

// dist/channels.d.ts
import type { Channel } from 'node:diagnostics_channel';
import type { SessionRecord } from './store.ts';
/** What all messages about one session have in common. */
export interface SessionMessage {
    /** The digest of the session's id: `ListedSession.key`. */
    readonly key: string;
    /** Whose session it is, if somebody has logged in. */
    readonly principal: string | undefined;
    /** The session's version after what happened; undefined where that is not known. */
    readonly version: number | undefined;
}
/** `evenkeel:session:rotated`: the session goes on under another id. `key` is that of the old one. */
export interface SessionRotatedMessage extends SessionMessage {
    readonly newKey: string;
}
/** `evenkeel:session:expired`: the session's time is over. Each session is told by one instance. */
export interface SessionExpiredMessage extends SessionMessage {
    /** What it last held. */
    readonly record: SessionRecord;
}
/** `evenkeel:session:conflict`: a change made while the store was away met one that somebody else made to the same field. */
export interface SessionConflictMessage extends SessionMessage {
    readonly field: string;
    /** Whose change is kept: `remote` is what the store had, `local` the one made here, `merged` what a function of yours made of both. */
    readonly kept: 'remote' | 'local' | 'merged';
}
/** `evenkeel:session:degraded`: the store is taken for down from now on. */
export interface StoreDegradedMessage {
    /** The failure that was one too many. */
    readonly error: Error | undefined;
}
/** `evenkeel:session:recovered`: the store answers again, and what was written meanwhile has been handed over. */
export interface StoreRecoveredMessage {
    /** How long the store was taken for down, in ms. */
    readonly downMs: number;
    /** Changes handed over. */
    readonly replayed: number;
    /** Changes dropped, because their session is gone or somebody else's change was kept. */
    readonly dropped: number;
}
/** The channels of the session layer. Each name in `evenkeel:session:<name>` is the one it has here. */
export declare const sessionChannels: {
    /** A session is stored for the first time. `SessionMessage`. */
    readonly created: Channel;
    /** Changes are stored. `SessionMessage`. */
    readonly committed: Channel;
    /** `SessionRotatedMessage`. */
    readonly rotated: Channel;
    /** A session is ended by the application or its user. `SessionMessage`. */
    readonly destroyed: Channel;
    /** `SessionExpiredMessage`. */
    readonly expired: Channel;
    /** `SessionConflictMessage`. */
    readonly conflict: Channel;
    /** `StoreDegradedMessage`. */
    readonly degraded: Channel;
    /** `StoreRecoveredMessage`. */
    readonly recovered: Channel;
};

// dist/drop-in/callbacks.d.ts
/** From promises to the callbacks of express-session. */
/** An outcome, told once. */
export type Callback<T> = (error: unknown, value?: T) => void;
/**
 * Tells how work went. Whatever a callback throws is nobody's rejection but an exception of its own, as with every other store:
 * a rejection would be taken for a failure of the store, and the callback be called again.
 */
export declare function tell<T>(work: Promise<T>, callback: Callback<T> | undefined): void;

// dist/drop-in/compat-keys.d.ts
import type { RedisClient } from '../stores/redis-client.ts';
import type { SessionStore } from '../store.ts';
/** Options of `compatKeys`. */
export interface CompatKeysOptions {
    /** An ioredis client of the Redis that connect-redis uses. */
    readonly redis: RedisClient;
    /** What connect-redis' keys begin with. @default 'sess:' */
    readonly prefix?: string;
    /** Whether instances with connect-redis are still running. It costs two to four more calls to Redis per commit. @default false */
    readonly mirror?: boolean;
    /** How long a call to Redis may take, in ms, 1..60,000. @default 250 */
    readonly deadlineMs?: number;
}
/** @throws INVALID_OPTIONS */
export declare function compatKeys(store: SessionStore, options: CompatKeysOptions): SessionStore;

// dist/drop-in/document.d.ts
import type { FieldChanges } from '../fields/merge.ts';
/** A session with its own data as own enumerable properties. */
export type SessionDocument = Record<string, unknown>;
/** The document that has these fields. O(size). @throws SESSION_CORRUPT */
export declare function documentOf(fields: ReadonlyMap<string, string>): SessionDocument;
/**
 * What turns `fields` into those of `document`. Fields that are not the application's stay as they are. O(size).
 * @throws SESSION_FIELD naming the path, for a value that is too large or would reach a prototype
 * @throws TypeError from JSON, for a cycle or a BigInt
 */
export declare function changesTo(document: object, fields: ReadonlyMap<string, string>): FieldChanges;
/** True for the fields that a document is made of. */
export declare function isOfDocument(name: string): boolean;

// dist/drop-in/documents.d.ts
import type { SessionStore } from '../store.ts';
import type { WallClock } from '../session-options.ts';
import { type SessionDocument } from './document.ts';
/** The session that a request has read or written, as the store had it then. */
export interface Snapshot {
    readonly id: string;
    readonly version: number;
    readonly principal: string | undefined;
    readonly touchedAt: number;
    readonly expiresAt: number;
    readonly fields: ReadonlyMap<string, string>;
}
/** What a request hands back. */
export interface Handover {
    readonly id: string;
    readonly document: object;
    /** What the request had read. Undefined, or that of another id: the session is new. */
    readonly snapshot: Snapshot | undefined;
    readonly expiresAt: number;
    /** A session that nobody changed is touched only if its last touch is so long ago, in ms. */
    readonly touchIntervalMs: number;
}
/** One store, as documents. All methods reject with BalancerError only, but for what JSON itself refuses. */
export interface SessionDocuments {
    load(id: string): Promise<Snapshot | undefined>;
    /** Stores the difference. Undefined if the session is gone: nothing was stored, and nothing ever will be. */
    save(handover: Handover): Promise<Snapshot | undefined>;
    /** As `save`, for a document that has only the fields that may have changed. Never makes a session. */
    saveSome(handover: Handover & {
        readonly snapshot: Snapshot;
    }): Promise<Snapshot | undefined>;
    destroy(id: string): Promise<void>;
    /** Whole milliseconds since the epoch. */
    now(): number;
}
/** Whose session a document is; undefined for nobody's. */
export type PrincipalOf = (document: SessionDocument) => string | undefined;
export declare function sessionDocuments(store: SessionStore, clock: WallClock, principalOf: PrincipalOf): SessionDocuments;

// dist/drop-in/express-session.d.ts
/**
 * Stores for applications that stay with express-session or @fastify/session: not a line of them changes, and concurrent requests no
 * longer overwrite each other, nor does one that is late undo a logout.
 *
 * Those libraries hand back whole sessions. What a request had read is kept beside the object that they gave it, so `set` sends the
 * difference, and only to a session that is still there.
 */
import { type Callback } from './callbacks.ts';
import { type DropInOptions } from './options.ts';
/** What both libraries ask of a store. Callbacks are called later, never within the call; failures are BalancerErrors. */
export interface DocumentStoreMethods {
    /** Hands over the session, or undefined. A callback may take it for whatever its library takes sessions for. */
    get(id: string, callback: (error: unknown, session?: never) => void): void;
    /**
     * Stores what the request has changed. A session that somebody has ended meanwhile stays ended, and that is no error. One that this
     * store did not hand out is stored as a whole.
     */
    set(id: string, session: object, callback?: Callback<void>): void;
    /** Moves the end of the session's time, if it was not moved lately: see `maxTouchIntervalMs`. */
    touch(id: string, session: object, callback?: Callback<void>): void;
    /** Ends the session for good. */
    destroy(id: string, callback?: Callback<void>): void;
}
/** What is used of the module `express-session`. */
export interface ExpressSessionLibrary<Base extends object> {
    readonly Store: abstract new () => Base;
}
/**
 * A store for express-session: `session({ store: expressSessionStore(session, { store: redisSessionStore(redis) }), ... })`.
 *
 * It has no `all`, `length` and `clear`, for the stores beneath hold no ids: `store.list(principal)` and `store.revoke(principal)` do
 * what those were for.
 * @param library what `express-session` exports, so that its own classes are used
 * @throws INVALID_OPTIONS
 */
export declare function expressSessionStore<Base extends object>(library: ExpressSessionLibrary<Base>, options: DropInOptions): Base & DocumentStoreMethods;
/** A store for @fastify/session: `app.register(fastifySession, { store: fastifySessionStore({ store }), ... })`. @throws INVALID_OPTIONS */
export declare function fastifySessionStore(options: DropInOptions): DocumentStoreMethods;

// dist/drop-in/koa-session.d.ts
/**
 * A store for applications that stay with koa-session: not a line of them changes, and concurrent requests no longer overwrite each
 * other, nor does one that is late undo a logout.
 *
 * koa-session tells its store which request it works for, so what a request has read is kept by its context.
 */
import { type SessionDocument } from './document.ts';
import { type KoaDropInOptions } from './options.ts';
/** What koa-session says besides: the request's context. */
export interface KoaRequest {
    readonly ctx?: object;
}
/** What koa-session asks of an external store. */
export interface KoaSessionStore {
    /** The session, or undefined. @throws SESSION_STORE, SESSION_CORRUPT */
    get(key: string, maxAge?: number | 'session', request?: KoaRequest): Promise<SessionDocument | undefined>;
    /**
     * Stores what the request has changed. A session that somebody has ended meanwhile stays ended, and that is no error.
     * @param maxAge in ms; for `session`, `ttlMs` counts
     * @throws SESSION_FIELD for what cannot be stored
     * @throws SESSION_STORE, SESSION_CORRUPT
     */
    set(key: string, session: object, maxAge?: number | 'session', request?: KoaRequest): Promise<void>;
    /** Ends the session for good. @throws SESSION_STORE, SESSION_CORRUPT */
    destroy(key: string, request?: KoaRequest): Promise<void>;
}
/** `app.use(session({ store: koaSessionStore({ store: redisSessionStore(redis) }), ... }, app))`. @throws INVALID_OPTIONS */
export declare function koaSessionStore(options: KoaDropInOptions): KoaSessionStore;

// dist/drop-in/options.d.ts
import type { SessionStore } from '../store.ts';
import type { WallClock } from '../session-options.ts';
import type { PrincipalOf } from './documents.ts';
/** Options of the drop-in stores. */
export interface DropInOptions {
    /** Where sessions live: `redisSessionStore()`, `sqliteSessionStore()`, `memorySessionStore()` or your own. */
    readonly store: SessionStore;
    /**
     * How long a session lives whose cookie ends with the browser, in ms, from 1 s. All others live as long as their cookie.
     * @default 86,400,000 (a day, as with connect-redis)
     */
    readonly ttlMs?: number;
    /**
     * A session that is only used is touched once per hundredth of its time, and at least once per so many ms, 0..3,600,000; it lives that
     * much longer than its cookie. With 0 every use is a call to the store, as with other stores.
     * @default 60,000
     */
    readonly maxTouchIntervalMs?: number;
    /**
     * Whose session it is, so that `store.list(principal)` and `store.revoke(principal)` know it: "log out everywhere". It is asked when
     * a session is stored for the first time, so a login has to `regenerate()`, as passport's does. @default nobody's
     */
    readonly principalOf?: PrincipalOf;
    /** @default `Date` */
    readonly clock?: WallClock;
}
/** Options of the store for koa-session, which has no touches. */
export type KoaDropInOptions = Omit<DropInOptions, 'maxTouchIntervalMs'>;
/** @throws INVALID_OPTIONS */
export declare function resolveKoaDropInOptions(where: string, options: KoaDropInOptions): Required<KoaDropInOptions>;
/** @throws INVALID_OPTIONS */
export declare function resolveDropInOptions(where: string, options: DropInOptions): Required<DropInOptions>;

// dist/encryption/encrypted.d.ts
import type { SessionStore } from '../store.ts';
/** Options of `encrypted`. */
export interface EncryptionOptions {
    /**
     * 32 bytes each, as a Buffer or in base64, 1..16 of them. The first encrypts, all decrypt. To change it, put the new one first and
     * drop the old one when the absolute timeout has passed; a value is encrypted anew when it is changed.
     */
    readonly keys: readonly (Uint8Array | string)[];
    /**
     * Takes values that are not encrypted for what they are, to encrypt a store that is in use. Switch it off when the absolute timeout
     * has passed: until then, who can write to the store can put values there. @default false
     */
    readonly allowPlaintext?: boolean;
}
/**
 * A store over `store` that encrypts the values of fields with AES-256-GCM. About 6 us to write a value and 4 to read one, and 3 for
 * each session. A commit with an `add` or an `expect` reads the session first, which is one more call of `store` with a deadline of its
 * own, and is repeated when somebody else was faster.
 * @returns a store that throws what `store` does, and SESSION_CORRUPT for a value that was tampered with, moved to another field or
 * session, cut, or encrypted with a key that is not among `keys`; `destroy` throws it when the session is gone
 * @throws INVALID_OPTIONS
 */
export declare function encrypted(store: SessionStore, options: EncryptionOptions): SessionStore;

// dist/fields/merge.d.ts
/**
 * How a patch meets the fields it finds: the one rule that every store follows, in the form that stores written in TypeScript
 * share. The Redis store says the same in Lua.
 */
import { BalancerError } from '@evenkeel/core';
import type { CommitReceipt, SessionPatch } from '../store.ts';
/** What a patch does to fields. */
export type FieldChanges = Pick<SessionPatch, 'set' | 'remove' | 'add'>;
/** Shared, and never added to. */
export declare const NO_CHANGES: FieldChanges;
/**
 * The encoded sum of a stored integer and `by`.
 * @throws SESSION_FIELD if `raw` is not an integer or the sum is not a safe one
 */
export declare function addToField(name: string, raw: string | undefined, by: number): string;
/** The error of an increment that cannot be. */
export declare function notAddable(name: string): BalancerError;
/** New fields: `fields` with `changes` applied. O(fields). @throws SESSION_FIELD as `addToField` */
export declare function mergedFields(fields: ReadonlyMap<string, string>, changes: FieldChanges): Map<string, string>;
/** The fields that do not hold what a patch expects, with what they hold. O(expected). */
export declare function conflictsWith(fields: ReadonlyMap<string, string>, { expect }: Pick<SessionPatch, 'expect'>): ReadonlyMap<string, string | undefined>;
/** What a commit answers that stored nothing, since the session is not as it expects. */
export declare function refusal(version: number, conflicts: CommitReceipt['conflicts']): CommitReceipt;
/** What a commit answers that was stored. */
export declare function acceptance(version: number, sums: CommitReceipt['sums']): CommitReceipt;
/** The changes that lead from one set of fields to another. O(fields). */
export declare function changesBetween(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): FieldChanges;
/** True if the changes change nothing. */
export declare function isEmpty(changes: FieldChanges): boolean;

// dist/fields/size-limits.d.ts
import type { FieldChanges } from './merge.ts';
/** The limits of one `session()`, in bytes of UTF-8. */
export interface SizeLimits {
    /** Of one encoded value. */
    readonly maxFieldBytes: number;
    /** Of all names and encoded values together. */
    readonly maxSessionBytes: number;
}
/** The encoded value of a field. O(size). @throws SESSION_FIELD if it cannot be stored, or is over the limit */
export declare function encodeField({ maxFieldBytes }: SizeLimits, name: string, value: unknown): string;
/**
 * Lets a session that is over the limit already, because another instance allows more, shrink, and be changed where it does not grow.
 * O(fields). @throws SESSION_FIELD naming the largest change, if the session would grow beyond its limit
 */
export declare function assertSessionSize({ maxSessionBytes }: SizeLimits, base: ReadonlyMap<string, string>, { set, remove }: FieldChanges): void;

// dist/http/attached-session.d.ts
/**
 * A request's session before anybody has asked for it. Most requests of most applications never do: for them there is one small object
 * and one accessor, and the response is left alone.
 */
import type { ServerResponse } from 'node:http';
import { type SessionScope } from '../session/scope.ts';
import type { FoundSession, ScopeContext } from '../session/scope-context.ts';
/** What an application reads its session from: Express' request, Koa's context. */
export interface SessionHolder {
    /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
    readonly secure: boolean;
}
/** Puts the accessor on `holder`, and does what cannot wait until it is read. */
export declare function attachSession(context: ScopeContext, holder: SessionHolder, res: ServerResponse, fail: (error: unknown) => void, found: FoundSession | undefined): undefined;
/** The scope of a request whose session somebody has read. */
export declare function readScope(holder: object): SessionScope | undefined;

// dist/http/cookie.d.ts
import type { CookieAttributes } from '../session-options.ts';
/** A cookie of the client whose mac is right. */
export interface VerifiedCookie {
    readonly id: string;
    /** False if the cookie should be sent anew: another route than ours, or an older secret's mac. */
    readonly isCurrent: boolean;
}
/** Reads and writes the cookie of one `session()`. Pure but for HMAC. */
export interface SessionCookies {
    /** The cookies of our name with a right mac, in the order sent, each id once, at most 4. O(header). */
    verified(header: string | undefined): VerifiedCookie[];
    /** The `Set-Cookie` for a session. @param maxAgeMs what is left of its absolute time */
    issue(id: string, isSecure: boolean, maxAgeMs: number): string;
    /** The `Set-Cookie` that makes the client forget. */
    clear(isSecure: boolean): string;
}
/** What `sessionCookies` needs to know, already checked. */
export interface SessionCookieSettings {
    readonly name: string;
    readonly secrets: readonly string[];
    readonly route: string | undefined;
    readonly attributes: CookieAttributes;
}
export declare function sessionCookies({ name, secrets, route, attributes }: SessionCookieSettings): SessionCookies;
/**
 * All values that a `Cookie` field has for a name; npm's `cookie` gives the first one only, so a stale cookie of another path would
 * hide a valid one. Values longer than ours can be are left out. O(header).
 */
export declare function cookieValues(header: string | undefined, name: string): string[];

// dist/http/response-hold.d.ts
import { type ServerResponse } from 'node:http';
/** What is to be done around a response. */
export interface ResponseHooks {
    /** Asked when the head is about to leave, and again at the end of a body: what to wait for, or undefined for nothing. */
    commit(): Promise<void> | undefined;
    /** Asked when the head leaves, after the wait: a `Set-Cookie` value for it. */
    setCookie(): string | undefined;
    /** Takes over the response when the wait failed. The head is clean again, or has left already and the connection is destroyed. */
    fail(error: unknown): void;
}
/**
 * Puts the hooks around `res`. To be called once. If the head has left already, only the end of the body is held.
 * @throws INVALID_OPTIONS if the response is held already
 */
export declare function holdResponse(res: ServerResponse, hooks: ResponseHooks): void;

// dist/index.d.ts
export { memorySessionStore } from './stores/memory.ts';
export type { MemorySessionStoreOptions } from './stores/memory.ts';
export { sqliteSessionStore } from './stores/sqlite.ts';
export type { SqliteSessionStore, SqliteSessionStoreOptions } from './stores/sqlite.ts';
export { redisSessionStore } from './stores/redis.ts';
export type { RedisNearCacheOptions, RedisSessionStore, RedisSessionStoreOptions } from './stores/redis.ts';
export type { NearCacheOptions, NearCacheStats } from './near-cache/options.ts';
export type { RedisClient } from './stores/redis-client.ts';
export type { CommitReceipt, Consistency, ListedSession, SessionPatch, SessionRecord, SessionStore } from './store.ts';
export type { FieldValue, LoginOptions, PrincipalSession, RegenerateOptions, Session, SessionCallback, SessionFields, SessionMembers, } from './session/session.ts';
export { principalSessions } from './session/principal-sessions.ts';
export type { PrincipalContext } from './session/principal-sessions.ts';
export { readScope } from './http/attached-session.ts';
export type { SessionHolder } from './http/attached-session.ts';
export { createSessions } from './sessions.ts';
export type { SessionRequest, Sessions } from './sessions.ts';
export type { RequestConsistency, SessionCookieOptions, SessionOptions, WallClock } from './session-options.ts';
export type { SessionScope } from './session/scope.ts';
export { holdResponse } from './http/response-hold.ts';
export type { ResponseHooks } from './http/response-hold.ts';
export { encrypted } from './encryption/encrypted.ts';
export type { EncryptionOptions } from './encryption/encrypted.ts';
export { sessionChannels } from './channels.ts';
export type { SessionConflictMessage, SessionExpiredMessage, SessionMessage, SessionRotatedMessage, StoreDegradedMessage, StoreRecoveredMessage, } from './channels.ts';
export { endSession, inspectSession, listSessions } from './tools/session-tools.ts';
export { describeSession } from './tools/describe-session.ts';
export type { SessionDescription } from './tools/describe-session.ts';
export { compatKeys } from './drop-in/compat-keys.ts';
export type { CompatKeysOptions } from './drop-in/compat-keys.ts';
export type { DropInOptions, KoaDropInOptions } from './drop-in/options.ts';
export { resilient } from './resilience/resilient.ts';
export type { ResilientSessionStore } from './resilience/resilient.ts';
export type { StoreState } from './resilience/presence.ts';
export type { ResilientOptions, WhenDownOptions } from './resilience/resilient-options.ts';
export type { ConflictPolicy, FieldConflict } from './resilience/conflict.ts';
export { redisEpoch } from './resilience/redis-epoch.ts';
export type { EpochClient, EpochSource } from './resilience/redis-epoch.ts';

// dist/near-cache/lease.d.ts
/**
 * How long what this process remembers may be answered. Arithmetic only: whoever hears what changes in the store begins a lease,
 * confirms it again and again, and loses it when the connection is gone.
 *
 * A lease is confirmed by the moment at which the question was sent that has been answered now: everything that changed before the
 * answer was given has been heard by then. So a copy is never staler than the length of the lease, however the network fails.
 */
/** A lease, as the cache sees it. Times are on the clock of whoever holds the lease. */
export interface Lease {
    /** Names the unbroken time in which every change has been heard, from 1; 0 while changes may go unheard. */
    readonly epoch: number;
    /** Copies read in the current epoch may be answered before this moment; 0 outside of an epoch. */
    readonly until: number;
    /** When copies of an epoch were last known to be current; `-Infinity` for one that is forgotten. */
    confirmedAt(epoch: number): number;
}
/** A lease, as its holder sees it. */
export interface HeldLease extends Lease {
    /** Every change from `sentAt` on is heard, until `lose`. */
    begin(sentAt: number): void;
    /** A question sent at `sentAt` in this epoch was answered. Answers to questions of older epochs are ignored. */
    confirm(epoch: number, sentAt: number): void;
    /** From now on changes may go unheard. */
    lose(): void;
}
/** @param lengthMs how long one confirmation lasts, in ms */
export declare function lease(lengthMs: number): HeldLease;

// dist/near-cache/options.d.ts
/** What a near cache is made of, what it adds to a store, and its bounds. */
import type { Clock } from '@evenkeel/core';
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
/** @throws INVALID_OPTIONS */
export declare function resolveNearCacheOptions(where: string, options: NearCacheOptions): Required<NearCacheOptions>;

// dist/resilience/batch.d.ts
import type { SessionPatch } from '../store.ts';
/** A commit that waits. */
export interface Batch {
    readonly name: string;
    readonly mode: 'create' | 'update';
    readonly createdAt: number;
    expiresAt: number;
    readonly set: Map<string, string>;
    readonly remove: Set<string>;
    readonly add: Map<string, number>;
    /** What each changed field held before this commit, as far as this process knew; undefined for one that was not there. */
    readonly base: Map<string, string | undefined>;
    /** The session's version that this process knew before the commit was sent for the first time. */
    readonly baseVersion: number;
    /** It was sent, and nobody knows whether it took effect. */
    isSent: boolean;
}
/** A commit as a batch. @param fields what the session held before it, as far as this process knew */
export declare function batchOf(patch: SessionPatch & {
    readonly name: string;
}, fields: ReadonlyMap<string, string>, baseVersion: number, isSent: boolean): Batch;
/** Adds further changes to a batch that has not been sent. O(changes). @param fields what the session holds before them */
export declare function addToBatch(batch: Batch, patch: SessionPatch, fields: ReadonlyMap<string, string>): void;
/** The names of the fields that a patch changes. */
export declare function changedFields({ set, remove, add }: Pick<SessionPatch, 'set' | 'remove' | 'add'>): string[];
/** What a batch counts for in the bounds of a journal: its changes, and one for itself. */
export declare function opsOf({ base }: Batch): number;
/** The characters of what a batch keeps. O(changes). */
export declare function charactersOf({ base, set }: Batch): number;

// dist/resilience/conflict.d.ts
/** A field with two changes, as the application knows values. `undefined` stands for a field that is not there. */
export interface FieldConflict {
    readonly field: string;
    /** What both changes started from. */
    readonly base: unknown;
    /** What this instance made of it. */
    readonly local: unknown;
    /** What the store holds. */
    readonly remote: unknown;
}
/**
 * `remote`: what the store holds stays. `local`: what was written here replaces it. A function makes the value of both; `undefined`
 * removes the field. If it throws, or makes something that cannot be stored, what the store holds stays.
 */
export type ConflictPolicy = 'remote' | 'local' | ((conflict: FieldConflict) => unknown);
/** A field with two changes, encoded. */
export interface EncodedConflict {
    readonly field: string;
    readonly base: string | undefined;
    readonly local: string | undefined;
    readonly remote: string | undefined;
}
/** Whose change is kept, and what the field is to hold. */
export interface Decision {
    readonly kept: 'remote' | 'local' | 'merged';
    readonly text: string | undefined;
}
/** Decides about a conflict. */
export type Decide = (conflict: EncodedConflict) => Decision;
/** A policy as a function over encoded values that never throws. */
export declare function decider(policy: ConflictPolicy): Decide;

// dist/resilience/failover.d.ts
/**
 * Notices that the store's master is another one, and sends it what the old one acknowledged last (`resend-ring.ts`).
 *
 * The question is asked whenever the connection has become ready, and after every failure, since a Cluster changes masters without a
 * new connection of its own. From that moment until the answer the ring forgets nothing: an outage may be longer than its window.
 */
import type { EpochSource } from './redis-epoch.ts';
import type { NamedPatch } from './journal.ts';
import { type Ending, type Resent, type ResendContext } from './resend-ring.ts';
/** Watches one store for a change of masters. */
export declare class Failover {
    #private;
    /** @param askSoon `catchUp` is due */
    constructor(source: EpochSource, resendMs: number, askSoon: () => void);
    /** Whether `catchUp` has something to ask. */
    get isDue(): boolean;
    close(): void;
    /** It may be another master from now on. */
    suspect(): void;
    /** The store has answered, at `now`. */
    answered(now: number): void;
    committed(id: string, patch: NamedPatch, before: ReadonlyMap<string, string>, version: number, now: number): void;
    ended(now: number, repeat: Ending): void;
    /** Asks, and sends if the answer is a new one. @throws SESSION_STORE if the store fails meanwhile: to be called again then */
    catchUp(context: ResendContext): Promise<Resent>;
}

// dist/resilience/journal.d.ts
import type { CommitReceipt, SessionPatch, SessionRecord } from '../store.ts';
import { type Batch } from './batch.ts';
/** A session that something was written to. */
export interface JournalEntry {
    readonly id: string;
    /** The session as the application is to see it; undefined if it was destroyed. */
    shown: SessionRecord | undefined;
    /** When the store last said what this is based on, in ms since the epoch; undefined if it never knew of the session. */
    readonly knownAt: number | undefined;
    /** The version that this is based on. */
    readonly baseVersion: number;
    isDestroyed: boolean;
    /** Oldest first. */
    batches: Batch[];
    /** The hand-over that is under way. */
    sending: Promise<void> | undefined;
}
/** A record, and when the store said so. */
export interface KnownRecord {
    readonly record: SessionRecord;
    readonly at: number;
}
/** A patch with a name. */
export type NamedPatch = SessionPatch & {
    readonly name: string;
};
/** The journal of one store. */
export declare class Journal {
    #private;
    constructor(maxOps: number);
    /** Operations that wait. */
    get ops(): number;
    get(id: string): JournalEntry | undefined;
    /** All entries. O(sessions). */
    entries(): JournalEntry[];
    /**
     * Takes a commit. O(fields).
     * @param isSent whether it was sent and not answered
     * @returns undefined if the session is gone, as a store says it
     * @throws SESSION_FIELD as a store does
     */
    commit(id: string, patch: NamedPatch, known: KnownRecord | undefined, isSent: boolean, now: number): CommitReceipt | 'full' | undefined;
    /** Notes that a session is to be destroyed. @returns the entry, or `full` */
    destroy(id: string, known: KnownRecord | undefined): JournalEntry | 'full';
    /** Takes a commit out that has been handed over. */
    settle(entry: JournalEntry, batch: Batch): void;
    /** Forgets a session. */
    drop(entry: JournalEntry): void;
}

// dist/resilience/presence.d.ts
/**
 * Whether the store is there: every call to it is counted here, it is tried again from here while it is down, and from here it gets
 * what it has missed when it is back. Publishes `degraded` when it is taken for down and `recovered` when it has everything.
 */
import { BalancerError } from '@evenkeel/core';
import type { SessionStore } from '../store.ts';
import { Failover } from './failover.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { ResolvedResilientOptions } from './resilient-options.ts';
/** `up`: the store is asked. `down`: it is not. `replaying`: it is, and what was noted meanwhile is being handed over. */
export type StoreState = 'up' | 'down' | 'replaying';
/** The presence of one store. */
export declare class Presence {
    #private;
    /** Present if new masters are to be noticed. */
    readonly failover: Failover | undefined;
    /** @param forget called for each session that is written to from here */
    constructor(inner: SessionStore, options: ResolvedResilientOptions, journal: Journal, forget: (id: string) => void);
    get isDown(): boolean;
    get state(): StoreState;
    close(): void;
    /** Somebody calls, and says what time it is. */
    called(now: number): void;
    /** One call to the store, and what it says about the store. @throws SESSION_STORE for every failure that is not of this library */
    ask<T>(call: () => Promise<T>, now: number): Promise<T>;
    /** Hands over what is noted for a session. @throws SESSION_STORE */
    handOver(entry: JournalEntry): Promise<void>;
    /** Something may have been noted: it is not to wait for the next call. */
    noted(): void;
    /** Why the store is not asked. */
    unavailable(): BalancerError;
}
/** True if the store has not answered. Any other error is an answer. */
export declare function isAway(error: unknown): error is BalancerError;

// dist/resilience/redis-epoch.d.ts
/** Tells one line of a store's history from another. */
export interface EpochSource {
    /** The name of the line now. @throws SESSION_STORE if the store does not say */
    ask(): Promise<string>;
    /** Calls back whenever the line may have changed. @returns what ends that */
    watch(mayHaveChanged: () => void): () => void;
}
/** What is used of an ioredis `Redis` or `Cluster`. */
export interface EpochClient {
    /** The state of the connection; commands are sent at once only when it is `ready`. */
    readonly status: string;
    on(event: 'ready' | '+node', listener: () => void): unknown;
    off(event: 'ready' | '+node', listener: () => void): unknown;
    info?(section: string): Promise<unknown>;
    /** Of a `Cluster`. */
    nodes?(role: 'master'): EpochClient[];
}
/** The epoch of an ioredis connection; of a Cluster, those of all its masters. */
export declare function redisEpoch(redis: EpochClient): EpochSource;

// dist/resilience/resend-ring.d.ts
/**
 * Bounds what a failover of Redis loses. Replication is asynchronous: what the old master acknowledged in its last moments may never
 * have reached the new one. Every instance keeps what was acknowledged to it in the last seconds, and hands it to a new master.
 * Something is lost only if the master and the instance die together.
 *
 * Why nothing happens twice and nothing comes back. The new master holds what the old one held at some version of each session, and
 * perhaps commits of its own time.
 * - First what ends sessions: destroys, ends, revocations and retirements. Ids are never used again and all four can be repeated; a
 *   repeated revocation may also end a session that began right after it, which errs on the right side.
 * - Then commits, as updates: what is gone stays gone. A commit that made a session is therefore not sent again.
 * - A commit whose version lies so far behind the session's that its name may be forgotten has survived: skipped. Of any other the
 *   store remembers the name if it survived, and applies nothing. If it does not remember the name, the commit was lost.
 * - A lost commit goes in only over what it was made on top of (`expect`), so a change made under the new master stays. Where the
 *   commit was made on top of one of another instance that is still missing, it waits a little for that instance to send its own.
 * - It leaves the ring before it is sent, and increments whose answer is lost do not come back into it.
 */
import { type SessionStore } from '../store.ts';
import type { NamedPatch } from './journal.ts';
/** Something that ends a session, or all of a principal, and may be done again. */
export type Ending = (store: SessionStore, now: number) => Promise<unknown>;
/** What the ring needs from the store's owner while it sends. */
export interface ResendContext {
    readonly store: SessionStore;
    /** Milliseconds since the epoch. */
    now(): number;
    wait(ms: number): Promise<void>;
    /** The session was written to, past everybody who keeps copies. */
    changed(id: string): void;
}
/** What became of the ring. */
export interface Resent {
    readonly applied: number;
    readonly dropped: number;
}
/** What was acknowledged in the last `windowMs`, oldest first. Bounded by count and characters as well: the oldest go. */
export declare class ResendRing {
    #private;
    constructor(windowMs: number);
    /** Commits and endings kept. */
    get size(): number;
    /** @param before what the session held before; nothing can be sent again without it */
    committed(id: string, patch: NamedPatch, before: ReadonlyMap<string, string>, version: number, at: number): void;
    ended(at: number, repeat: Ending): void;
    /** Forgets what is older than the window at `now`: it has reached the replicas, or never will. */
    prune(now: number): void;
    /**
     * Hands everything over to a new master, a few sessions at a time.
     * @throws SESSION_STORE if the store does not answer; call it again then
     */
    resend(context: ResendContext): Promise<Resent>;
}
/** Does the work for all items, a few at a time. The first failure stops it. */
export declare function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void>;

// dist/resilience/resilient-options.d.ts
/** The options of `resilient()`: what they are, and how they are checked. */
import { type Clock, type Random } from '@evenkeel/core';
import { v } from '@evenkeel/core/options';
import type { SessionRecord } from '../store.ts';
import type { ConflictPolicy } from './conflict.ts';
import type { EpochSource } from './redis-epoch.ts';
/** What a session layer does while its store is down, as far as an application chooses it. */
export interface WhenDownOptions {
    /**
     * `closed`: calls fail at once, with SESSION_STORE. `cached`: a session that was read less than `staleIfErrorMs` ago is taken to
     * be what it was. `open`: beside that, a session that is not known is taken for one that does not exist, so that a new one begins,
     * in this process, until the store is back. @default 'closed'
     */
    readonly whenDown?: 'closed' | 'cached' | 'open';
    /** How old what is taken for a session may be, in ms, 1..3,600,000: so long, a logout elsewhere may go unseen. @default 30,000 */
    readonly staleIfErrorMs?: number;
    /**
     * Whether changes and logouts are refused while the store is down, or noted in this process and handed over later. `journal` needs
     * `whenDown: 'cached'`; `open` includes it. @default 'refuse', with `whenDown: 'open'` 'journal'
     */
    readonly writes?: 'refuse' | 'journal';
    /** Whose change is kept of a field that somebody else has changed meanwhile. @default 'remote' */
    readonly onConflict?: ConflictPolicy;
    /** Changes noted at most, 1..1,000,000. What is beyond is refused. @default 10,000 */
    readonly maxJournalled?: number;
}
/** Options of `resilient`. */
export interface ResilientOptions extends WhenDownOptions {
    /**
     * What is known of a session without asking the store, whatever may have happened since; undefined if nothing is known, or it is
     * older than `maxAgeMs`. @default what `resilient` itself has seen of it
     */
    readonly recall?: (id: string, now: number, maxAgeMs: number) => SessionRecord | undefined;
    /** Told of sessions that were written to without having been asked to, for whoever keeps copies. @default nobody */
    readonly changed?: (id: string) => void;
    /** Tells a new master from the old one. Where it is given, what was acknowledged last is sent to a new one again. @default none */
    readonly epoch?: EpochSource;
    /** How far that goes back, in ms, 1..600,000. @default 10,000 */
    readonly resendMs?: number;
    /** @default the machine's monotonic clock */
    readonly clock?: Clock;
    /** For the jitter of trials. @default `Math.random` */
    readonly random?: Random;
}
/** `ResilientOptions`, checked and with defaults filled in. */
export interface ResolvedResilientOptions {
    readonly whenDown: 'closed' | 'cached' | 'open';
    readonly staleIfErrorMs: number;
    readonly writes: 'refuse' | 'journal';
    readonly onConflict: ConflictPolicy;
    readonly maxJournalled: number;
    readonly recall: ResilientOptions['recall'];
    readonly changed: (id: string) => void;
    readonly epoch: EpochSource | undefined;
    readonly resendMs: number;
    readonly clock: Clock;
    readonly random: Random;
}
/** The schemas of `WhenDownOptions`, for whoever offers them as options of its own. */
export declare const WHEN_DOWN_OPTIONS: {
    readonly whenDown: v.GenericSchema<unknown, 'closed' | 'cached' | 'open'>;
    readonly staleIfErrorMs: v.GenericSchema<unknown, number>;
    readonly writes: v.GenericSchema<unknown, 'refuse' | 'journal' | undefined>;
    readonly onConflict: v.GenericSchema<unknown, ConflictPolicy>;
    readonly maxJournalled: v.GenericSchema<unknown, number>;
};
/** Two options that depend on each other. */
export interface WhenDownChoice {
    readonly whenDown: 'closed' | 'cached' | 'open';
    readonly writes: 'refuse' | 'journal' | undefined;
}
/** The message of `areWritesPossible`. */
export declare const WRITES_RULE = "options whose `writes: \"journal\"` goes with `whenDown: \"cached\"` or \"open\", and \"refuse\" not with \"open\"";
/** What `writes` and `whenDown` may be together, as a check of a schema that has both. */
export declare function areWritesPossible({ whenDown, writes }: WhenDownChoice): boolean;
/** @throws INVALID_OPTIONS */
export declare function resolveResilientOptions(options: unknown): ResolvedResilientOptions;

// dist/resilience/resilient.d.ts
import type { SessionRecord, SessionStore } from '../store.ts';
import { type StoreState } from './presence.ts';
import { type ResilientOptions } from './resilient-options.ts';
/** A store that copes with being away. */
export interface ResilientSessionStore extends SessionStore {
    peek(id: string, now: number): SessionRecord | undefined | null;
    readonly state: StoreState;
    /** Changes that wait for the store. */
    readonly journalled: number;
    /** Ends the work in the background. What still waits is lost. */
    close(): void;
}
/** Puts a store that copes with being away in front of one that does not. @throws INVALID_OPTIONS */
export declare function resilient(inner: SessionStore, options?: ResilientOptions): ResilientSessionStore;

// dist/session-options.d.ts
/** The options of `session()`: what they are, and how they are checked. */
import type { IncomingMessage } from 'node:http';
import type { Consistency, SessionStore } from './store.ts';
/** Attributes of the session cookie. */
export interface SessionCookieOptions {
    /**
     * The form of the value: `express-session` reads and issues the signed form of `connect.sid`, so that nobody is logged out by a move; set
     * `name` to that, too. @default 'evenkeel'
     */
    readonly format?: 'evenkeel' | 'express-session';
    /** @default '/' */
    readonly path?: string;
    /** Unset, which is the narrowest: only the host that made it. */
    readonly domain?: string;
    /** `none` needs `secure`. @default 'lax' */
    readonly sameSite?: 'strict' | 'lax' | 'none';
    /** `auto`: as the request came, which behind a proxy needs Express' or Koa's trust in it. @default 'auto' */
    readonly secure?: boolean | 'auto';
    /** @default true */
    readonly httpOnly?: boolean;
    /** One cookie jar per top-level site (CHIPS). Needs `secure`. @default false */
    readonly partitioned?: boolean;
    /** Keeps the cookie when the browser closes, until the absolute timeout. @default false */
    readonly persistent?: boolean;
    /**
     * Lets a persistent cookie go some time after its last use instead: it lives for three times the idle timeout, and is sent anew once
     * in each third of that. @default false
     */
    readonly rolling?: boolean;
}
/** The wall clock that all instances share; `Date` is one. Their clocks should agree to within a second or so (NTP). */
export interface WallClock {
    /** Milliseconds since the Unix epoch. */
    now(): number;
}
/** How a request wants its session: always the same, or as the request is. */
export type RequestConsistency = Consistency | ((request: IncomingMessage) => Consistency);
/** Options of `session()`. */
export interface SessionOptions {
    /** Where sessions live: `memorySessionStore()`, `sqliteSessionStore()`, `redisSessionStore()` or your own. */
    readonly store: SessionStore;
    /**
     * What cookies are signed with, 16 characters or more each. To change it, put the new one first and drop the old one when the
     * absolute timeout has passed: cookies of an older one stay valid and are re-issued with the newest.
     */
    readonly secret: string | readonly string[];
    /** The name of the cookie. A `__Host-` name needs `cookie.secure: true`. @default 'JSESSIONID' */
    readonly name?: string;
    /**
     * This instance's tag for balancers that read it from the cookie (Apache `route`, Tomcat `jvmRoute`): 1..64 of `A-Za-z0-9_-`.
     * Leave it out behind `balance()`, which adds its own.
     */
    readonly route?: string;
    /** A session not used for this long ends, in ms, from 1 s; late by at most the touch interval. @default 1,800,000 (30 min) */
    readonly idleMs?: number;
    /** A session ends this long after it began, used or not, in ms, from 1 s. @default 43,200,000 (12 h) */
    readonly absoluteMs?: number;
    /**
     * When a session gets a new id, requests under way with the old one can read for so long what it held before, in ms, 0..60,000. With
     * 0 they find no session. @default 10,000
     */
    readonly retireMs?: number;
    /**
     * Whether a copy of the session in this process will do (`bounded`), where the store keeps one, or the store is asked (`strong`); a
     * function decides for each request. A session that comes from another instance is always read from the store. @default 'bounded'
     */
    readonly consistency?: RequestConsistency;
    /** The largest encoded value of a field, in bytes of UTF-8, 64..1,048,576. @default 65,536 */
    readonly maxFieldBytes?: number;
    /** The largest sum of all field names and encoded values, in bytes of UTF-8, 64..16,777,216. @default 1,048,576 */
    readonly maxSessionBytes?: number;
    /** Attributes of the cookie. */
    readonly cookie?: SessionCookieOptions;
    /** @default `Date` */
    readonly clock?: WallClock;
}
/** The cookie's attributes with defaults filled in. */
export type CookieAttributes = Required<Omit<SessionCookieOptions, 'domain' | 'rolling'>> & Pick<SessionCookieOptions, 'domain'>;
/** `SessionOptions`, checked and with defaults filled in. */
export interface ResolvedSessionOptions {
    readonly store: SessionStore;
    /** Newest first; at least one. */
    readonly secrets: readonly string[];
    readonly name: string;
    readonly route: string | undefined;
    readonly idleMs: number;
    readonly absoluteMs: number;
    readonly retireMs: number;
    readonly consistency: RequestConsistency;
    readonly maxFieldBytes: number;
    readonly maxSessionBytes: number;
    readonly attributes: CookieAttributes;
    readonly isRolling: boolean;
    readonly clock: WallClock;
}
/** @throws INVALID_OPTIONS */
export declare function resolveSessionOptions(where: string, options: unknown): ResolvedSessionOptions;

// dist/session/lifetime.d.ts
/**
 * When a session ends and how often its use is noted. Pure arithmetic over milliseconds since the epoch.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-expiration
 */
/** The time limits of one `session()`. */
export interface Lifetime {
    readonly idleMs: number;
    readonly absoluteMs: number;
}
/** How often a session that is only read is touched: a twentieth of its idle time, 1 s to 60 s. */
export declare function touchIntervalMs({ idleMs }: Lifetime): number;
/** True if a session last touched at `touchedAt` should be touched at `now`. */
export declare function isTouchDue(lifetime: Lifetime, touchedAt: number, now: number): boolean;
/** The end of a session used at `now`. A touch may be late by its interval, so the session lives that much longer: it never ends early. */
export declare function expiryOf(lifetime: Lifetime, createdAt: number, now: number): number;
/** How long a rolling cookie lives: three times as long as its session does unused. */
export declare function cookieLifeMs(lifetime: Lifetime): number;
/**
 * True if a rolling cookie should be sent anew by a request that is noted at `now`, where the last one was noted at `touchedAt`. Time is
 * cut into thirds of the cookie's life, and the first request that is noted in each of them sends it: nobody has to store when it was
 * sent last. A cookie outlives its session so, even if one of these responses is lost.
 */
export declare function isCookieDue(lifetime: Lifetime, createdAt: number, touchedAt: number, now: number): boolean;

// dist/session/principal-sessions.d.ts
import type { PrincipalSession } from './session.ts';
import type { SessionStore } from '../store.ts';
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
export declare function principalSessions(context: PrincipalContext, principal: string, currentKey?: string): Promise<readonly PrincipalSession[]>;

// dist/session/scope-context.d.ts
/** What all requests of one `session()` share: its options in the form that their scopes need. */
import { type SessionCookies, type VerifiedCookie } from '../http/cookie.ts';
import type { Lifetime } from './lifetime.ts';
import type { ResolvedSessionOptions } from '../session-options.ts';
import type { SizeLimits } from '../fields/size-limits.ts';
import type { SessionRecord, SessionStore } from '../store.ts';
/** What all scopes of one `session()` share. */
export interface ScopeContext extends Lifetime, SizeLimits {
    readonly store: SessionStore;
    readonly cookies: SessionCookies;
    /** How long a retired session can be read. */
    readonly retireMs: number;
    /** Whether cookies are sent anew as the session is used. */
    readonly isRolling: boolean;
    /** Whole milliseconds since the epoch. */
    now(): number;
}
/** A session that was found, by the cookie that named it. */
export interface FoundSession {
    readonly cookie: VerifiedCookie;
    readonly record: SessionRecord;
}
export declare function scopeContext(options: ResolvedSessionOptions): ScopeContext;

// dist/session/scope.d.ts
import type { FoundSession, ScopeContext } from './scope-context.ts';
import type { Session } from './session.ts';
/** One request's session, for the framework's glue. */
export interface SessionScope {
    /** The request's session now. */
    readonly session: Session;
    /** Told of a session that takes the place of the one before. @default nobody is told */
    onSession: ((session: Session) => void) | undefined;
    /**
     * Stores what changed, or touches the session if that is due. Undefined if there is nothing to do. To be called before the head
     * leaves, and again at the end of the response. If it fails, later calls do nothing: the changes are lost.
     */
    commit(): Promise<void> | undefined;
    /** The `Set-Cookie` value that the head must carry, if any. To be called once, when the head leaves. */
    setCookie(): string | undefined;
}
/** @param found the session of the request, if it has one */
export declare function sessionScope(context: ScopeContext, isSecure: boolean, found: FoundSession | undefined): SessionScope;

// dist/session/session.d.ts
/** The session as the application sees it: what it has beside its fields. `session-object.ts` makes one. */
/**
 * The fields of your application's sessions. Extend it to have them typed:
 * `declare module '@evenkeel/session-store' { interface SessionFields { user: string } }`
 */
export interface SessionFields {
}
/** The type of a field's value: what `SessionFields` says, `unknown` where it says nothing. */
export type FieldValue<Name extends string> = Name extends keyof SessionFields ? SessionFields[Name] : unknown;
/** What `regenerate` keeps. */
export interface RegenerateOptions {
    /** Whether the fields move to the new id. The absolute timeout runs on if they do, and starts anew if not. @default true */
    readonly keepFields?: boolean;
}
/** What `login` keeps. */
export interface LoginOptions {
    /** Whether the fields move to the new id. @default true, and false if the session was another principal's */
    readonly keepFields?: boolean;
}
/** One of a principal's sessions, as it was when it was listed. */
export interface PrincipalSession {
    /** The digest under which the store keeps it: a name for it in a page or a log. No cookie can be made from it. */
    readonly key: string;
    /** Milliseconds since the epoch. */
    readonly createdAt: number;
    /** Milliseconds since the epoch; late by at most the touch interval. */
    readonly lastUsedAt: number;
    /** True for the session that the list was asked of. */
    readonly isCurrent: boolean;
    /** What it held. Decoded when read, which throws SESSION_CORRUPT for what is not of this library's making. */
    readonly fields: Readonly<Partial<SessionFields>>;
    /** Ends it, on all instances. False if it was not there any more. @throws SESSION_STORE from the store */
    end(): Promise<boolean>;
}
/** Called once, never before the call that it was given to returns. */
export type SessionCallback = (error?: Error) => void;
/**
 * The members that every session has beside its fields.
 *
 * Those that take a callback are for code written for express-session: they return the session then, and the callback has the error
 * that the promise would reject with.
 */
export interface SessionMembers {
    /** The id as it is or will be in the cookie, without mac and route. A secret of the user's: do not log it. */
    readonly id: string;
    /** True if this request came without a session that could be found. */
    readonly isNew: boolean;
    /** Whose session it is: what `login` was given. */
    readonly principal: string | undefined;
    /**
     * Gives the session a new id at once, against session fixation. Call it at every change of rights; `login` does it by itself. For
     * `retireMs` requests that are under way with the old id still see what the session held before, and change nothing.
     * @throws INVALID_OPTIONS at once
     * @throws SESSION_GONE if another request has destroyed the session meanwhile, or if the response head has left
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    regenerate(options?: RegenerateOptions): Promise<void>;
    /** As express-session does it: destroys the session, and puts a new and empty one on the request. This object keeps its fields. */
    regenerate(callback: SessionCallback): this;
    /**
     * Makes the session the principal's, under a new id from its first moment; the absolute timeout starts anew. What another request
     * destroyed meanwhile stays so: the session starts empty then.
     * @param principal who has logged in, such as the key of a user: 1..256 characters
     * @throws INVALID_OPTIONS at once
     * @throws SESSION_GONE if the response head has left
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    login(principal: string, options?: LoginOptions): Promise<void>;
    /** `destroy()`. */
    logout(): Promise<void>;
    /**
     * Removes the session from the store at once, clears all fields, and lets the response clear the cookie. Final: what this or any
     * other request in flight still changes is dropped.
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    destroy(): Promise<void>;
    destroy(callback: SessionCallback): this;
    /**
     * Log out everywhere: ends all sessions that the principal has now, on all instances, and this one as `destroy` does, which is all
     * it does if nobody has logged in.
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    destroyAll(): Promise<void>;
    /** The principal's sessions, oldest first; none if nobody has logged in. @throws SESSION_STORE, SESSION_CORRUPT from the store */
    listAll(): Promise<readonly PrincipalSession[]>;
    /**
     * Stores the changes made so far, now instead of with the response. Does nothing if nothing changed.
     * @throws SESSION_GONE if the session was destroyed or has moved to another id, or if the response head has left without the cookie
     * of a new session
     * @throws SESSION_FIELD if a name or a value cannot be stored
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    save(): Promise<void>;
    save(callback: SessionCallback): this;
    /**
     * Forgets what is not stored and shows the session as it is in the store now.
     * @throws SESSION_GONE if it is not there
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    reload(): Promise<void>;
    reload(callback: SessionCallback): this;
    /** Restarts the idle timeout now. Otherwise that happens by itself, at most once per touch interval. @throws SESSION_STORE */
    touch(): Promise<void>;
    touch(callback: SessionCallback): this;
    /**
     * Adds to an integer field so that no concurrent increment is lost. The sum is made in the store when the session is stored;
     * a field that is not there counts as 0. After `save()` the field holds the exact sum.
     * @param by a safe integer. @default 1
     * @returns the sum as far as this request knows
     * @throws SESSION_FIELD if the field holds anything but an integer, or the sum is beyond 2^53 - 1
     */
    increment(field: string, by?: number): number;
    /**
     * Changes a field so that no concurrent change of it is lost: at once, and computed again if another request came first. Read the
     * field anew afterwards; its value is another object.
     * @param change makes the new value of a copy of the current one, and may be called up to 5 times; `undefined` removes the field
     * @returns the new value
     * @throws SESSION_CONFLICT if another request came first each time
     * @throws SESSION_GONE, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `save`, and whatever `change` throws
     */
    update<Name extends string>(field: Name, change: (current: FieldValue<Name> | undefined) => FieldValue<Name> | undefined): Promise<FieldValue<Name> | undefined>;
    /**
     * Stores `value` at once, if the store holds `expected`; `undefined` stands for no such field. Values are compared as they are
     * stored, so the properties of an object must come in the same order.
     * @returns whether it did. If not, the field shows what the store holds
     * @throws SESSION_GONE, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `save`
     */
    cas<Name extends string>(field: Name, expected: FieldValue<Name> | undefined, value: FieldValue<Name> | undefined): Promise<boolean>;
    /**
     * Removes a field at once and returns what it held, for what is to be read once, such as a notice or a token: of concurrent
     * requests one gets it. `undefined` if there is none, or the session is gone or has moved to another id.
     * @throws SESSION_CONFLICT, SESSION_FIELD, SESSION_STORE, SESSION_CORRUPT as `update`
     */
    take<Name extends string>(field: Name): Promise<FieldValue<Name> | undefined>;
}
/** `req.session` and `ctx.session`. */
export type Session = SessionMembers & Partial<SessionFields>;
/** A session object without its type's fields: how this package itself handles one. */
export type FieldsObject = Record<string, unknown>;

// dist/sessions.d.ts
/**
 * The session layer without a framework: options in, and for each request a scope that holds its session. Glue for a framework needs
 * `attach`, and nothing else; what has no response, as the upgrade to a WebSocket, takes `open`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type SessionHolder } from './http/attached-session.ts';
import { type SessionScope } from './session/scope.ts';
import type { PrincipalSession } from './session/session.ts';
import { type SessionOptions } from './session-options.ts';
import type { Consistency } from './store.ts';
/** What of a request decides its session. */
export interface SessionRequest {
    /** The `Cookie` field. */
    readonly cookieHeader: string | undefined;
    /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
    readonly isSecure: boolean;
    /** @default the option `consistency`; `bounded` if that is a function */
    readonly consistency?: Consistency;
}
/** Opens sessions. */
export interface Sessions {
    /**
     * The session of a request, or a new one that is not stored yet. Reads the store only for a cookie with a right mac.
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    open(request: SessionRequest): Promise<SessionScope>;
    /**
     * Gives a request its session as an accessor `session`, and the response its cookie. What costs anything is done only when somebody
     * reads that: the session object is made, and the response is held from then on until the session is stored. Where the store knows
     * the session without asking anybody there is no promise either. A touch that is due is sent here, and nobody waits for it.
     *
     * Assigning `null` ends the session; assigning anything else throws. A request that has a `session` already is left as it is.
     * @param holder what the application reads the session from: Express' request, Koa's context
     * @param fail takes over the response when the session could not be stored, as `ResponseHooks.fail`
     * @returns undefined if it is done
     * @throws SESSION_STORE, SESSION_CORRUPT from the store, now or by the promise
     */
    attach(holder: SessionHolder, req: IncomingMessage, res: ServerResponse, fail: (error: unknown) => void): Promise<void> | undefined;
    /**
     * The sessions that a principal can still use, oldest first. O(sessions of the principal)
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    of(principal: string): Promise<readonly PrincipalSession[]>;
}
/**
 * Checks options and makes the session layer.
 * @param where the public function whose options these are, for messages. @default 'createSessions'
 * @throws INVALID_OPTIONS
 */
export declare function createSessions(options: SessionOptions, where?: string): Sessions;

// dist/store.d.ts
/**
 * What the session layer asks of a store: field-level patches that are merged atomically, so that concurrent requests on any
 * instances lose nothing, and an update that never revives what another request destroyed.
 *
 * All times are milliseconds since the Unix epoch, handed in by the caller; a store reads no clock of its own for decisions.
 */
/** One session as stored. A snapshot: later commits do not change it. */
export interface SessionRecord {
    /** Grows by one with each commit, from 1. */
    readonly version: number;
    readonly createdAt: number;
    /** The last commit or touch. */
    readonly touchedAt: number;
    /** From this moment on the session is not there. */
    readonly expiresAt: number;
    /** Whose session it is, if somebody has logged in. */
    readonly principal: string | undefined;
    /** The session has moved to another id. This is what it held then; it can be read, and never changes again. */
    readonly isRetired: boolean;
    /** Field name to encoded value. */
    readonly fields: ReadonlyMap<string, string>;
}
/** The changes of one request. A field name occurs in at most one of `set`, `remove` and `add`. */
export interface SessionPatch {
    /** `create` makes a session that is not there yet; `update` changes one only if it is there. */
    readonly mode: 'create' | 'update';
    /** Stored by `create`; ignored by `update`. */
    readonly createdAt: number;
    readonly expiresAt: number;
    /** Whose session it is from its first moment; stored by `create`, ignored by `update`. @default nobody's */
    readonly principal?: string | undefined;
    /**
     * The name of this commit, 8 characters of `A-Za-z0-9_-`. Whoever sends a commit again under the name that it had gets the answer
     * again, and nothing is applied twice. @default a random one
     */
    readonly name?: string | undefined;
    /** What fields must hold, encoded; undefined for one that must not be there. Otherwise nothing is stored. @default no condition */
    readonly expect?: ReadonlyMap<string, string | undefined>;
    /** Field name to encoded value. */
    readonly set: ReadonlyMap<string, string>;
    readonly remove: readonly string[];
    /** Field name to an integer that is added to the stored one; a field that is not there counts as 0. */
    readonly add: ReadonlyMap<string, number>;
}
/** How many names of commits a store remembers of each session. */
export declare const COMMIT_NAMES_KEPT = 8;
/** What a commit did. */
export interface CommitReceipt {
    /** The session's version now; of a commit that is sent again, too, so that two commits may name the same one. */
    readonly version: number;
    /** The exact encoded results of the patch's `add`; of a commit that is sent again, what has become of them. */
    readonly sums: ReadonlyMap<string, string>;
    /** Fields of `expect` that held something else, and what; undefined for one that is not there. Not empty: nothing was stored. */
    readonly conflicts: ReadonlyMap<string, string | undefined>;
}
/** A session as people look after it. */
export interface ListedSession {
    /** The digest under which the store keeps the session. No cookie can be made from it. */
    readonly key: string;
    readonly record: SessionRecord;
}
/** `strong`: as the store has it now. `bounded`: a copy in this process will do, if it is known not to be older than its lease. */
export type Consistency = 'strong' | 'bounded';
/**
 * Where sessions live. Every method is one atomic step, for all processes that share the store.
 * @throws SESSION_STORE if the store does not answer or refuses; whether a write took effect is then unknown
 * @throws SESSION_CORRUPT if what lies under the session's key is not of this library's making
 */
export interface SessionStore {
    /**
     * The session, or undefined if there is none, its time is over at `now`, or its principal was revoked since it began.
     * @param consistency only a store with a near cache heeds it. @default 'bounded'
     */
    load(id: string, now: number, consistency?: Consistency): Promise<SessionRecord | undefined>;
    /** What `load` would say, if that is known without asking anybody; `null` if not. */
    peek?(id: string, now: number): SessionRecord | undefined | null;
    /**
     * Applies a patch as a whole or not at all. Fields the patch does not name keep their value; of two commits of one field the
     * later one wins.
     * @returns undefined if the patch is an `update` and the session is gone or retired: nothing was stored
     * @throws SESSION_FIELD if an `add` meets anything but an integer, or leaves the range of safe integers
     * @throws SESSION_CORRUPT if the patch is a `create` and the id is in use
     */
    commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined>;
    /** Moves the end of the session's time. False if there is no session, or it is retired. Never makes one. */
    touch(id: string, expiresAt: number, now: number): Promise<boolean>;
    /** Removes the session for good and returns what it last held; undefined if there was none. */
    destroy(id: string, now: number): Promise<SessionRecord | undefined>;
    /**
     * The session goes on under another id: from now on what this one holds can be read and not changed, until `until` at most.
     * @returns what it holds; of one that is retired already, the same again. Undefined if there is none, or its principal was revoked
     */
    retire(id: string, until: number, now: number): Promise<SessionRecord | undefined>;
    /** The principal's sessions that can still be used, oldest first. O(sessions of the principal) */
    list(principal: string, now: number): Promise<readonly ListedSession[]>;
    /** Ends one of them, by its key. False if it was not there. */
    end(key: string, now: number): Promise<boolean>;
    /** Ends all sessions that the principal has now, on all instances; whoever logs in afterwards stays. */
    revoke(principal: string, now: number): Promise<void>;
}

// dist/stores/memory.d.ts
import { type SessionStore } from '../store.ts';
/** Options of `memorySessionStore`. */
export interface MemorySessionStoreOptions {
    /** The most sessions kept, 1..10,000,000. @default 100,000 */
    readonly maxSessions?: number;
}
/** A store in memory. Every method is O(fields), `list` and `revoke` O(sessions of the principal). @throws INVALID_OPTIONS */
export declare function memorySessionStore(options?: MemorySessionStoreOptions): SessionStore;

// dist/stores/redis-client.d.ts
import type { EpochClient } from '../resilience/redis-epoch.ts';
import type { Script } from './redis-scripts.ts';
/** What the store uses of an ioredis `Redis` or `Cluster`. */
export interface RedisClient extends EpochClient {
    connect(): Promise<unknown>;
    hgetall(key: string): Promise<unknown>;
    call(command: string, ...commandArguments: string[]): Promise<unknown>;
    evalsha(sha1: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
    eval(source: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
    pipeline(commands: unknown[][]): RedisPipeline;
    once(event: 'ready', listener: () => void): unknown;
    /** The socket, while there is one. */
    readonly stream?: unknown;
}
/** Commands that go over one connection, one behind the other. */
export interface RedisPipeline {
    /** Each command's error or null, and its reply. */
    exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>;
}
/** A script with what it is run over. */
export interface ScriptCall {
    readonly script: Script;
    /** All in one slot. */
    readonly keys: readonly string[];
    readonly rest: readonly string[];
}
/** The reply of a script, and how many replicas are known to have all that was written before it and by it. */
export interface Acknowledged {
    readonly reply: unknown;
    readonly replicas: number;
}
/** One client's calls. Each ends at `endsAt`, a moment of `performance.now()`, at the latest. */
export interface RedisCaller {
    /** The end for something that begins now. */
    endsAt(): number;
    hash(key: string, endsAt: number): Promise<unknown>;
    command(endsAt: number, name: string, ...commandArguments: string[]): Promise<unknown>;
    /** Runs a script, by its name where Redis remembers it. */
    script(call: ScriptCall, endsAt: number): Promise<unknown>;
    /** Runs a script and then waits for replicas, for half of the time that is left at most. */
    scriptOnReplicas(call: ScriptCall, replicas: number, endsAt: number): Promise<Acknowledged>;
}
export declare function redisCaller(redis: RedisClient, deadlineMs: number): RedisCaller;

// dist/stores/redis-scripts.d.ts
/** A script and the name under which Redis remembers it. */
export interface Script {
    readonly source: string;
    readonly sha1: string;
}
/** The words of the scripts, but for a commit's new version. */
export declare const WORD: {
    readonly done: 'DONE';
    readonly gone: 'GONE';
    readonly corrupt: 'CORRUPT';
    readonly exists: 'EXISTS';
    readonly notAddable: 'NOT_ADDABLE';
    readonly conflict: 'CONFLICT';
    readonly late: 'LATE';
};
/** Characters of the name of one commit. */
export declare const COMMIT_NAME_LENGTH = 8;
/**
 * ARGV: the latest moment, now, mode `c` or `u`, commit name, expiresAt, createdAt, listedUntil, ms that the hash outlives its end,
 * principal, generation, counts of sets, of removes, of adds and of expectations; then name and value of each set, name of each
 * remove, name and amount of each add, name and value of each expectation. A principal or an expected value is `=` and the text, or
 * `-` for none. Reply: the version, time, principal to be listed, and the sums; or a word.
 *
 * A commit that is already in `#o` is answered and not applied again: ioredis sends unanswered commands a second time after a
 * reconnect (`autoResendUnfulfilledCommands`), and so may the caller.
 */
export declare const COMMIT: Script;
/** ARGV: the latest moment, now, expiresAt, listedUntil, ms that the hash outlives its end. Reply: `DONE`, time, principal to be listed. */
export declare const TOUCH: Script;
/** ARGV: the latest moment, now, until, ms that the hash outlives its end. Reply: `DONE`, time, the hash. */
export declare const RETIRE: Script;
/**
 * ARGV: the latest moment, now, `=` and the principal whose session alone is meant, or `-`. Reply: `DONE`, time, the hash. Something
 * that is not a session stays where it is.
 */
export declare const DESTROY: Script;
/**
 * Takes away a session whose time is over, so that one caller alone gets it. ARGV: the latest moment, now. Reply: `DONE`, time, the
 * hash; `GONE` if there is none; the end of its time where that is yet to come.
 */
export declare const EXPIRE: Script;
/** A script of the store, with what all of them have. */
export declare function script(source: string): Script;
/** A script over other keys than a session's. */
export declare function indexScript(source: string): Script;

// dist/stores/redis.d.ts
/**
 * `redisSessionStore()`: sessions in Redis (or Valkey) through an ioredis connection of the application, shared by any number of
 * instances. Four layers, each a session store over the next: what to do while Redis is away (`resilience/`), reads from memory
 * (`near-cache/`), encryption (`encryption/`), and Redis itself (`redis-store.ts`). In this order a read from memory decrypts nothing, and
 * what is handed over late passes through the cache as every other write does.
 */
import { type Clock } from '@evenkeel/core';
import { type EncryptionOptions } from '../encryption/encrypted.ts';
import type { NearCacheOptions, NearCacheStats } from '../near-cache/options.ts';
import type { StoreState } from '../resilience/presence.ts';
import { type WhenDownOptions } from '../resilience/resilient-options.ts';
import type { SessionStore } from '../store.ts';
import { type RedisClient } from './redis-client.ts';
/** Bounds of the near cache of `redisSessionStore`. */
export interface RedisNearCacheOptions extends NearCacheOptions {
    /** How often Redis is asked whether changes can still be heard, in ms, 10..60,000. @default 200 */
    readonly beatMs?: number;
    /** How long an answer to that lasts, and so the most by which a read is stale, in ms, from twice `beatMs` to 120,000. @default 600 */
    readonly leaseMs?: number;
}
/** Options of `redisSessionStore`. */
export interface RedisSessionStoreOptions extends WhenDownOptions {
    /** What all keys start with; after it comes `{H}`, H a digest of the session id. @default 's:' */
    readonly prefix?: string;
    /**
     * How long one call may wait for Redis, connection included, in ms, 1..60,000. Then it fails with SESSION_STORE, whatever the
     * connection's own settings are: ioredis by itself would retry for more than a minute. @default 250
     */
    readonly deadlineMs?: number;
    /**
     * Who must have a commit, a destroy, a retirement or a revocation before the store says that it is stored. With `replica`, a failover
     * to a replica that acknowledged loses none of them; each waits for the replicas for half of `deadlineMs` at most, and what else is
     * on the connection waits with it; fewer than asked is SESSION_STORE. @default 'primary'
     */
    readonly acknowledge?: 'primary' | 'replica';
    /** With `acknowledge: 'replica'`: how many, 1..100. @default 1 */
    readonly replicas?: number;
    /**
     * Publishes `sessionChannels.expired` when a session's time is over, within about a second, by one of the instances that listen. All
     * instances must agree on it. Costs one command per new session and four per second and instance, and keeps what has ended for
     * another five minutes. @default false
     */
    readonly expiryEvents?: boolean;
    /**
     * Whether reads are answered from memory while it is known that nobody has changed the session. Needs Redis 6.2 or later and two more
     * connections, which are duplicates of the application's and end with it; not for Cluster, where it is off. @default true
     */
    readonly nearCache?: boolean | RedisNearCacheOptions;
    /** Encrypts the values of fields, see `encrypted`. @default nothing is encrypted */
    readonly encryption?: EncryptionOptions;
    /**
     * After a failover, changes of the last so many ms are sent to the new master, as far as it lacks them and nobody has changed the
     * fields since; 0..600,000, 0 is never. @default 10,000
     */
    readonly resendMs?: number;
    /** Time for `expiryEvents`: its `now()` is the wall clock's. @default the system's */
    readonly clock?: Clock;
}
/** A session store on Redis. */
export interface RedisSessionStore extends SessionStore, Disposable {
    /** Whether Redis is asked at the moment. */
    readonly state: StoreState;
    /** Changes that wait for Redis to come back. */
    readonly journalled: number;
    /** What the near cache holds and has done; undefined if there is none. */
    cacheStats(): NearCacheStats | undefined;
    /** Ends what is done in the background, and the near cache's connections. The application's connection stays as it is. */
    close(): void;
}
/**
 * A store in Redis. The connection stays the application's: the store neither configures nor closes it.
 * @param redis an ioredis `Redis` or `Cluster`
 * @throws INVALID_OPTIONS
 */
export declare function redisSessionStore(redis: RedisClient, options?: RedisSessionStoreOptions): RedisSessionStore;

// dist/stores/sqlite.d.ts
import { type SessionStore } from '../store.ts';
/** Options of `sqliteSessionStore`. */
export interface SqliteSessionStoreOptions {
    /** The file; made if it is not there. Not on a network drive. `:memory:` keeps it in this process. */
    readonly path: string;
    /** How long a call may wait, blocking the event loop, for other processes' writes, in ms, 0..60,000. @default 1,000 */
    readonly busyTimeoutMs?: number;
}
/** A session store that holds a file open until it is closed. */
export interface SqliteSessionStore extends SessionStore, Disposable {
    /** Closes the file. Later calls fail with SESSION_STORE. */
    close(): void;
}
/**
 * A store in a SQLite file. Opens it at once.
 * @throws INVALID_OPTIONS
 * @throws SESSION_STORE if the file cannot be opened
 * @throws SESSION_CORRUPT if the file is a database of something else
 */
export declare function sqliteSessionStore(options: SqliteSessionStoreOptions): SqliteSessionStore;

// dist/testing/index.d.ts
/** A Redis that nobody else uses. */
export interface PrivateRedis extends AsyncDisposable {
    readonly url: string;
}
/** The path of `redis-server` or `valkey-server`, if one is installed. */
export declare function findRedisServer(): string | undefined;
/**
 * Starts a Redis on a free loopback port, without persistence, in a temporary folder. It ends with this process at the latest.
 * @param server the program. @default what `findRedisServer` finds
 * @throws Error if there is no server, or it does not answer within 10 s
 */
export declare function privateRedis(server?: string | undefined): Promise<PrivateRedis>;

// dist/tools/describe-session.d.ts
import type { ListedSession } from '../store.ts';
/** A session as tools show it. */
export interface SessionDescription {
    readonly key: string;
    readonly principal: string | null;
    readonly version: number;
    /** This and the other times are ISO 8601, in UTC. */
    readonly createdAt: string;
    readonly lastUsedAt: string;
    readonly expiresAt: string;
    readonly isRetired: boolean;
    /** Field name to value, or to what kind of value it is and how long its text. */
    readonly fields: Readonly<Record<string, unknown>>;
}
/** @param isWithValues shows values: tagged ones with their tags, encrypted ones not. @default false */
export declare function describeSession({ key, record }: ListedSession, isWithValues?: boolean): SessionDescription;

// dist/tools/session-tools.d.ts
import type { ListedSession, SessionStore } from '../store.ts';
/**
 * The session of an id or of a cookie, as it is stored now; undefined if there is none.
 * @param idOrCookie an id, the value of a cookie, or `name=value` as a browser shows it; of express-session's form too
 * @param now milliseconds since the epoch. @default the system's
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export declare function inspectSession(store: SessionStore, idOrCookie: string, now?: number): Promise<ListedSession | undefined>;
/**
 * What a principal can still use, oldest first. O(sessions of the principal).
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export declare function listSessions(store: SessionStore, principal: string, now?: number): Promise<readonly ListedSession[]>;
/**
 * Ends a session on all instances. False if it was not there.
 * @param keyOrCookie the `key` of a listed session, or whatever `inspectSession` takes
 * @throws SESSION_STORE, SESSION_CORRUPT from the store
 */
export declare function endSession(store: SessionStore, keyOrCookie: string, now?: number): Promise<boolean>;
/** The key of a session, out of all that may name one. O(length). */
export declare function keyOf(keyOrCookie: string): string;
