// @evenkeel/session-store: dist/index.d.ts
// @evenkeel/session-store/testing: dist/testing/index.d.ts

// dist/cookie.d.ts
import type { CookieAttributes } from './session-options.ts';
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

// dist/index.d.ts
export { memorySessionStore } from './stores/memory.ts';
export type { MemorySessionStoreOptions } from './stores/memory.ts';
export { sqliteSessionStore } from './stores/sqlite.ts';
export type { SqliteSessionStore, SqliteSessionStoreOptions } from './stores/sqlite.ts';
export { redisSessionStore } from './stores/redis.ts';
export type { RedisSessionStoreOptions } from './stores/redis.ts';
export type { RedisClient } from './stores/redis-client.ts';
export type { CommitReceipt, SessionPatch, SessionRecord, SessionStore } from './store.ts';
export type { RegenerateOptions, Session, SessionFields, SessionMembers } from './session.ts';
export { createSessions } from './sessions.ts';
export type { SessionRequest, Sessions } from './sessions.ts';
export type { SessionCookieOptions, SessionOptions, WallClock } from './session-options.ts';
export type { SessionScope } from './scope.ts';
export { holdResponse } from './response-hold.ts';
export type { ResponseHooks } from './response-hold.ts';

// dist/lifetime.d.ts
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

// dist/response-hold.d.ts
/**
 * Holds a response of `node:http` back until something is done: no byte of the head leaves before, so a client can never act on an
 * answer (follow a redirect, say) whose session is not stored yet. Works below any framework, on what every way of answering ends
 * in: `writeHead`, `write`, `end`, `flushHeaders`. A response with nothing to wait for goes straight through.
 *
 * To the application a held response looks like one that was sent: `headersSent` and `writableEnded` say so, headers can no longer be
 * set, `write` returns false and `drain` follows.
 */
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
/** Puts the hooks around `res`. To be called before anything is written. */
export declare function holdResponse(res: ServerResponse, hooks: ResponseHooks): void;

// dist/scope.d.ts
import type { SessionCookies, VerifiedCookie } from './cookie.ts';
import { type Lifetime } from './lifetime.ts';
import { type Session } from './session.ts';
import type { SessionRecord, SessionStore } from './store.ts';
/** What all scopes of one `session()` share. */
export interface ScopeContext extends Lifetime {
    readonly store: SessionStore;
    readonly cookies: SessionCookies;
    /** Whole milliseconds since the epoch. */
    now(): number;
}
/** A session that was found, by the cookie that named it. */
export interface FoundSession {
    readonly cookie: VerifiedCookie;
    readonly record: SessionRecord;
}
/** One request's session, for the framework's glue. */
export interface SessionScope {
    readonly session: Session;
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

// dist/session-options.d.ts
import type { SessionStore } from './store.ts';
/** Attributes of the session cookie. */
export interface SessionCookieOptions {
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
}
/** The wall clock that all instances share; `Date` is one. Their clocks should agree to within a second or so (NTP). */
export interface WallClock {
    /** Milliseconds since the Unix epoch. */
    now(): number;
}
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
    /** Attributes of the cookie. */
    readonly cookie?: SessionCookieOptions;
    /** @default `Date` */
    readonly clock?: WallClock;
}
/** The cookie's attributes with defaults filled in. */
export type CookieAttributes = Required<Omit<SessionCookieOptions, 'domain'>> & Pick<SessionCookieOptions, 'domain'>;
/** `SessionOptions`, checked and with defaults filled in. */
export interface ResolvedSessionOptions {
    readonly store: SessionStore;
    /** Newest first; at least one. */
    readonly secrets: readonly string[];
    readonly name: string;
    readonly route: string | undefined;
    readonly idleMs: number;
    readonly absoluteMs: number;
    readonly attributes: CookieAttributes;
    readonly clock: WallClock;
}
/** @throws INVALID_OPTIONS */
export declare function resolveSessionOptions(where: string, options: unknown): ResolvedSessionOptions;

// dist/session.d.ts
/**
 * The fields of your application's sessions. Extend it to have them typed:
 * `declare module '@evenkeel/session-store' { interface SessionFields { user: string } }`
 */
