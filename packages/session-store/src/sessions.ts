/**
 * The session layer without a framework: options in, and for each request a scope that holds its session. Glue for a framework needs
 * `attach`, and nothing else; what has no response, as the upgrade to a WebSocket, takes `open`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { attachSession, type SessionHolder } from './http/attached-session.ts';
import { findSession } from './http/find-session.ts';
import { principalSessions } from './session/principal-sessions.ts';
import { sessionScope, type SessionScope } from './session/scope.ts';
import { scopeContext } from './session/scope-context.ts';
import type { PrincipalSession } from './session/session.ts';
import { resolveSessionOptions, type SessionOptions } from './session-options.ts';
import type { Consistency } from './store.ts';

/** What of a request decides its session. */
export interface SessionRequest {
  /** The `Cookie` field. */
  readonly cookieHeader: string | undefined;
  /** True if the client's connection is TLS, as far as the framework trusts its proxy. */
  readonly isSecure: boolean;
  /** @default the option `consistency`; `bounded` if that is a function */
  readonly consistency?: Consistency;
}

/** Opens sessions. */
export interface Sessions {
  /**
   * The session of a request, or a new one that is not stored yet. Reads the store only for a cookie with a right mac.
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  open(request: SessionRequest): Promise<SessionScope>;
  /**
   * Gives a request its session as an accessor `session`, and the response its cookie. What costs anything is done only when somebody
   * reads that: the session object is made, and the response is held from then on until the session is stored. Where the store knows
   * the session without asking anybody there is no promise either. A touch that is due is sent here, and nobody waits for it.
   *
   * Assigning `null` ends the session; assigning anything else throws. A request that has a `session` already is left as it is.
   * @param holder what the application reads the session from: Express' request, Koa's context
   * @param fail takes over the response when the session could not be stored, as `ResponseHooks.fail`
   * @returns undefined if it is done
   * @throws SESSION_STORE, SESSION_CORRUPT from the store, now or by the promise
   */
  attach(
    holder: SessionHolder,
    req: IncomingMessage,
    res: ServerResponse,
    fail: (error: unknown) => void,
  ): Promise<void> | undefined;
  /**
   * The sessions that a principal can still use, oldest first. O(sessions of the principal)
   * @throws SESSION_STORE, SESSION_CORRUPT from the store
   */
  of(principal: string): Promise<readonly PrincipalSession[]>;
}

/**
 * Checks options and makes the session layer.
 * @param where the public function whose options these are, for messages. @default 'createSessions'
 * @throws INVALID_OPTIONS
 */
export function createSessions(options: SessionOptions, where: string = 'createSessions'): Sessions {
  const resolved = resolveSessionOptions(where, options);
  const context = scopeContext(resolved);
  const { consistency } = resolved;
  const always = typeof consistency === 'function' ? 'bounded' : consistency;
  return {
    async open({ cookieHeader, isSecure, consistency: wanted = always }) {
      return sessionScope(context, isSecure, await findSession(context, cookieHeader, wanted));
    },
    attach(holder, req, res, fail) {
      const wanted = typeof consistency === 'function' ? consistency(req) : consistency;
      const found = findSession(context, req.headers.cookie, wanted);
      if (!(found instanceof Promise)) return attachSession(context, holder, res, fail, found);
      return found.then((session) => attachSession(context, holder, res, fail, session));
    },
    of: (principal) => principalSessions(context, principal),
  };
}
