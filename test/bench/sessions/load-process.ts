/**
 * All clients, in one process: each logs in once, if the scenario is about sessions, and asks with its cookies from then on.
 */
import { answer } from '../ipc.ts';
import { Histogram } from '../load/histogram.ts';
import { HttpClient } from '../load/http-client.ts';
import type { LoadListener } from '../load/load-client.ts';
import type { LoadResult } from '../load/load-group.ts';
import { FIELDS } from '../scenarios.ts';
import type { Scenario } from '../scenarios.ts';
import { BODY_BYTES } from './scenarios.ts';

/** Whom to ask, and whether with a session. */
export interface SessionLoadOrder {
  readonly port: number;
  readonly isLoggedIn: boolean;
  readonly connections: number;
}

const SCENARIO: Scenario = {
  name: 'session',
  protocol: 'http/1.1',
  method: 'GET',
  sentBytes: 0,
  receivedBytes: BODY_BYTES,
};

class SessionLoad implements LoadListener {
  isGoing = false;
  readonly #clients: readonly HttpClient[];
  readonly #latencies = new Histogram();
  #requests = 0;
  #firstError: string | undefined = undefined;
  #errors = 0;
  #busy = 0;
  #onAllIdle: () => void = () => {};

  constructor(port: number, cookies: readonly string[]) {
    this.#clients = cookies.map((cookie) => new HttpClient(port, SCENARIO, requestWith(port, cookie), this));
  }

  /** From idle to idle, so that what a candidate used meanwhile is for these requests and for all of them. */
  async turn(forMs: number): Promise<LoadResult> {
    this.#latencies.reset();
    this.#requests = this.#errors = 0;
    this.#firstError = undefined;
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    await new Promise<void>((resolve) => {
      this.#onAllIdle = resolve;
      this.#busy = this.#clients.length;
      this.isGoing = true;
      for (const client of this.#clients) client.start();
      setTimeout(() => void (this.isGoing = false), forMs);
    });
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      requests: this.#requests,
      errors: this.#errors,
      firstError: this.#firstError,
      ms: performance.now() - startedAt,
      p50Ms: this.#latencies.quantile(0.5),
      p99Ms: this.#latencies.quantile(0.99),
      ownCpuUs: (user + system) / Math.max(1, this.#requests),
    };
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  onAnswer(ms: number): void {
    this.#latencies.add(ms);
    this.#requests++;
  }

  onError(what: string): void {
    this.#errors++;
    this.#firstError ??= what;
  }

  onIdle(): void {
    if (--this.#busy === 0) this.#onAllIdle();
  }
}

function requestWith(port: number, cookie: string): Buffer {
  const fields = Object.entries(FIELDS).map(([name, value]) => `${name}: ${value}`);
  const lines = ['GET / HTTP/1.1', `host: 127.0.0.1:${port}`, ...fields, `cookie: theme=dark; lang=en${cookie}`];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

async function loggedIn(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/login`);
  await response.arrayBuffer();
  const cookies = response.headers.getSetCookie().map((cookie) => `; ${cookie.split(';')[0]}`);
  return cookies.join('');
}

const loads: SessionLoad[] = [];

answer({
  /** @returns the number of the new group of clients */
  async open({ port, isLoggedIn, connections }: SessionLoadOrder): Promise<number> {
    const each = Array.from({ length: connections }, () => (isLoggedIn ? loggedIn(port) : Promise.resolve('')));
    return loads.push(new SessionLoad(port, await Promise.all(each))) - 1;
  },
  turn: ({ group, ms }: { group: number; ms: number }): Promise<LoadResult> => loads[group]!.turn(ms),
  close: (group: number): void => loads[group]!.close(),
});
