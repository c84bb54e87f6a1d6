/**
 * The clients of one candidate.
 */
import { requestBytes } from '../scenarios.ts';
import type { Scenario } from '../scenarios.ts';
import { Histogram } from './histogram.ts';
import { HttpClient } from './http-client.ts';
import { http2Clients } from './http2-client.ts';
import type { LoadClient, LoadListener } from './load-client.ts';
import { WebSocketClient } from './websocket-client.ts';

/** What came of one turn. */
export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the clients themselves, us per request: less than what is measured, or the numbers are about the clients. */
  readonly ownCpuUs: number;
}

/** After the end of a turn, answers may take so long. */
const LAST_ANSWER_MS = 5_000;
/** As a browser's tab: several requests share a session. */
const STREAMS_PER_SESSION = 8;

function clientsOf(port: number, scenario: Scenario, count: number, listener: LoadListener): readonly LoadClient[] {
  if (scenario.protocol === 'http/2') return http2Clients(port, scenario, listener, count, STREAMS_PER_SESSION);
  if (scenario.protocol === 'websocket') {
    return Array.from({ length: count }, () => new WebSocketClient(port, scenario, listener));
  }
  const request = requestBytes(scenario, port, '');
  return Array.from({ length: count }, () => new HttpClient(port, scenario, request, listener));
}

export class LoadGroup implements LoadListener {
  isGoing = false;
  readonly #clients: readonly LoadClient[];
  readonly #latencies = new Histogram();
  #requests = 0;
  #errors = 0;
  #firstError: string | undefined = undefined;
  #busy = 0;
  #onAllIdle: () => void = () => {};

  constructor(port: number, scenario: Scenario, count: number) {
    this.#clients = clientsOf(port, scenario, count, this);
  }

  /** From idle to idle, so that what a candidate used meanwhile is for these requests and for all of them. */
  async turn(forMs: number): Promise<LoadResult> {
    this.#latencies.reset();
    this.#requests = this.#errors = 0;
    this.#firstError = undefined;
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    let patience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onAllIdle = resolve;
      this.#busy = this.#clients.length;
      this.isGoing = true;
      for (const client of this.#clients) client.start();
      setTimeout(() => {
        this.isGoing = false;
      }, forMs);
      patience = setTimeout(() => this.#giveUp(), forMs + LAST_ANSWER_MS);
    });
    clearTimeout(patience);
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
    if (--this.#busy === 0) this.#end();
  }

  #giveUp(): void {
    this.onError('no answer');
    this.close();
    this.#end();
  }

  #end(): void {
    this.#busy = 0;
    this.isGoing = false;
    this.#onAllIdle();
  }
}