export interface SessionFields {
}
/** What `regenerate` keeps. */
export interface RegenerateOptions {
    /** Whether the fields move to the new id. The absolute timeout runs on if they do, and starts anew if not. @default true */
    readonly keepFields?: boolean;
}
/** The members that every session has beside its fields. */
export interface SessionMembers {
    /** The id as it is or will be in the cookie, without mac and route. A secret of the user's: do not log it. */
    readonly id: string;
    /** True if this request came without a session that could be found. */
    readonly isNew: boolean;
    /**
     * Gives the session a new id at once and removes the old one from the store, against session fixation. Call it at every login
     * and every change of rights.
     * @throws INVALID_OPTIONS at once, for a callback too: there is only the promise
     * @throws SESSION_GONE if another request has destroyed the session meanwhile, or if the response head has left
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    regenerate(options?: RegenerateOptions): Promise<void>;
    /**
     * Removes the session from the store at once, clears all fields, and lets the response clear the cookie. Final: what this or any
     * other request in flight still changes is dropped.
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    destroy(): Promise<void>;
    /**
     * Stores the changes made so far, now instead of with the response. Does nothing if nothing changed.
     * @throws SESSION_GONE if the session was destroyed, or if the response head has left without the cookie of a new session
     * @throws SESSION_FIELD if a name or a value cannot be stored
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    save(): Promise<void>;
    /** Restarts the idle timeout now. Otherwise that happens by itself, at most once per touch interval. @throws SESSION_STORE */
    touch(): Promise<void>;
    /**
     * Adds to an integer field so that no concurrent increment is lost. The sum is made in the store when the session is stored;
     * a field that is not there counts as 0. After `save()` the field holds the exact sum.
     * @param by a safe integer. @default 1
     * @returns the sum as far as this request knows
     * @throws SESSION_FIELD if the field holds anything but an integer, or the sum is beyond 2^53 - 1
     */
    increment(field: string, by?: number): number;
}
/** `req.session` and `ctx.session`. */
export type Session = SessionMembers & Partial<SessionFields>;
/** A session object without its type's fields: how this package itself handles one. */
export type FieldsObject = Record<string, unknown>;
/** Makes the object; `members` does the work. */
export declare function sessionObject(members: SessionMembers): Session & FieldsObject;

// dist/sessions.d.ts
import { type SessionScope } from './scope.ts';
import { type SessionOptions } from './session-options.ts';
/** What of a request decides its session. */
export interface SessionRequest {
    /** The `Cookie` field. */
    readonly cookieHeader: string | undefined;
    /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
    readonly isSecure: boolean;
}
/** Opens sessions. */
export interface Sessions {
    /**
     * The session of a request, or a new one that is not stored yet. Reads the store only for a cookie with a right mac.
     * @throws SESSION_STORE, SESSION_CORRUPT from the store
     */
    open(request: SessionRequest): Promise<SessionScope>;
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
    /** Field name to encoded value. */
    readonly set: ReadonlyMap<string, string>;
    readonly remove: readonly string[];
    /** Field name to an integer that is added to the stored one; a field that is not there counts as 0. */
    readonly add: ReadonlyMap<string, number>;
}
/** What a commit did. */
export interface CommitReceipt {
    readonly version: number;
    /** The exact encoded results of the patch's `add`. */
    readonly sums: ReadonlyMap<string, string>;
}
/**
 * Where sessions live. Every method is one atomic step, for all processes that share the store.
 * @throws SESSION_STORE if the store does not answer or refuses; whether a write took effect is then unknown
 * @throws SESSION_CORRUPT if what lies under the session's key is not of this library's making
 */
export interface SessionStore {
    /** The session, or undefined if there is none or its time is over at `now`. */
    load(id: string, now: number): Promise<SessionRecord | undefined>;
    /**
     * Applies a patch as a whole or not at all. Fields the patch does not name keep their value; of two commits of one field the
     * later one wins.
     * @returns undefined if the patch is an `update` and the session is gone: nothing was stored
     * @throws SESSION_FIELD if an `add` meets anything but an integer, or leaves the range of safe integers
     * @throws SESSION_CORRUPT if the patch is a `create` and the id is in use
     */
    commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined>;
    /** Moves the end of the session's time. False if there is no session. Never makes one. */
    touch(id: string, expiresAt: number, now: number): Promise<boolean>;
    /** Removes the session for good and returns what it last held; undefined if there was none. */
    destroy(id: string, now: number): Promise<SessionRecord | undefined>;
}

