/**
 * One request's hold of one session: when it is loaded, changed, committed, moved to a new id and destroyed, and which cookie the
 * response must carry. Everything that touches the store goes through one queue, so an un-awaited `save()` and the commit at the end
 * of the request never overtake each other.
 */
import { BalancerError, isBalancerError } from '@evenkeel/core';
import { newSessionId } from '@evenkeel/core/session-cookie';
import type { SessionCookies, VerifiedCookie } from './cookie.ts';
import { expiryOf, isTouchDue, type Lifetime } from './lifetime.ts';
import { changesBetween, type FieldChanges, isEmpty, mergedFields } from './merge.ts';
import {
  type FieldsObject,
  type RegenerateOptions,
  type Session,
  type SessionMembers,
  sessionObject,
} from './session.ts';
import type { SessionRecord, SessionStore } from './store.ts';
import { storeError } from './store-error.ts';
import { SessionView } from './view.ts';

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

/** `gone`: destroyed by somebody else, or beyond reach. `lost`: a commit failed. Neither is ever committed again. */
type State = 'live' | 'destroyed' | 'gone' | 'lost';

/** @param found the session of the request, if it has one */
export function sessionScope(context: ScopeContext, isSecure: boolean, found: FoundSession | undefined): SessionScope {
  return new Scope(context, isSecure, found);
}

class Scope implements SessionScope, SessionMembers {
  readonly session: Session & FieldsObject;
  readonly #context: ScopeContext;
  readonly #isSecure: boolean;
  readonly #view: SessionView;
  /** Whether the client has a cookie of ours, and whether it is the one it should have. */
  readonly #hasCookie: boolean;
  #isCookieCurrent: boolean;
  #state: State = 'live';
  /** Why a logout or a new id did not come about. */
  #failure: Error | undefined;
  #isHeadOut = false;
  #isStored: boolean;
  #isNew: boolean;
  #id: string | undefined;
  #createdAt: number;
  #touchedAt: number;
  #queue: Promise<unknown> = Promise.resolve();
  #queued = 0;

  constructor(context: ScopeContext, isSecure: boolean, found: FoundSession | undefined) {
    const record = found?.record;
    this.#context = context;
    this.#isSecure = isSecure;
    this.#hasCookie = found !== undefined;
    this.#isCookieCurrent = found?.cookie.isCurrent ?? false;
    this.#isStored = record !== undefined;
    this.#isNew = record === undefined;
    this.#id = found?.cookie.id;
    this.#createdAt = record?.createdAt ?? context.now();
    this.#touchedAt = record?.touchedAt ?? this.#createdAt;
    this.session = sessionObject(this);
    this.#view = new SessionView(this.session, record?.fields ?? new Map());
  }

