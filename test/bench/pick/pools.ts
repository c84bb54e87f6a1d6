/**
 * undici's pools: how each says who takes a request, which is a method of theirs behind a symbol. They keep no account of load, latency
 * or outcomes, so there is nothing to do when a request begins or ends, but for errors of connections.
 */
import { BalancedPool, Pool, RoundRobinPool } from 'undici';
import type { Dispatcher } from 'undici';
import { INFLIGHT, addressOf } from './work.ts';
import type { Work } from './work.ts';

const ORIGIN = 'http://10.0.0.1:80';

/** What the symbols are called. */
const SELECT = 'get dispatcher';
const BUSY = 'needDrain';

function selectionOf(dispatcher: Dispatcher): Work {
  const select = symbolOf(dispatcher, SELECT);
  const methods = dispatcher as unknown as Record<symbol, () => Dispatcher | undefined>;
  return {
    run(operations) {
      for (let i = 0; i < operations; i++) if (methods[select]!() === undefined) throw new Error('nothing was picked');
    },
  };
}

function symbolOf(dispatcher: Dispatcher, name: string): symbol {
  for (let at: object | null = dispatcher; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertySymbols(at).find(({ description }) => description === name);
    if (found !== undefined) return found;
  }
  throw new Error(`this undici has no "${name}"`);
}

/** Which of its upstreams, each a pool of its own. */
export function balancedPool(size: number): Work {
  return selectionOf(new BalancedPool(Array.from({ length: size }, (_, i) => `http://${addressOf(i)}:80`)));
}

/** Which of its connections to one origin, in turn; all of them are free. */
export function roundRobinPool(size: number): Work {
  return selectionOf(filled(new RoundRobinPool(ORIGIN, { connections: size }), size, 0));
}

/** Which of its connections to one origin: the first that is free, with as many busy ones as the other lines have requests in flight. */
export function pool(size: number): Work {
  return selectionOf(filled(new Pool(ORIGIN, { connections: size }), size, Math.min(INFLIGHT, size - 1)));
}

/** With all its connections, which it makes only if all that it has are busy; then the first `busy` of them are. */
function filled(dispatcher: Dispatcher, size: number, busy: number): Dispatcher {
  const methods = dispatcher as unknown as Record<symbol, () => Record<symbol, boolean>>;
  const [select, isBusy] = [symbolOf(dispatcher, SELECT), symbolOf(dispatcher, BUSY)];
  const connections = Array.from({ length: size }, () => {
    const connection = methods[select]!();
    connection[isBusy] = true;
    return connection;
  });
  if (new Set(connections).size !== size) throw new Error(`the pool did not make ${size} connections`);
  for (const connection of connections.slice(busy)) connection[isBusy] = false;
  return dispatcher;
}
