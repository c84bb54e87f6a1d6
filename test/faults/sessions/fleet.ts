/** Several workers at once, and what they report. */
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { HistoryEvent } from './history.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface WorkerFleet extends AsyncDisposable {
  readonly events: readonly HistoryEvent[];
  /** Resolves when so many more calls have ended in one of the ways; at once when all work is done. @default all ways */
  more(count: number, types?: readonly HistoryEvent['type'][]): Promise<void>;
  /** Resolves when all work is done, or the part of it between 0 and 1 that is asked for. */
  done(part?: number): Promise<void>;
  /** Lets each writer finish what it is at. */
  stop(): void;
}

const ENDS = ['ok', 'fail', 'unknown'] as const;

/** Starts a process per task; resolves when all have met their store. */
export async function startWorkers(tasks: readonly WorkerTask[]): Promise<WorkerFleet> {
  const events: HistoryEvent[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const running = new Set<ChildProcess>();
  const ready = new Set<ChildProcess>();
  const working = new Set<ChildProcess>();
  let failure: Error | undefined;

  for (const task of tasks) {
    const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(task)]);
    running.add(child);
    working.add(child);
    child.on('message', (message) => {
      const { events: more, isReady, isDone } = message as WorkerMessage;
      events.push(...more);
      if (isReady) ready.add(child);
      if (isDone) working.delete(child);
      news.emit('news');
    });
    child.on('error', (error) => (failure ??= error));
    child.on('exit', (code, signal) => {
      running.delete(child);
      if (working.delete(child))
        failure ??= new Error(`A worker ended with ${code ?? signal} before its work was done`);
      news.emit('news');
    });
  }
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (failure !== undefined) throw failure;
      await once(news, 'news');
    }
    if (failure !== undefined) throw failure;
  }
  async function close(): Promise<void> {
    await Promise.all(
      [...running].map((child) => {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        return exit;
      }),
    );
  }
  const count = (types: readonly HistoryEvent['type'][], from: number): number =>
    events.reduce((sum, { type }, i) => sum + (i >= from && types.includes(type) ? 1 : 0), 0);
  const all = tasks.reduce((sum, { writers, commits }) => sum + writers * commits, 0);
  try {
    await until(() => ready.size === tasks.length);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    events,
    more(wanted, types = ENDS) {
      const from = events.length;
      return until(() => working.size === 0 || count(types, from) >= wanted);
    },
    done: (part = 1) => until(() => working.size === 0 || (part < 1 && commitsIn(events) >= all * part)),
    stop() {
      for (const child of working) child.send('stop');
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Commits that were begun. */
function commitsIn(events: readonly HistoryEvent[]): number {
  return events.reduce((sum, event) => sum + (event.type === 'invoke' && event.action.kind === 'commit' ? 1 : 0), 0);
}
