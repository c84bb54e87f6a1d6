/**
 * One request's hold of its session, for the framework's glue: when the session is committed, and which cookie the response must
 * carry. `regenerate(callback)`, which is express-session's, puts another session in the place of the first.
 */
import type { FieldChanges } from '../fields/merge.ts';
import type { FoundSession, ScopeContext } from './scope-context.ts';
import type { Session } from './session.ts';
import { SessionTurns, type SharingRequest } from './session-turns.ts';
import { Turns } from './turns.ts';

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
export function sessionScope(context: ScopeContext, isSecure: boolean, found: FoundSession | undefined): SessionScope {
  return new Scope(context, isSecure, found);
}

class Scope implements SessionScope, SharingRequest {
  readonly turns: Turns = new Turns();
  isHeadOut = false;
  onSession: ((session: Session) => void) | undefined;
  readonly #context: ScopeContext;
  readonly #isSecure: boolean;
  /** Whether the client has a cookie of ours. */
  readonly #hasCookie: boolean;
  #current: SessionTurns;

  constructor(context: ScopeContext, isSecure: boolean, found: FoundSession | undefined) {
    this.#context = context;
    this.#isSecure = isSecure;
    this.#hasCookie = found !== undefined;
    this.#current = new SessionTurns(context, this, found);
  }

  get session(): Session {
    return this.#current.session;
  }

  startAnew(): void {
    this.#current = new SessionTurns(this.#context, this, undefined);
    this.onSession?.(this.#current.session);
  }

  commit(): Promise<void> | undefined {
    if (!this.turns.isIdle) return this.turns.run(() => this.#finish());
    let due: FieldChanges | undefined;
    try {
      due = this.#current.held.due();
    } catch {
      // A wrong field must not be thrown into the middleware's face here; the commit itself rejects with it.
      return this.turns.run(() => this.#finish());
    }
    return due === undefined ? undefined : this.turns.run(() => this.#finish(due));
  }

  setCookie(): string | undefined {
    this.isHeadOut = true;
    const { cookies } = this.#context;
    const cookie = this.#current.held.cookie(this.#hasCookie);
    if (cookie === undefined) return undefined;
    return cookie === 'clear'
      ? cookies.clear(this.#isSecure)
      : cookies.issue(this.#current.held.id, this.#isSecure, cookie.maxAgeMs);
  }

  async #finish(due?: FieldChanges): Promise<void> {
    try {
      if (this.turns.failure !== undefined) throw this.turns.failure;
      await this.#current.held.finish(due);
    } catch (error) {
      this.#current.held.lose();
      this.turns.failure = undefined;
      throw error;
    }
  }
}
