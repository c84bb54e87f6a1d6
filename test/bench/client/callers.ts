/**
 * Ways to send a GET to one origin and read the body as text. All keep as many connections as there are calls at once.
 */
import { createCluster } from '@evenkeel/core';
import { Pool, fetch } from 'undici';
import type { Dispatcher } from 'undici';

/** @returns what sends one request and resolves with the length of the body; rejects unless the status is 200 */
type Start = (origin: string, path: string) => () => Promise<number>;

/** One line of the table. */
export interface Caller {
  readonly name: string;
  readonly start: Start;
}

export const POOL_REQUEST = 'undici Pool.request';

/** One field is read as well: some make an object of all fields for every response, others when they are asked. */
function checked(status: number, contentType: unknown): void {
  if (status !== 200) throw new Error(`status ${status}`);
  if (contentType !== 'text/plain; charset=utf-8') throw new Error(`content of type ${String(contentType)}`);
}

/** Callbacks of a handler written for this: what a call costs below all promises and streams. */
class Collecting implements Dispatcher.DispatchHandler {
  readonly #resolve: (bytes: number) => void;
  readonly #reject: (error: Error) => void;
  #text = '';

  constructor(resolve: (bytes: number) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[]>,
  ): void {
    try {
      checked(status, headers['content-type']);
    } catch (error) {
      this.#reject(error as Error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#text += chunk.toString();
  }

  onResponseEnd(): void {
    this.#resolve(this.#text.length);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

export const CALLERS: readonly Caller[] = [
  {
    name: POOL_REQUEST,
    start(origin, path) {
      const pool = new Pool(origin, { allowH2: false });
      return async () => {
        const { statusCode, headers, body } = await pool.request({ method: 'GET', path });
        checked(statusCode, headers['content-type']);
        return (await body.text()).length;
      };
    },
  },
  {
    name: 'undici Pool.dispatch',
    start(origin, path) {
      const pool = new Pool(origin, { allowH2: false });
      return () =>
        new Promise((resolve, reject) => {
          pool.dispatch({ method: 'GET', path }, new Collecting(resolve, reject));
        });
    },
  },
  {
    name: 'undici fetch',
    start(origin, path) {
      const dispatcher = new Pool(origin, { allowH2: false });
      return async () => {
        const response = await fetch(origin + path, { dispatcher });
        checked(response.status, response.headers.get('content-type'));
        return (await response.text()).length;
      };
    },
  },
  {
    name: 'cluster.request',
    start(origin, path) {
      const cluster = createCluster({ endpoints: [origin] });
      return async () => {
        const response = await cluster.request(path);
        checked(response.status, response.headers['content-type']);
        return (await response.text()).length;
      };
    },
  },
  {
    name: 'cluster.dispatcher().request',
    start(origin, path) {
      const dispatcher = createCluster({ endpoints: [origin] }).dispatcher();
      return async () => {
        const { statusCode, headers, body } = await dispatcher.request({ origin, method: 'GET', path });
        checked(statusCode, headers['content-type']);
        return (await body.text()).length;
      };
    },
  },
  {
    name: 'cluster.fetch',
    start(origin, path) {
      const cluster = createCluster({ endpoints: [origin] });
      return async () => {
        const response = await cluster.fetch(path);
        checked(response.status, response.headers.get('content-type'));
        return (await response.text()).length;
      };
    },
  },
];
