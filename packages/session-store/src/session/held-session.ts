/**
 * One session as one request holds it: its fields, what can still be done with it, and what the client must be told. One thing at a
 * time; `session-turns.ts` sees to that.
 */
import { BalancerError } from '@evenkeel/core';
import type { StoredFields, Swap } from './field-edit.ts';
import { cookieLifeMs, isCookieDue } from './lifetime.ts';
import { type FieldChanges, isEmpty, mergedFields, NO_CHANGES } from '../fields/merge.ts';
import type { FoundSession, ScopeContext } from './scope-context.ts';
import type { FieldsObject, PrincipalSession } from './session.ts';
import { assertSessionSize, encodeField } from '../fields/size-limits.ts';
import { StoredSession } from './stored-session.ts';
import { SessionView } from '../fields/view.ts';

/** The request that holds the session. */
export interface HoldingRequest {
  /** The client can no longer be given a cookie. */
  readonly isHeadOut: boolean;
}

/**
 * `retired`: it has moved to another id, and can only be read. `gone`: destroyed by somebody else, or beyond reach. `lost`: a commit
 * failed. None but a live one is ever committed.
 */
type State = 'live' | 'retired' | 'destroyed' | 'gone' | 'lost';

/** What the client is to be told. */
export type CookieChange = 'clear' | { readonly maxAgeMs: number };

export class HeldSession implements StoredFields {
  readonly #context: ScopeContext;
  readonly #request: HoldingRequest;
  readonly #stored: StoredSession;
  readonly #view: SessionView;
  /** When the session was last used before this request. */
  readonly #usedAt: number;
  #state: State;
  #isNew: boolean;
  /** The client has the cookie that it should have. */
  #isCookieCurrent: boolean;

  /** @param session the object that shows the fields */
  constructor(context: ScopeContext, request: HoldingRequest, found: FoundSession | undefined, session: FieldsObject) {
    const record = found?.record;
    this.#context = context;
    this.#request = request;
    this.#stored = new StoredSession(context, found?.cookie.id, record);
    this.#usedAt = this.#stored.touchedAt;
    this.#state = record?.isRetired === true ? 'retired' : 'live';
    this.#isNew = record === undefined;
    this.#isCookieCurrent = found?.cookie.isCurrent ?? false;
    this.#view = new SessionView(session, context, record?.fields ?? NO_FIELDS);
  }

  get id(): string {
    return this.#stored.id;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get principal(): string | undefined {
    return this.#stored.principal;
  }

  get createdAt(): number {
    return this.#stored.createdAt;
  }

  get fields(): SessionView {
    return this.#view;
  }

