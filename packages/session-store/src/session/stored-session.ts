/**
 * One session's place in the store, as far as one request knows it: its id, its times, whose it is. Says what the store is asked, and
 * tells the channels what came of it.
 */
import { newSessionId } from '@evenkeel/core/session-cookie';
import { sessionChannels } from '../channels.ts';
import { expiryOf, isTouchDue } from './lifetime.ts';
import { changesBetween, type FieldChanges, isEmpty, mergedFields, NO_CHANGES } from '../fields/merge.ts';
import { principalSessions } from './principal-sessions.ts';
import type { ScopeContext } from './scope-context.ts';
import type { PrincipalSession } from './session.ts';
import { sessionKey } from '../session-key.ts';
import type { CommitReceipt, SessionPatch, SessionRecord } from '../store.ts';

type Created = Pick<SessionPatch, 'createdAt' | 'principal'>;

export class StoredSession {
  readonly #context: ScopeContext;
  #id: string | undefined;
  #version: number | undefined;
  isStored: boolean;
  createdAt: number;
  touchedAt: number;
  principal: string | undefined;

  constructor(context: ScopeContext, id: string | undefined, record: SessionRecord | undefined) {
    this.#context = context;
    this.#id = id;
    this.#version = record?.version;
    this.isStored = record !== undefined;
    this.createdAt = record?.createdAt ?? context.now();
    this.touchedAt = record?.touchedAt ?? this.createdAt;
    this.principal = record?.principal;
  }

  get id(): string {
    return (this.#id ??= newSessionId());
  }

  get isTouchDue(): boolean {
    return this.isStored && isTouchDue(this.#context, this.touchedAt, this.#context.now());
  }

  /** Stores changes, of a session that is not there yet as its first. Undefined if it is gone: nothing was stored. */
  async commit(changes: FieldChanges, expect?: SessionPatch['expect']): Promise<CommitReceipt | undefined> {
    const now = this.#context.now();
    const isFirst = !this.isStored;
    const receipt = await this.#put(this.id, isFirst ? 'create' : 'update', this, changes, now, expect);
    if (receipt === undefined || receipt.conflicts.size > 0) return receipt;
    this.isStored = true;
    this.touchedAt = now;
    this.#version = receipt.version;
    const channel = isFirst ? sessionChannels.created : sessionChannels.committed;
    if (channel.hasSubscribers) channel.publish(this.#message());
    return receipt;
  }

  /** False if it is gone. */
  async touch(): Promise<boolean> {
    const now = this.#context.now();
    const isThere = await this.#context.store.touch(this.id, expiryOf(this.#context, this.createdAt, now), now);
    if (isThere) this.touchedAt = now;
    return isThere;
  }

  /** As the store has it now. */
  async load(): Promise<SessionRecord | undefined> {
    const record = await this.#context.store.load(this.id, this.#context.now(), 'strong');
    if (record === undefined) return undefined;
    this.#version = record.version;
    this.touchedAt = record.touchedAt;
    this.principal = record.principal;
    return record;
  }

  async destroy(): Promise<void> {
    const { store, now } = this.#context;
    const last = await store.destroy(this.id, now());
    this.isStored = false;
    if (last === undefined || !sessionChannels.destroyed.hasSubscribers) return;
    const { principal, version } = last;
    sessionChannels.destroyed.publish({ key: sessionKey(this.id), principal, version });
  }

  /** Ends this and all other sessions of its principal. */
  async destroyAll(): Promise<void> {
    const { store, now } = this.#context;
    if (this.principal !== undefined) await store.revoke(this.principal, now());
    // What is revoked is not there any more, so that this says nothing; a channel must hear of it all the same.
    const isHeard = this.isStored && this.principal !== undefined && sessionChannels.destroyed.hasSubscribers;
    if (isHeard) sessionChannels.destroyed.publish(this.#message());
    if (this.isStored) await store.destroy(this.id, now());
    this.isStored = false;
  }

  async listAll(): Promise<readonly PrincipalSession[]> {
    if (this.principal === undefined) return [];
    return principalSessions(this.#context, this.principal, this.isStored ? sessionKey(this.id) : undefined);
  }

  /**
   * Goes on under another id. The new one is there before the old one is retired, so the session is never nowhere. What other
   * requests committed to the old id since this one loaded it is in what `retire` returns, and follows.
   * @param created when it began, and whose it is from now on
   * @param shown the fields as this request sees them, `changes` included
   * @returns the fields under the new id; undefined if the session is gone
   */
  async move(
    created: Created,
    shown: ReadonlyMap<string, string>,
    changes: FieldChanges,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const { store, now } = this.#context;
    const [oldId, newId, at] = [this.id, newSessionId(), now()];
    const receipt = await this.#put(newId, 'create', created, { ...NO_CHANGES, set: shown }, at);
    if (receipt === undefined) return undefined;
    let last: SessionRecord | undefined;
    try {
      last = await this.#release(oldId);
    } catch (error) {
      // No client will ever have the new id, but it would be among the principal's sessions.
      await store.destroy(newId, now()).catch(() => undefined);
      throw error;
    }
    if (last === undefined) {
      // Somebody has logged out meanwhile, and that is final under whatever id.
      await store.destroy(newId, now());
      return undefined;
    }
    const fields = mergedFields(last.fields, changes);
    const others = changesBetween(shown, fields);
    const merged = isEmpty(others) ? receipt : await this.#put(newId, 'update', created, others, at);
    this.#id = newId;
    this.principal = created.principal;
    this.createdAt = created.createdAt;
    this.touchedAt = at;
    this.#version = merged?.version;
    if (sessionChannels.rotated.hasSubscribers) {
      sessionChannels.rotated.publish({ ...this.#message(), key: sessionKey(oldId), newKey: sessionKey(newId) });
    }
    return fields;
  }

  /** Becomes a session that is not stored yet. */
  startAnew(principal: string | undefined): void {
    this.#id = newSessionId();
    this.#version = undefined;
    this.isStored = false;
    this.createdAt = this.#context.now();
    this.touchedAt = this.createdAt;
    this.principal = principal;
  }

  /** Becomes a session of another id; only for one that is not stored. */
  renew(principal: string | undefined): void {
    this.#id = newSessionId();
    this.principal = principal;
  }

  #release(id: string): Promise<SessionRecord | undefined> {
    const { store, now, retireMs } = this.#context;
    const at = now();
    return retireMs === 0 ? store.destroy(id, at) : store.retire(id, at + retireMs, at);
  }

  #put(
    id: string,
    mode: 'create' | 'update',
    { createdAt, principal }: Created,
    changes: FieldChanges,
    now: number,
    expect: SessionPatch['expect'] = NOTHING,
  ): Promise<CommitReceipt | undefined> {
    const expiresAt = expiryOf(this.#context, createdAt, now);
    // A request that outlives the session's absolute time.
    if (expiresAt <= now) return Promise.resolve(undefined);
    return this.#context.store.commit(id, { mode, createdAt, expiresAt, principal, expect, ...changes }, now);
  }

  #message(): { key: string; principal: string | undefined; version: number | undefined } {
    return { key: sessionKey(this.id), principal: this.principal, version: this.#version };
  }
}

const NOTHING: ReadonlyMap<string, undefined> = new Map<string, undefined>();
