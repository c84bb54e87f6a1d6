/**
 * The keys of the Redis store. What one script touches has one hash tag, so that it is in one slot of a Cluster. Neither an id nor a
 * principal is in any key, only a digest of it: whoever reads Redis' keys or its slow log learns no cookie and no user.
 */
import { sessionKey } from '../session-key.ts';

/** The keys under one prefix. */
export interface RedisKeys {
  /** The hash of a session, by its id. About 1 us. */
  session(id: string): string;
  /** The hash of a session, by the digest of its id. */
  ofDigest(digest: string): string;
  /** The hash with a principal's generation. Whoever keeps sessions of the principal must hear of changes to it. About 1 us. */
  principal(principal: string): string;
  /** The sorted set of the principal's sessions, in the same slot. */
  sessionsOf(principal: string): string;
  /** One of the sorted sets of sessions by their end: `shard` is 0..EXPIRY_SHARDS - 1. */
  expiry(shard: number): string;
}

/** So many sets, that the nodes of a Cluster share the work. */
export const EXPIRY_SHARDS = 4;

const DIGEST = /^[\w-]{22}$/;

/** True for what can be the digest of a session's id. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The set that a session's end is in. */
export function shardOf(digest: string): number {
  return digest.charCodeAt(0) % EXPIRY_SHARDS;
}

/** @param prefix a text without braces */
export function redisKeys(prefix: string): RedisKeys {
  // A principal can be any text, also the id of a session.
  const digestOfPrincipal = (principal: string): string => sessionKey(`principal:${principal}`);
  return {
    session: (id) => `${prefix}{${sessionKey(id)}}`,
    ofDigest: (digest) => `${prefix}{${digest}}`,
    principal: (principal) => `${prefix}u:{${digestOfPrincipal(principal)}}`,
    sessionsOf: (principal) => `${prefix}ui:{${digestOfPrincipal(principal)}}`,
    expiry: (shard) => `${prefix}x:{${shard}}`,
  };
}
