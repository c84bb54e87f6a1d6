/**
 * Questions and answers between the bench and its processes.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a process can be asked, by name. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Called in the process: answers the bench until that goes away. */
export function answer(answers: Answers): void {
  async function reply({ id, name, argument }: Question): Promise<void> {
    try {
      process.send!({ id, value: await answers[name]!(argument as never) } satisfies Answer);
    } catch (error) {
      process.send!({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  process.on('message', (question: Question) => void reply(question));
  // An orderly exit, so that a CPU profile is written.
  process.on('disconnect', () => process.exit());
}

/** Called in the bench: a process of its own, on one core if that can be had. */
export class Worker {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #exited: Promise<void>;
  #serial = 0;

  /** @param file relative to this folder */
  constructor(name: string, file: string, args: readonly string[], core: number | undefined, flags: readonly string[]) {
    this.name = name;
    this.#child = start(fileURLToPath(new URL(file, import.meta.url)), args, core, flags);
    this.#child.on('message', (message) => this.#settle(message as Answer));
    this.#exited = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        this.#rejectAll(new Error(`${name} ended with ${signal ?? `code ${code}`}`));
        resolve();
      });
    });
  }

  ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = this.#serial++;
    return new Promise<T>((resolve, reject) => {
      this.#open.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, name, argument } satisfies Question, (error) => {
        if (error !== null) this.#settle({ id, error: `${this.name} cannot be asked: ${error.message}` });
      });
    });
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  #settle({ id, value, error }: Answer): void {
    const question = this.#open.get(id);
    this.#open.delete(id);
    if (error === undefined) question?.resolve(value);
    else question?.reject(new Error(error));
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

/** True if processes can be held to one core each, and there are two. */
export function canPin(): boolean {
  return availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;
}

function start(
  file: string,
  args: readonly string[],
  core: number | undefined,
  flags: readonly string[],
): ChildProcess {
  const nodeFlags = [...new Set([...process.execArgv, ...flags])];
  // What peers warn of is for those who use them.
  const env = { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' };
  if (core === undefined) return fork(file, args, { execArgv: nodeFlags, env });
  return spawn('taskset', ['-c', String(core), process.execPath, ...nodeFlags, file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
}
