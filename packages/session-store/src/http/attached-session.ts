/**
 * A request's session before anybody has asked for it. Most requests of most applications never do: for them there is one small object
 * and one accessor, and the response is left alone.
 */
import type { ServerResponse } from 'node:http';
import { BalancerError } from '@evenkeel/core';
import { expiryOf, isCookieDue, isTouchDue } from '../session/lifetime.ts';
import { holdResponse, type ResponseHooks } from './response-hold.ts';
import { sessionScope, type SessionScope } from '../session/scope.ts';
import type { FoundSession, ScopeContext } from '../session/scope-context.ts';
import type { Session } from '../session/session.ts';

/** What an application reads its session from: Express' request, Koa's context. */
export interface SessionHolder {
  /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
  readonly secure: boolean;
}

const ATTACHED = Symbol('evenkeel attached session');

interface Attached {
  readonly [ATTACHED]: AttachedSession;
}

/** One descriptor for all requests, so that they go on sharing their hidden class. */
const ACCESSOR: PropertyDescriptor & ThisType<Attached> = {
  get() {
    return this[ATTACHED].session;
  },
  set(value: unknown) {
    if (value !== null) throw notReplaceable();
    this[ATTACHED].end();
  },
  enumerable: true,
  configurable: true,
};

/** Puts the accessor on `holder`, and does what cannot wait until it is read. */
export function attachSession(
  context: ScopeContext,
  holder: SessionHolder,
  res: ServerResponse,
  fail: (error: unknown) => void,
  found: FoundSession | undefined,
): undefined {
  const attached = new AttachedSession(context, holder, res, fail, found);
  (holder as unknown as { [ATTACHED]: AttachedSession })[ATTACHED] = attached;
  Object.defineProperty(holder, 'session', ACCESSOR);
  if (found !== undefined) attached.prepare(found);
  return undefined;
}

/** The scope of a request whose session somebody has read. */
export function readScope(holder: object): SessionScope | undefined {
  return (holder as Partial<Attached>)[ATTACHED]?.readScope;
}

class AttachedSession implements ResponseHooks {
  readonly fail: (error: unknown) => void;
  readonly #context: ScopeContext;
  readonly #holder: SessionHolder;
  readonly #res: ServerResponse;
  #found: FoundSession | undefined;
  #scope: SessionScope | undefined;

  constructor(
    context: ScopeContext,
    holder: SessionHolder,
    res: ServerResponse,
    fail: (error: unknown) => void,
    found: FoundSession | undefined,
  ) {
    this.fail = fail;
    this.#context = context;
    this.#holder = holder;
    this.#res = res;
    this.#found = found;
  }

  get session(): Session {
    return this.#open().session;
  }

  get readScope(): SessionScope | undefined {
    return this.#scope;
  }

  /** A logout that fails must not look like one: the commit reports it. */
  end(): void {
    this.session.destroy().catch(() => undefined);
  }

  prepare({ cookie, record }: FoundSession): void {
    const { now } = this.#context;
    const at = now();
    const { createdAt, touchedAt } = record;
    const isDue = !record.isRetired && isTouchDue(this.#context, touchedAt, at);
    const isCookieChanged =
      !cookie.isCurrent || (isDue && this.#context.isRolling && isCookieDue(this.#context, createdAt, touchedAt, at));
    // The cookie leaves with the head, whether or not anybody asks for the session.
    if (isCookieChanged) this.#open();
    else if (isDue) this.#touch({ cookie, record }, at);
  }

  commit(): Promise<void> | undefined {
    return this.#scope?.commit();
  }

  setCookie(): string | undefined {
    return this.#scope?.setCookie();
  }

  #open(): SessionScope {
    if (this.#scope === undefined) {
      this.#scope = sessionScope(this.#context, this.#holder.secure, this.#found);
      // What is changed from now on is stored at the end of the body, but the client can be given no cookie any more.
      if (this.#res.headersSent) this.#scope.setCookie();
      holdResponse(this.#res, this);
    }
    return this.#scope;
  }

  /** Nothing waits for it, and if it fails the next request tries again. */
  #touch({ cookie, record }: FoundSession, at: number): void {
    const { store } = this.#context;
    store.touch(cookie.id, expiryOf(this.#context, record.createdAt, at), at).catch(() => undefined);
    this.#found = { cookie, record: { ...record, touchedAt: at } };
  }
}

function notReplaceable(): BalancerError {
  return new BalancerError(
    'SESSION_FIELD',
    'The session itself cannot be replaced: assign its fields, or null to the session to end it',
  );
}
