/**
 * Who sends requests to the fleet: ours, and what undici offers. Every one has a second to get a response head, and may retry.
 */
import { createCluster, peakEwma, prequal } from '@evenkeel/core';
import type { Strategy } from '@evenkeel/core';
import { BalancedPool, Pool, RoundRobinPool, interceptors } from 'undici';
import type { Dispatcher } from 'undici';

/** One way to send a GET. Resolves with the status; rejects if there is none. */
export interface Candidate {
  readonly name: string;
  get(): Promise<number>;
  close(): Promise<void>;
}

const HEAD_TIMEOUT_MS = 1_000;

function evenkeel(name: string, strategy: Strategy, origins: readonly string[]): Candidate {
  const cluster = createCluster({ endpoints: origins, strategy, headTimeoutMs: HEAD_TIMEOUT_MS });
  return {
    name,
    async get() {
      const response = await cluster.request('/');
      await response.text();
      return response.status;
    },
    close: () => cluster.close({ deadlineMs: 0 }),
  };
}

/** @param origin what the caller names; a pool of several origins does not look at it */
function undici(name: string, dispatcher: Dispatcher, origin: string): Candidate {
  // undici's own retries: five of them, for idempotent methods, after resets and 5xx; by default the first one after half a second.
  const retrying = dispatcher.compose(interceptors.retry({ minTimeout: 1, maxRetries: 5 }));
  return {
    name,
    async get() {
      const response = await retrying.request({ origin, path: '/', method: 'GET' });
      await response.body.text();
      return response.statusCode;
    },
    close: () => dispatcher.destroy(),
  };
}

/** What anybody writes first. */
function randomPick(origins: readonly string[], options: Pool.Options): Candidate {
  const pools = origins.map((origin) => undici('', new Pool(origin, options), origin));
  return {
    name: 'a random pick of undici Pools',
    get: () => pools[Math.floor(Math.random() * pools.length)]!.get(),
    async close() {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

/** All addresses of the fleet behind one name, as DNS would give them: every connection goes to the next. */
function roundRobinPool(addresses: readonly string[], port: number, options: Pool.Options): Candidate {
  let next = 0;
  const lookup = (_host: string, given: { all?: boolean }, callback: (...args: unknown[]) => void): void => {
    const address = addresses[next++ % addresses.length]!;
    if (given.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  const connect = { timeout: HEAD_TIMEOUT_MS, lookup };
  const origin = `http://fleet.test:${port}`;
  const pool = new RoundRobinPool(origin, { ...options, connections: 8 * addresses.length, connect });
  return undici('undici RoundRobinPool', pool, origin);
}

export function candidates(addresses: readonly string[], port: number): Candidate[] {
  const origins = addresses.map((address) => `http://${address}:${port}`);
  const options = { headersTimeout: HEAD_TIMEOUT_MS, connect: { timeout: HEAD_TIMEOUT_MS } };
  return [
    evenkeel('evenkeel peakEwma', peakEwma(), origins),
    evenkeel('evenkeel prequal', prequal(), origins),
    undici('undici BalancedPool', new BalancedPool([...origins], options), origins[0]!),
    roundRobinPool(addresses, port, options),
    randomPick(origins, options),
  ];
}
