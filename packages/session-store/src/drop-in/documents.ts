/**
 * A session store for libraries that know documents only. What a request read stays with it as a snapshot, so that what it hands
 * back can be told from it: the difference is all that is sent, and it is applied only where the session still is.
 */
import { isBalancerError } from '@evenkeel/core';
import { sessionChannels } from '../channels.ts';
import { changesBetween, type FieldChanges, isEmpty, mergedFields } from '../fields/merge.ts';
import { sessionKey } from '../session-key.ts';
import type { SessionPatch, SessionRecord, SessionStore } from '../store.ts';
import type { WallClock } from '../session-options.ts';
import { changesTo, isOfDocument, type SessionDocument } from './document.ts';

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
  saveSome(handover: Handover & { readonly snapshot: Snapshot }): Promise<Snapshot | undefined>;
  destroy(id: string): Promise<void>;
  /** Whole milliseconds since the epoch. */
  now(): number;
}

/** Whose session a document is; undefined for nobody's. */
export type PrincipalOf = (document: SessionDocument) => string | undefined;

export function sessionDocuments(store: SessionStore, clock: WallClock, principalOf: PrincipalOf): SessionDocuments {
  return new Documents(store, clock, principalOf);
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

class Documents implements SessionDocuments {
  readonly #store: SessionStore;
  readonly #clock: WallClock;
  readonly #principalOf: PrincipalOf;

  constructor(store: SessionStore, clock: WallClock, principalOf: PrincipalOf) {
    this.#store = store;
    this.#clock = clock;
    this.#principalOf = principalOf;
  }

  now(): number {
    return Math.floor(this.#clock.now());
  }

  async load(id: string): Promise<Snapshot | undefined> {
    const record = await this.#store.load(id, this.now());
    return record && snapshotOf(id, record);
  }

  async save(handover: Handover): Promise<Snapshot | undefined> {
    const { id, document, snapshot } = handover;
    if (snapshot?.id !== id) return this.#create(handover);
    return this.#put(handover, snapshot, changesTo(document, snapshot.fields));
  }

  async saveSome(handover: Handover & { readonly snapshot: Snapshot }): Promise<Snapshot | undefined> {
    const { document, snapshot } = handover;
    const fields = new Map([...snapshot.fields].filter(([name]) => Object.hasOwn(document, name)));
    return this.#put(handover, snapshot, changesTo(document, fields));
  }

  async destroy(id: string): Promise<void> {
    const last = await this.#store.destroy(id, this.now());
    if (last !== undefined && sessionChannels.destroyed.hasSubscribers) {
      const { principal, version } = last;
      sessionChannels.destroyed.publish({ key: sessionKey(id), principal, version });
    }
  }

  async #create(handover: Handover): Promise<Snapshot | undefined> {
    const { id, document, expiresAt } = handover;
    const now = this.now();
    const changes = changesTo(document, NO_FIELDS);
    const principal = this.#principalOf(document as SessionDocument);
    const patch: SessionPatch = { mode: 'create', createdAt: now, expiresAt, principal, ...changes };
    let version: number;
    try {
      version = (await this.#store.commit(id, patch, now))?.version ?? 1;
    } catch (error) {
      if (!isBalancerError(error) || error.code !== 'SESSION_CORRUPT') throw error;
      return this.#replace(handover, changes.set, error);
    }
    const { created } = sessionChannels;
    if (created.hasSubscribers) created.publish({ key: sessionKey(id), principal, version });
    return { id, version, principal, touchedAt: now, expiresAt, fields: changes.set };
  }

  /** For a document that nobody read here, under an id that is in use. @param cause why it could not be created */
  async #replace(
    handover: Handover,
    fields: ReadonlyMap<string, string>,
    cause: unknown,
  ): Promise<Snapshot | undefined> {
    const { id } = handover;
    const record = await this.#store.load(id, this.now(), 'strong');
    if (record === undefined) throw cause;
    const { set, remove, add } = changesBetween(record.fields, fields);
    return this.#put(handover, snapshotOf(id, record), { set, remove: remove.filter(isOfDocument), add });
  }

  async #update(snapshot: Snapshot, changes: FieldChanges, expiresAt: number): Promise<Snapshot | undefined> {
    const { id, principal } = snapshot;
    const now = this.now();
    const receipt = await this.#store.commit(id, { mode: 'update', createdAt: now, expiresAt, ...changes }, now);
    if (receipt === undefined) return undefined;
    const { version } = receipt;
    const { committed } = sessionChannels;
    if (committed.hasSubscribers) committed.publish({ key: sessionKey(id), principal, version });
    return { id, version, principal, touchedAt: now, expiresAt, fields: mergedFields(snapshot.fields, changes) };
  }

  #put(handover: Handover, snapshot: Snapshot, changes: FieldChanges): Promise<Snapshot | undefined> {
    return isEmpty(changes) ? this.#touch(handover, snapshot) : this.#update(snapshot, changes, handover.expiresAt);
  }

  async #touch({ expiresAt, touchIntervalMs }: Handover, snapshot: Snapshot): Promise<Snapshot | undefined> {
    const now = this.now();
    if (expiresAt === snapshot.expiresAt || now - snapshot.touchedAt < touchIntervalMs) return snapshot;
    const isThere = await this.#store.touch(snapshot.id, expiresAt, now);
    return isThere ? { ...snapshot, touchedAt: now, expiresAt } : undefined;
  }
}

function snapshotOf(id: string, { version, principal, touchedAt, expiresAt, fields }: SessionRecord): Snapshot {
  return { id, version, principal, touchedAt, expiresAt, fields };
}
