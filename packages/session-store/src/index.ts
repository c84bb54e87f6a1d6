export { memorySessionStore } from './stores/memory.ts';
export type { MemorySessionStoreOptions } from './stores/memory.ts';
export { sqliteSessionStore } from './stores/sqlite.ts';
export type { SqliteSessionStore, SqliteSessionStoreOptions } from './stores/sqlite.ts';
export { redisSessionStore } from './stores/redis.ts';
export type { RedisNearCacheOptions, RedisSessionStore, RedisSessionStoreOptions } from './stores/redis.ts';
export type { NearCacheOptions, NearCacheStats } from './near-cache/options.ts';
export type { RedisClient } from './stores/redis-client.ts';
export type { CommitReceipt, Consistency, ListedSession, SessionPatch, SessionRecord, SessionStore } from './store.ts';
export type {
  FieldValue,
  LoginOptions,
  PrincipalSession,
  RegenerateOptions,
  Session,
  SessionCallback,
  SessionFields,
  SessionMembers,
} from './session/session.ts';
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
export type {
  SessionConflictMessage,
  SessionExpiredMessage,
  SessionMessage,
  SessionRotatedMessage,
  StoreDegradedMessage,
  StoreRecoveredMessage,
} from './channels.ts';
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