  /** Stores what was changed. @throws SESSION_GONE, SESSION_FIELD */
  async save(): Promise<void> {
    await this.#commit(this.#changes());
    if (this.#state !== 'live') throw gone();
  }

  async touch(): Promise<void> {
    if (this.#state !== 'live' || !this.#stored.isStored) return;
    if (!(await this.#stored.touch())) this.#state = 'gone';
  }

  /** Shows what the store has now. @throws SESSION_GONE */
  async reload(): Promise<void> {
    if (!this.#stored.isStored || (this.#state !== 'live' && this.#state !== 'retired')) throw gone();
    const record = await this.#stored.load();
    this.#state = record === undefined ? 'gone' : record.isRetired ? 'retired' : 'live';
    if (record === undefined) throw gone();
    this.#view.reset(record.fields);
  }

  async destroy(): Promise<void> {
    await this.#leave();
    this.#close();
  }

  async destroyAll(): Promise<void> {
    await this.#stored.destroyAll();
    this.#close();
  }

  listAll(): Promise<readonly PrincipalSession[]> {
    return this.#stored.listAll();
  }

  /** Lets go of the session without a trace in its fields: another one takes its place. @throws SESSION_GONE as `assertReachable` */
  async abandon(): Promise<void> {
    this.assertReachable();
    await this.#leave();
    this.#state = 'destroyed';
  }

  /** @throws SESSION_GONE if the client cannot be given another cookie: it would be left with nothing */
  assertReachable(): void {
    if (this.#request.isHeadOut || this.#state === 'lost') throw gone();
  }

  /** @throws SESSION_GONE if this is what is left of a principal's session that has moved to another id */
  assertNotLeft(): void {
    if (this.#state === 'retired' && this.principal !== undefined) throw gone();
  }

  /** Goes on under a new id, with the fields. @throws SESSION_GONE */
  async keep(principal: string | undefined, createdAt: number): Promise<void> {
    if (this.#state === 'destroyed') return this.startAnew(principal);
    if (this.#state === 'gone') throw gone();
    if (!this.#stored.isStored) return this.#stored.renew(principal);
    const changes = this.#view.changes();
    assertSessionSize(this.#context, this.#view.base, changes);
    const shown = mergedFields(this.#view.base, changes);
    const fields = await this.#stored.move({ principal, createdAt }, shown, changes);
    if (fields === undefined) {
      this.#state = 'gone';
      throw gone();
    }
    this.#state = 'live';
    this.#isCookieCurrent = false;
    this.#view.rebase(fields, shown);
  }

  /** Starts over under a new id, without the fields. */
  async startAnew(principal: string | undefined): Promise<void> {
    await this.#leave();
    this.#view.reset(NO_FIELDS);
    this.#stored.startAnew(principal);
    this.#state = 'live';
    this.#isNew = true;
    this.#isCookieCurrent = false;
  }

  /** What the commit at the end has to store, which may be nothing but a touch; undefined if there is nothing to do. @throws SESSION_FIELD */
  due(): FieldChanges | undefined {
    if (this.#state !== 'live') return undefined;
    const changes = this.#view.changes();
    return this.#isWorthStoring(changes) || this.#stored.isTouchDue ? changes : undefined;
  }

  /** Stores what is due. */
  async finish(due: FieldChanges = this.#changes()): Promise<void> {
    if (await this.#commit(due)) return;
    if (this.#state !== 'live' || !this.#stored.isTouchDue) return;
    // A request that only reads must not fail for a touch; the next one tries again.
    await this.touch().catch(() => undefined);
  }

  /** Gives up: a commit has failed, and what was changed is lost. */
  lose(): void {
    this.#state = 'lost';
  }

  /** What the client is to be told as the head leaves; undefined for nothing. */
  cookie(hasCookie: boolean): CookieChange | undefined {
    if (this.#state === 'gone' || this.#state === 'retired') return undefined;
    if (!this.#stored.isStored) return hasCookie ? 'clear' : undefined;
    const { createdAt, touchedAt } = this.#stored;
    const { absoluteMs, isRolling, now } = this.#context;
    const isDue = isRolling && isCookieDue(this.#context, createdAt, this.#usedAt, touchedAt);
    if (this.#isCookieCurrent && !isDue) return undefined;
    const restMs = Math.max(0, createdAt + absoluteMs - now());
    return { maxAgeMs: isRolling ? Math.min(restMs, cookieLifeMs(this.#context)) : restMs };
  }

  async stored(field: string): Promise<string | undefined> {
    if (this.#view.isChanged(field)) await this.#commit(this.#changes());
    if (this.#state !== 'live') throw gone();
    return this.#view.base.get(field);
  }

  async swap(field: string, from: string | undefined, to: string | undefined): Promise<Swap> {
    const changes = swapOf(field, to);
    if (!this.#stored.isStored) {
      // Not there yet, so the field holds nothing.
      if (from !== undefined) return { isDone: false, holds: undefined };
      if (to !== undefined) await this.#commit(changes);
      if (this.#state !== 'live') throw gone();
      this.#view.settleField(field, to);
      return { isDone: true, holds: to };
    }
    assertSessionSize(this.#context, this.#view.base, changes);
    const receipt = await this.#stored.commit(changes, new Map([[field, from]]));
    if (receipt === undefined) {
      this.#state = 'gone';
      throw gone();
    }
    const isDone = receipt.conflicts.size === 0;
    const holds = isDone ? to : receipt.conflicts.get(field);
    this.#view.settleField(field, holds);
    return { isDone, holds };
  }

  encode(field: string, value: unknown): string | undefined {
    return value === undefined ? undefined : encodeField(this.#context, field, value);
  }

  #isWorthStoring(changes: FieldChanges): boolean {
    return !isEmpty(changes) || (this.principal !== undefined && !this.#stored.isStored);
  }

  #changes(): FieldChanges {
    return this.#state === 'live' ? this.#view.changes() : NO_CHANGES;
  }

  /** False if there was nothing to store. */
  async #commit(changes: FieldChanges): Promise<boolean> {
    if (this.#state !== 'live' || !this.#isWorthStoring(changes)) return false;
    // A new session whose client has no cookie and cannot get one any more: nobody could ever come back for it.
    const isReachable = this.#stored.isStored || !this.#request.isHeadOut;
    if (isReachable) assertSessionSize(this.#context, this.#view.base, changes);
    const receipt = isReachable ? await this.#stored.commit(changes) : undefined;
    if (receipt === undefined) this.#state = 'gone';
    else this.#view.settle(changes, receipt.sums);
    return true;
  }

  /** Takes it out of the store, unless that is done. */
  async #leave(): Promise<void> {
    if (this.#stored.isStored && this.#state !== 'gone') await this.#stored.destroy();
  }

  #close(): void {
    this.#view.reset(NO_FIELDS);
    this.#state = 'destroyed';
    this.#stored.isStored = false;
    this.#stored.principal = undefined;
  }
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map<string, string>();

function swapOf(field: string, to: string | undefined): FieldChanges {
  return to === undefined ? { ...NO_CHANGES, remove: [field] } : { ...NO_CHANGES, set: new Map([[field, to]]) };
}

function gone(): BalancerError {
  return new BalancerError('SESSION_GONE', 'The session is gone: the changes of this request were not stored');
}
