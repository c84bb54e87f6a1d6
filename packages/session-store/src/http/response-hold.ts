/**
 * Holds a response of `node:http` back until something is done: no byte of the head leaves before, so a client can never act on an
 * answer (follow a redirect, say) whose session is not stored yet. Works below any framework, on what every way of answering ends
 * in: `writeHead`, `write`, `end`, `flushHeaders`. A response with nothing to wait for goes straight through. Responses of `node:http2`'s
 * compatibility layer are held in the same way.
 *
 * To the application a held response looks like one that was sent: `headersSent` and `writableEnded` say so, headers can no longer be
 * set, `write` returns false and `drain` follows.
 *
 * All responses get the same functions, which find their hold by a symbol: with functions of its own no response would share its hidden
 * class with another, and everything that Node does with it afterwards would be slower.
 */
import { EventEmitter } from 'node:events';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { BalancerError, isBalancerError } from '@evenkeel/core';
import { type DrainListeners, noteDrain } from './drain-listeners.ts';
import { applyHead, cleanHead, headerMethodsOf, refuseHeader, restoreStatus, statusOf } from './response-head.ts';
import type { HeaderMethods, Status } from './response-head.ts';

/** What is to be done around a response. */
export interface ResponseHooks {
  /** Asked when the head is about to leave, and again at the end of a body: what to wait for, or undefined for nothing. */
  commit(): Promise<void> | undefined;
  /** Asked when the head leaves, after the wait: a `Set-Cookie` value for it. */
  setCookie(): string | undefined;
  /** Takes over the response when the wait failed. The head is clean again, or has left already and the connection is destroyed. */
  fail(error: unknown): void;
}

/** `idle`: nothing yet. `held`: waiting. `open`: the head is out. `closed`: answered here; whatever follows is dropped. */
type State = 'idle' | 'held' | 'open' | 'closed';

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type Methods = Record<Method, (...parameters: unknown[]) => unknown>;

interface Call {
  readonly method: Method;
  readonly parameters: unknown[];
}

const HOLD = Symbol('evenkeel response hold');

interface HeldResponse {
  readonly [HOLD]: ResponseHold;
}

/**
 * Puts the hooks around `res`. To be called once. If the head has left already, only the end of the body is held.
 * @throws INVALID_OPTIONS if the response is held already
 */
export function holdResponse(res: ServerResponse, hooks: ResponseHooks): void {
  if (HOLD in res) throw new BalancerError('INVALID_OPTIONS', 'holdResponse: the response is held already');
  const hold = new ResponseHold(res, hooks);
  // One by one, in the same order for all responses: this too is part of sharing the hidden class.
  const held = res as unknown as Methods & { [HOLD]: ResponseHold };
  held[HOLD] = hold;
  held.writeHead = HELD.writeHead;
  held.write = HELD.write;
  held.end = HELD.end;
  held.flushHeaders = HELD.flushHeaders;
}

const HELD: Methods & ThisType<HeldResponse> = {
  writeHead(...parameters) {
    return this[HOLD].writeHead(parameters);
  },
  write(...parameters) {
    return this[HOLD].write(parameters);
  },
  end(...parameters) {
    return this[HOLD].end(parameters);
  },
  flushHeaders() {
    this[HOLD].flushHeaders();
  },
};

/** As `HELD`, for what sets header fields. */
const GUARDED: HeaderMethods & ThisType<HeldResponse> = {
  setHeader(...parameters) {
    return this[HOLD].setHeader('setHeader', parameters);
  },
  setHeaders(...parameters) {
    return this[HOLD].setHeader('setHeaders', parameters);
  },
  appendHeader(...parameters) {
    return this[HOLD].setHeader('appendHeader', parameters);
  },
  removeHeader(...parameters) {
    return this[HOLD].setHeader('removeHeader', parameters);
  },
};

/** What an application may look at while its response is held. They stay when it no longer is: to take them off would cost more. */
const HEADERS_SENT: PropertyDescriptor & ThisType<HeldResponse> = {
  get() {
    return this[HOLD].isHeadHeld || inherited(this, 'headersSent');
  },
  configurable: true,
};

const WRITABLE_ENDED: PropertyDescriptor & ThisType<HeldResponse> = {
  get() {
    return this[HOLD].isHeld ? this[HOLD].isEnded : inherited(this, 'writableEnded');
  },
  configurable: true,
};

function inherited(res: object, name: string): unknown {
  return Reflect.get(Object.getPrototypeOf(res) as object, name, res);
}

class ResponseHold {
  readonly #res: ServerResponse;
  readonly #hooks: ResponseHooks;
  readonly #originals: Methods;
  /** Undefined where an event on the response reaches all of them. */
  readonly #drainListeners: DrainListeners | undefined;
  /** Undefined until something is held. */
  #headerMethods: HeaderMethods | undefined;
  #state: State = 'idle';
  #isEnded = false;
  /** Ended while the head was waiting: what was changed since that wait began has to be committed too. */
  #isEndedLater = false;
  #isHeadHeld = false;
  #queue: Call[] = NO_CALLS;
  /** The head that the application sent, whatever it assigns afterwards. */
  #status: Status | undefined;

  constructor(res: ServerResponse, hooks: ResponseHooks) {
    this.#res = res;
    this.#hooks = hooks;
    if (res.headersSent) this.#state = 'open';
    const { writeHead, write, end, flushHeaders } = res;
    this.#originals = { writeHead, write, end, flushHeaders } as Methods;
    this.#drainListeners = res.on === EventEmitter.prototype.on ? undefined : noteDrain(res);
  }

  get isHeld(): boolean {
    return this.#state === 'held';
  }

