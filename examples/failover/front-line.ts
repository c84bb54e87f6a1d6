/** The parent's end of the line to the front process. */
import type { ChildProcess } from 'node:child_process';
import type { FrontOrder, FrontReport } from './front.ts';

export interface FrontLine {
  /** Resolves when the front has done it. */
  order(verb: FrontOrder['verb'], name: string): Promise<void>;
  /** Resolves when the front sees the endpoint in this state. */
  sees(name: string, state: string): Promise<void>;
}

export function followFront(front: ChildProcess, onReport: (report: FrontReport) => void): FrontLine {
  const pending = new Map<number, () => void>();
  const watchers = new Set<(report: FrontReport) => void>();
  let lastId = 0;
  front.on('message', (message: FrontReport | { done: number }) => {
    if ('done' in message) return void pending.get(message.done)?.();
    onReport(message);
    for (const watcher of watchers) watcher(message);
  });
  return {
    order: (verb, name) =>
      new Promise((resolve) => {
        const id = ++lastId;
        pending.set(id, resolve);
        front.send({ id, verb, name } satisfies FrontOrder);
      }),
    sees: (name, state) =>
      new Promise((resolve) => {
        const watcher = ({ endpoints }: FrontReport): void => {
          if (!endpoints.some((endpoint) => endpoint.name === name && endpoint.state === state)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      }),
  };
}