// dist/stores/memory.d.ts
import type { SessionStore } from '../store.ts';
/** Options of `memorySessionStore`. */
export interface MemorySessionStoreOptions {
    /** The most sessions kept, 1..10,000,000. @default 100,000 */
    readonly maxSessions?: number;
}
/** A store in memory. Every method is O(fields). @throws INVALID_OPTIONS */
export declare function memorySessionStore(options?: MemorySessionStoreOptions): SessionStore;

// dist/stores/redis-client.d.ts
import type { Script } from './redis-scripts.ts';
/** What the store uses of an ioredis `Redis` or `Cluster`. */
export interface RedisClient {
    /** The state of the connection; commands are sent at once only when it is `ready`. */
    readonly status: string;
    connect(): Promise<unknown>;
    hgetall(key: string): Promise<unknown>;
    evalsha(sha1: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
    eval(source: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
    once(event: 'ready', listener: () => void): unknown;
    off(event: 'ready', listener: () => void): unknown;
}
/** One client's calls, each with the deadline. */
export interface RedisCaller {
    hash(key: string): Promise<unknown>;
    /** Runs a script over one key, by its name where Redis remembers it. */
    script(script: Script, key: string, keyArguments: readonly string[]): Promise<unknown>;
}
export declare function redisCaller(redis: RedisClient, deadlineMs: number): RedisCaller;

// dist/stores/redis-scripts.d.ts
/** A script and the name under which Redis remembers it. */
export interface Script {
    readonly source: string;
    readonly sha1: string;
}
/** Replies of the scripts that are not data. */
export declare const REPLY: {
    readonly gone: 'GONE';
    readonly corrupt: 'CORRUPT';
    readonly exists: 'EXISTS';
    readonly notAddable: 'NOT_ADDABLE';
    readonly late: 'LATE';
};
/** Characters of the name of one commit. */
export declare const COMMIT_NAME_LENGTH = 8;
/**
 * ARGV: now, mode `c` or `u`, commit name, expiresAt, createdAt, count of sets, of removes, of adds, `notAfter`, then name and value
 * of each set, name of each remove, name and amount of each add. Reply: version or a word of `REPLY`, Redis' own time in ms, and the
 * sums.
 *
 * `notAfter` is a moment of Redis' own clock, or empty. A commit that arrives later was reported as failed long ago; it must not
 * overwrite what came after it.
 *
 * A commit that is already in `#o` is answered and not applied again: ioredis sends unanswered commands a second time after a
 * reconnect (`autoResendUnfulfilledCommands`).
 */
export declare const COMMIT: Script;
/** ARGV: now, expiresAt. Reply: 1 or a word of `REPLY`. */
export declare const TOUCH: Script;
/** ARGV: now. Reply: the hash as a list, or a word of `REPLY`. Something that is not a session stays where it is. */
export declare const DESTROY: Script;

// dist/stores/redis.d.ts
import type { SessionStore } from '../store.ts';
import type { RedisClient } from './redis-client.ts';
/** Options of `redisSessionStore`. */
export interface RedisSessionStoreOptions {
    /** What the keys start with; after it comes `{H}`, H a digest of the session id. @default 's:' */
    readonly prefix?: string;
    /**
     * How long one call may wait for Redis, connection included, in ms, 1..60,000. Then it fails with SESSION_STORE, whatever the
     * connection's own settings are: ioredis by itself would retry for more than a minute. @default 250
     */
    readonly deadlineMs?: number;
}
/**
 * A store in Redis. The connection stays the application's: the store neither configures nor closes it.
 * @param redis an ioredis `Redis` or `Cluster`
 * @throws INVALID_OPTIONS
 */
export declare function redisSessionStore(redis: RedisClient, options?: RedisSessionStoreOptions): SessionStore;

// dist/stores/sqlite.d.ts
import type { SessionStore } from '../store.ts';
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
