/**
 * What a session object's members do: each in its turn, and what comes of it where the session has ended or moved meanwhile.
 */
import { isBalancerError } from '@evenkeel/core';
import { compareAndSet, takeField, updateField } from './field-edit.ts';
import { HeldSession, type HoldingRequest } from './held-session.ts';
import type { FoundSession, ScopeContext } from './scope-context.ts';
import type { FieldsObject, PrincipalSession, Session } from './session.ts';
import { sessionObject, type SessionWork } from './session-object.ts';
import type { Turns } from './turns.ts';
import type { SessionView } from '../fields/view.ts';

/** The request, as far as its sessions share it. */
export interface SharingRequest extends HoldingRequest {
  readonly turns: Turns;
  /** Holds a new session from now on. */
  startAnew(): void;
}

export class SessionTurns implements SessionWork {
  readonly session: Session & FieldsObject;
  readonly held: HeldSession;
  readonly #context: ScopeContext;
  readonly #request: SharingRequest;

  constructor(context: ScopeContext, request: SharingRequest, found: FoundSession | undefined) {
    this.#context = context;
    this.#request = request;
    this.session = sessionObject(this);
    this.held = new HeldSession(context, request, found, this.session);
  }

  get id(): string {
    return this.held.id;
  }

  get isNew(): boolean {
    return this.held.isNew;
  }

  get principal(): string | undefined {
    return this.held.principal;
  }

  get fields(): SessionView {
    return this.held.fields;
  }

  increment(field: string, by: number): number {
    return this.held.fields.increment(field, by);
  }

  update(field: string, change: (current: unknown) => unknown): Promise<unknown> {
    return this.#request.turns.ask(async () => {
      await updateField(this.held, field, change);
      return this.session[field];
    });
  }

  cas(field: string, expected: unknown, value: unknown): Promise<boolean> {
    return this.#request.turns.ask(() => compareAndSet(this.held, field, expected, value));
  }

  take(field: string): Promise<unknown> {
    return this.#request.turns.ask(async () => {
      try {
        return await takeField(this.held, field);
      } catch (error) {
        // A page that is rendered while its session ends or moves has no notice to show, and no reason to fail.
        if (isGone(error)) return undefined;
        throw error;
      }
    });
  }

  save(): Promise<void> {
    return this.#request.turns.ask(() => this.held.save());
  }

  touch(): Promise<void> {
    return this.#request.turns.ask(() => this.held.touch());
  }

  reload(): Promise<void> {
    return this.#request.turns.ask(() => this.held.reload());
  }

  destroy(): Promise<void> {
    return this.#request.turns.decide(() => this.held.destroy());
  }

  destroyAll(): Promise<void> {
    return this.#request.turns.decide(() => this.held.destroyAll());
  }

  listAll(): Promise<readonly PrincipalSession[]> {
    return this.#request.turns.ask(() => this.held.listAll());
  }

  regenerate(keepFields: boolean): Promise<void> {
    const { held } = this;
    return this.#request.turns.decide(async () => {
      held.assertReachable();
      if (!keepFields) return held.startAnew(undefined);
      // What has moved on may have been ended there, and must not come back from what is left of it here.
      held.assertNotLeft();
      await held.keep(held.principal, held.createdAt);
    });
  }

  login(principal: string, keepFields?: boolean): Promise<void> {
    const { held } = this;
    return this.#request.turns.decide(async () => {
      held.assertReachable();
      const isHis = held.principal === undefined || held.principal === principal;
      try {
        if (keepFields ?? isHis) return await held.keep(principal, this.#context.now());
      } catch (error) {
        // Logged out by another request, and now logged in: two decisions, of which the later holds.
        if (!isGone(error)) throw error;
      }
      await held.startAnew(principal);
    });
  }

  replace(): Promise<void> {
    return this.#request.turns.decide(async () => {
      await this.held.abandon();
      this.#request.startAnew();
    });
  }
}

function isGone(error: unknown): boolean {
  return isBalancerError(error) && error.code === 'SESSION_GONE';
}
