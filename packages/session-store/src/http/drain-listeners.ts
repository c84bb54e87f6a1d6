/**
 * Whoever waits for `drain` on a response whose `on` is not Node's: a compressor in front of us takes these listeners for itself, and
 * then an event on the response reaches nobody.
 */
import type { ServerResponse } from 'node:http';

type Listener = ((...parameters: unknown[]) => void) & { listener?: unknown };

/** Those that were registered after `noteDrain` and are still there. */
export interface DrainListeners {
  callAll(): void;
}

/** Notes who is registered for `drain` from now on; `once` ends in `on`. */
export function noteDrain(res: ServerResponse): DrainListeners {
  const listeners = new Set<Listener>();
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
  Object.assign(res, { on: add, addListener: add, off: remove, removeListener: remove });
  return {
    callAll() {
      for (const listener of [...listeners]) Reflect.apply(listener, res, []);
    },
  };
}
