/**
 * Holds a response of `node:http` back until something is done: no byte of the head leaves before, so a client can never act on an
 * answer (follow a redirect, say) whose session is not stored yet. Works below any framework, on what every way of answering ends
 * in: `writeHead`, `write`, `end`, `flushHeaders`. A response with nothing to wait for goes straight through.
 *
 * To the application a held response looks like one that was sent: `headersSent` and `writableEnded` say so, headers can no longer be
 * set, `write` returns false and `drain` follows.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { isBalancerError } from '@evenkeel/core';

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

type Listener = ((...parameters: unknown[]) => void) & { listener?: unknown };
type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type Originals = Record<Method, (...parameters: unknown[]) => unknown>;

/** Puts the hooks around `res`. To be called before anything is written. */
export function holdResponse(res: ServerResponse, hooks: ResponseHooks): void {
  const hold = new ResponseHold(res, hooks);
  const methods: Originals = {
    writeHead: (...parameters) => hold.writeHead(parameters),
    write: (...parameters) => hold.write(parameters),
    end: (...parameters) => hold.end(parameters),
    flushHeaders: () => hold.flushHeaders(),
  };
  Object.assign(res, methods, noteDrain(res, hold.drainListeners));
  hold.ownEnd = methods.end;
}

class ResponseHold {
  readonly #res: ServerResponse;
  readonly #hooks: ResponseHooks;
  readonly #originals: Originals;
  #state: State = 'idle';
  #isEnded = false;
  /** Ended while the head was waiting: what was changed since that wait began has to be committed too. */
  #isEndedLater = false;
  #queue: { method: Method; parameters: unknown[] }[] = [];
  #shadowed = new Map<PropertyKey, PropertyDescriptor | undefined>();
  /** Whoever waits for `drain`: a compressor in front of us takes them for itself, and then an event on the response reaches nobody. */
  readonly drainListeners = new Set<Listener>();
  /** `end` as this hold put it; another one on the response is a later middleware's. */
  ownEnd: unknown;

  constructor(res: ServerResponse, hooks: ResponseHooks) {
    this.#res = res;
    this.#hooks = hooks;
    const { writeHead, write, end, flushHeaders } = res;
    this.#originals = { writeHead, write, end, flushHeaders } as Originals;
  }

  writeHead(parameters: unknown[]): unknown {
    if (this.#state === 'idle') {
      applyHead(this.#res, parameters);
      this.#pass('writeHead', [this.#res.statusCode]);
    } else if (this.#state === 'open') this.#call('writeHead', parameters);
    // Held or closed: the first head counts. Middleware that compresses calls this again for every chunk.
    return this.#res;
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
    const isHeadOut = this.#state === 'open';
    this.#state = 'held';
    this.#shadow(isHeadOut);
    wait.then(() => this.#release(isHeadOut)).catch((error: unknown) => this.#fail(error));
  }

  #release(isHeadOut: boolean): void {
    this.#unshadow();
    if (isHeadOut) this.#state = 'open';
    else this.#openHead();
    const queue = this.#queue;
    this.#queue = [];
    let isFlowing = true;
    for (const { method, parameters } of queue) {
      const wait = method === 'end' && this.#isEndedLater ? this.#hooks.commit() : undefined;
      if (wait !== undefined) {
        this.#isEndedLater = false;
        this.#holdUntil(wait);
        this.#queue.push({ method, parameters });
        return;
      }
      const result = this.#call(method, parameters);
      if (method === 'write') isFlowing = result !== false;
    }
    // Whoever was told to wait in vain must be told to go on; otherwise the socket's own `drain` will.
    if (isFlowing && !this.#isEnded && queue.some(({ method }) => method === 'write')) {
      for (const listener of [...this.drainListeners]) Reflect.apply(listener, this.#res, []);
    }
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
    this.#unshadow();
    this.#queue = [];
    if (this.#res.headersSent) {
      // A response that ends well must not be built on a commit that did not.
      this.#state = 'closed';
      this.#res.destroy();
      return this.#hooks.fail(error);
    }
    // The framework can answer only if nobody else still does: not a body on its way, not a compressor over our `end`.
    const canHandOver = this.#isEnded && this.#res.end === this.ownEnd;
    this.#isEnded = false;
    cleanHead(this.#res);
    if (canHandOver) {
      this.#state = 'idle';
      return this.#hooks.fail(error);
    }
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

  #shadow(isHeadOut: boolean): void {
    const isEnded = (): boolean => this.#isEnded;
    this.#define('writableEnded', { get: isEnded, configurable: true });
    if (isHeadOut) return;
    this.#define('headersSent', { get: () => true, configurable: true });
    for (const name of ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader']) {
      this.#define(name, { value: refuseHeader, configurable: true, writable: true });
    }
    // Whatever the application still assigns, the head is the one that it sent.
    const { statusCode, statusMessage } = this.#res;
    this.#define('statusCode', { get: () => statusCode, set: () => undefined, enumerable: true, configurable: true });
    this.#define('statusMessage', {
      get: () => statusMessage,
      set: () => undefined,
      enumerable: true,
      configurable: true,
    });
  }

  #define(name: PropertyKey, descriptor: PropertyDescriptor): void {
    this.#shadowed.set(name, Object.getOwnPropertyDescriptor(this.#res, name));
    Object.defineProperty(this.#res, name, descriptor);
  }

  #unshadow(): void {
    for (const [name, descriptor] of this.#shadowed) {
      if (descriptor === undefined) Reflect.deleteProperty(this.#res, name);
      else Object.defineProperty(this.#res, name, descriptor);
    }
    this.#shadowed.clear();
  }
}

/** Keeps `listeners` the set of those that are registered for `drain` from now on; `once` ends in `on`. */
function noteDrain(res: ServerResponse, listeners: Set<Listener>): object {
  const { on, off } = res;
  function add(event: string, listener: Listener): ServerResponse {
    if (event === 'drain') listeners.add(listener);
    return Reflect.apply(on, res, [event, listener]);
  }
  function remove(event: string, listener: Listener): ServerResponse {
    if (event === 'drain') {
      for (const known of listeners) if (known === listener || known.listener === listener) listeners.delete(known);
    }
    return Reflect.apply(off, res, [event, listener]);
  }
  return { on: add, addListener: add, off: remove, removeListener: remove };
}

/** What `writeHead` was given, as if it had been set before: only so can a cookie join it. */
function applyHead(res: ServerResponse, [status, ...rest]: unknown[]): void {
  const message = typeof rest[0] === 'string' ? rest.shift() : undefined;
  res.statusCode = Number(status);
  if (typeof message === 'string') res.statusMessage = message;
  const [headers] = rest;
  if (Array.isArray(headers)) {
    for (let i = 0; i < headers.length; i += 2) res.removeHeader(String(headers[i]));
    for (let i = 0; i < headers.length; i += 2) res.appendHeader(String(headers[i]), headers[i + 1]);
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  }
}

/** Takes off what described the body that will not be sent. */
function cleanHead(res: ServerResponse): void {
  for (const name of res.getHeaderNames()) {
    if (/^(?:content-.*|etag|last-modified|location|transfer-encoding|trailer|cache-control|expires)$/.test(name))
      res.removeHeader(name);
  }
  res.statusCode = 200;
  res.statusMessage = '';
}

/** Nobody waits for a call that goes nowhere. */
function dropped<T>(parameters: readonly unknown[], result: T): T {
  const callback = parameters.findLast((parameter) => typeof parameter === 'function');
  if (typeof callback === 'function') process.nextTick(() => Reflect.apply(callback, undefined, []));
  return result;
}

function refuseHeader(): never {
  throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}
