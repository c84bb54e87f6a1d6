/**
 * The clients of one candidate.
 */
import type { Scenario } from '../scenarios.ts';
import { Histogram } from './histogram.ts';
import { LoadConnection } from './load-connection.ts';
import type { LoadListener } from './load-connection.ts';

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

export class LoadGroup implements LoadListener {
  isGoing = false;
  readonly #connections: readonly LoadConnection[];
  readonly #latencies = new Histogram();
  #requests = 0;
  #errors = 0;
  #firstError: string | undefined = undefined;
  #busy = 0;
  #onAllIdle: () => void = () => {};

  constructor(port: number, scenario: Scenario, connections: number) {
    this.#connections = Array.from({ length: connections }, () => new LoadConnection(port, scenario, this));
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
      this.#busy = this.#connections.length;
      this.isGoing = true;
      for (const connection of this.#connections) connection.start();
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
    for (const connection of this.#connections) connection.close();
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
