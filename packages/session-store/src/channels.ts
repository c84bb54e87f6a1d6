/**
 * What happens to sessions, for audit logs and metrics: `node:diagnostics_channel` channels that cost one comparison while nobody
 * listens. A message names a session by the digest under which stores keep it, never by its id: no cookie can be made from a log.
 *
 * Publish only behind `if (channel.hasSubscribers)`. Channels are one per process and name, so a listener hears all sessions of it.
 */
import { channel } from 'node:diagnostics_channel';
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
export const sessionChannels: {
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
} = {
  created: channel('evenkeel:session:created'),
  committed: channel('evenkeel:session:committed'),
  rotated: channel('evenkeel:session:rotated'),
  destroyed: channel('evenkeel:session:destroyed'),
  expired: channel('evenkeel:session:expired'),
  conflict: channel('evenkeel:session:conflict'),
  degraded: channel('evenkeel:session:degraded'),
  recovered: channel('evenkeel:session:recovered'),
};