  get isHeadHeld(): boolean {
    return this.#isHeadHeld && this.#state === 'held';
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  writeHead(parameters: unknown[]): unknown {
    if (this.#state === 'idle') {
      // Its own fields would hide the cookie, unless they are set before.
      if (parameters.length > 1) applyHead(this.#res, parameters);
      else this.#res.statusCode = Number(parameters[0]);
      this.#pass('writeHead', [this.#res.statusCode]);
    } else if (this.#state === 'open') this.#call('writeHead', parameters);
    // Held or closed: the first head counts. Middleware that compresses calls this again for every chunk.
    return this.#res;
  }

  setHeader(method: keyof HeaderMethods, parameters: unknown[]): unknown {
    return this.isHeadHeld ? refuseHeader() : Reflect.apply(this.#headerMethods![method], this.#res, parameters);
  }

  flushHeaders(): void {
    if (this.#state !== 'closed') this.#pass('flushHeaders', []);
  }

  write(parameters: unknown[]): unknown {
    return this.#state === 'closed' ? dropped(parameters, true) : this.#pass('write', parameters);
  }

  end(parameters: unknown[]): unknown {
    if (this.#state === 'closed' || (this.#isEnded && this.#state === 'held')) return dropped(parameters, this.#res);
    this.#isEnded = true;
    this.#isEndedLater = this.#state === 'held';
    const wait = this.#state === 'open' && !this.#res.writableEnded ? this.#hooks.commit() : undefined;
    if (wait !== undefined) this.#holdUntil(wait);
    this.#pass('end', parameters);
    return this.#res;
  }

  /** Does the call now, or when the wait is over. */
  #pass(method: Method, parameters: unknown[]): unknown {
    if (this.#state === 'idle') {
      const wait = this.#hooks.commit();
      if (wait === undefined) this.#openHead();
      else this.#holdUntil(wait);
    }
    if (this.#state === 'open') return this.#call(method, parameters);
    this.#queue.push({ method, parameters });
    return false;
  }

  #holdUntil(wait: Promise<void>): void {
    this.#isHeadHeld = this.#state === 'idle';
    this.#state = 'held';
    this.#queue = [];
    this.#shadow();
    wait.then(() => this.#release()).catch((error: unknown) => this.#fail(error));
  }

  #release(): void {
    if (this.#isHeadHeld) {
      restoreStatus(this.#res, this.#status!);
      this.#openHead();
    } else this.#state = 'open';
    const queue = this.#queue;
    this.#queue = NO_CALLS;
    let isFlowing = true;
    for (const call of queue) {
      const wait = call.method === 'end' && this.#isEndedLater ? this.#hooks.commit() : undefined;
      if (wait !== undefined) {
        this.#isEndedLater = false;
        this.#holdUntil(wait);
        this.#queue.push(call);
        return;
      }
      const result = this.#call(call.method, call.parameters);
      if (call.method === 'write') isFlowing = result !== false;
    }
    // Whoever was told to wait in vain must be told to go on; otherwise the socket's own `drain` will.
    if (isFlowing && !this.#isEnded && queue.some(({ method }) => method === 'write')) this.#sayDrain();
  }

  #sayDrain(): void {
    if (this.#drainListeners === undefined) this.#res.emit('drain');
    else this.#drainListeners.callAll();
  }

  #openHead(): void {
    this.#state = 'open';
    const cookie = this.#hooks.setCookie();
    if (cookie === undefined) return;
    this.#res.appendHeader('Set-Cookie', cookie);
    // A shared cache that kept it would give everybody the same session.
    if (!this.#res.hasHeader('Cache-Control')) this.#res.setHeader('Cache-Control', 'private');
  }

  #fail(error: unknown): void {
    this.#queue = NO_CALLS;
    // From here on the response says by itself how far it is.
    this.#state = 'idle';
    if (this.#res.headersSent) {
      // A response that ends well must not be built on a commit that did not.
      this.#state = 'closed';
      this.#res.destroy();
      return this.#hooks.fail(error);
    }
    // The framework can answer only if nobody else still does: not a body on its way, not a compressor over our `end`.
    const canHandOver = this.#isEnded && (this.#res.end as unknown) === HELD.end;
    this.#isEnded = false;
    cleanHead(this.#res);
    if (canHandOver) return this.#hooks.fail(error);
    this.#answer(isBalancerError(error) ? error.status : 500);
  }

  #answer(status: number): void {
    this.#state = 'open';
    this.#res.statusCode = status;
    this.#res.setHeader('Content-Type', 'text/plain; charset=utf-8');
    this.#call('end', [`${STATUS_CODES[status] ?? status}\n`]);
    this.#state = 'closed';
  }

  #call(method: Method, parameters: unknown[]): unknown {
    return Reflect.apply(this.#originals[method], this.#res, parameters);
  }

  #shadow(): void {
    const res = this.#res;
    if (this.#isHeadHeld) this.#status = statusOf(res);
    if (this.#headerMethods !== undefined) return;
    this.#headerMethods = headerMethodsOf(res);
    Object.assign(res, GUARDED);
    Object.defineProperty(res, 'headersSent', HEADERS_SENT);
    Object.defineProperty(res, 'writableEnded', WRITABLE_ENDED);
  }
}

const NO_CALLS: Call[] = [];

/** Nobody waits for a call that goes nowhere. */
function dropped<T>(parameters: readonly unknown[], result: T): T {
  const callback = parameters.findLast((parameter) => typeof parameter === 'function');
  if (typeof callback === 'function') process.nextTick(() => Reflect.apply(callback, undefined, []));
  return result;
}