  get id(): string {
    return (this.#id ??= newSessionId());
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  increment(field: string, by: number = 1): number {
    return this.#view.increment(field, by);
  }

  save(): Promise<void> {
    return muted(
      this.#enqueue(async () => {
        await this.#store();
        if (this.#state !== 'live') throw gone();
      }),
    );
  }

  touch(): Promise<void> {
    return muted(this.#enqueue(() => this.#touch()));
  }

  destroy(): Promise<void> {
    return this.#decide(async () => {
      if (this.#isStored && this.#state !== 'gone') await this.#context.store.destroy(this.id, this.#context.now());
      this.#view.clear();
      this.#state = 'destroyed';
      this.#isStored = false;
    });
  }

  regenerate({ keepFields = true }: RegenerateOptions = {}): Promise<void> {
    return this.#decide(async () => {
      // Without a cookie for the new id the client would be left with nothing.
      if (this.#isHeadOut || (keepFields && (this.#state === 'gone' || this.#state === 'lost'))) throw gone();
      if (keepFields && this.#isStored) return this.#moveTo(newSessionId());
      if (this.#isStored) await this.#context.store.destroy(this.id, this.#context.now());
      if (!keepFields || this.#state === 'destroyed') this.#startAnew();
      this.#id = newSessionId();
    });
  }

  commit(): Promise<void> | undefined {
    if (this.#queued === 0 && this.#failure === undefined && !this.#isCommitDue()) return undefined;
    return this.#enqueue(async () => {
      try {
        if (this.#failure !== undefined) throw this.#failure;
        if (!(await this.#store()) && this.#isTouchDue()) await this.#touchIfPossible();
      } catch (error) {
        this.#state = 'lost';
        this.#failure = undefined;
        throw error;
      }
    });
  }

  setCookie(): string | undefined {
    this.#isHeadOut = true;
    const { cookies, now, absoluteMs } = this.#context;
    if (this.#state === 'gone') return undefined;
    if (!this.#isStored) return this.#hasCookie ? cookies.clear(this.#isSecure) : undefined;
    if (this.#isCookieCurrent) return undefined;
    return cookies.issue(this.id, this.#isSecure, Math.max(0, this.#createdAt + absoluteMs - now()));
  }

  /** A wrong field must not be thrown into the middleware's face here; the commit itself rejects with it. */
  #isCommitDue(): boolean {
    if (this.#state !== 'live') return false;
    try {
      return !isEmpty(this.#view.changes()) || this.#isTouchDue();
    } catch {
      return true;
    }
  }

  #isTouchDue(): boolean {
    return this.#state === 'live' && this.#isStored && isTouchDue(this.#context, this.#touchedAt, this.#context.now());
  }

  /** Commits the changes. False if there were none. */
  async #store(): Promise<boolean> {
    if (this.#state !== 'live') return false;
    const changes = this.#view.changes();
    if (isEmpty(changes)) return false;
    if (!this.#isStored && this.#isHeadOut) {
      // Nobody could ever come back for it: the client has no cookie and cannot get one any more.
      this.#state = 'gone';
      return false;
    }
    const now = this.#context.now();
    const receipt = await this.#put(this.id, this.#isStored ? 'update' : 'create', changes, now);
    if (receipt === undefined) {
      this.#state = 'gone';
      return true;
    }
    this.#isStored = true;
    this.#touchedAt = now;
    this.#view.settle(changes, receipt.sums);
    return true;
  }

  async #touch(): Promise<void> {
    if (this.#state !== 'live' || !this.#isStored) return;
    const now = this.#context.now();
    const isThere = await this.#context.store.touch(this.id, expiryOf(this.#context, this.#createdAt, now), now);
    if (isThere) this.#touchedAt = now;
    else this.#state = 'gone';
  }

  /** A request that only reads must not fail for a touch; the next one tries again. */
  async #touchIfPossible(): Promise<void> {
    try {
      await this.#touch();
    } catch {
      return;
    }
  }

  /**
   * The new id is there before the old one is gone, so the session is never nowhere. What other requests committed to the old id
   * since this one loaded it is in what `destroy` returns, and follows.
   */
  async #moveTo(newId: string): Promise<void> {
    const { store, now } = this.#context;
    const at = now();
    const changes = this.#view.changes();
    const shown = mergedFields(this.#view.base, changes);
    const receipt = await this.#put(newId, 'create', { ...NO_CHANGES, set: shown }, at);
    const last = await store.destroy(this.id, now());
    if (last === undefined || receipt === undefined) {
      // Somebody has logged out meanwhile, and that is final under whatever id.
      await store.destroy(newId, now());
      this.#state = 'gone';
      throw gone();
    }
    this.#id = newId;
    this.#touchedAt = at;
    this.#isCookieCurrent = false;
    const fields = mergedFields(last.fields, changes);
    const others = changesBetween(shown, fields);
    if (!isEmpty(others)) await this.#put(newId, 'update', others, at);
    this.#view.rebase(fields, shown);
  }

  #startAnew(): void {
    this.#view.clear();
    this.#state = 'live';
    this.#isStored = false;
    this.#isNew = true;
    this.#isCookieCurrent = false;
    this.#createdAt = this.#context.now();
  }

  #put(id: string, mode: 'create' | 'update', changes: FieldChanges, now: number): ReturnType<SessionStore['commit']> {
    const expiresAt = expiryOf(this.#context, this.#createdAt, now);
    // A request that outlives the session's absolute time.
    if (expiresAt <= now) return Promise.resolve(undefined);
    return this.#context.store.commit(id, { mode, createdAt: this.#createdAt, expiresAt, ...changes }, now);
  }

  /**
   * For `destroy` and `regenerate`: if the store fails them, the response must not go out as if they had worked, whether or not they
   * are awaited; the commit rejects with it. That the session is gone, on the other hand, leaves nothing to protect.
   */
  #decide(work: () => Promise<void>): Promise<void> {
    return muted(
      this.#enqueue(async () => {
        try {
          await work();
          this.#failure = undefined;
        } catch (error) {
          if (!isBalancerError(error) || error.code !== 'SESSION_GONE') this.#failure = error as Error;
          throw error;
        }
      }),
    );
  }

  async #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queued++;
    const run = this.#queue.then(work);
    this.#queue = run.catch(() => undefined);
    try {
      await run;
    } catch (cause) {
      throw storeError('The session store failed', cause);
    } finally {
      this.#queued--;
    }
  }
}

/** A call that nobody awaits must not end the process: what it could not do is still due, and the commit at the end reports it. */
function muted(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

const NO_CHANGES: FieldChanges = { set: new Map(), remove: [], add: new Map() };

function gone(): BalancerError {
  return new BalancerError('SESSION_GONE', 'The session is gone: the changes of this request were not stored');
}
