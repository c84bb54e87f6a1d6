/** Starts and ends the processes of the demo. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Instance {
  readonly name: string;
  readonly framework: 'express' | 'koa';
  /** The same after a restart. */
  port: number;
  process: ChildProcess;
}

/** Starts a script of this folder and waits for its first message. */
export async function start(script: string, args: readonly string[], env: Record<string, string>) {
  const child = fork(join(import.meta.dirname, script), args, {
    env: { ...process.env, ...env },
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
  });
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended before it was ready`))),
  ])) as [unknown];
  return { child, message };
}

export async function startInstance(
  name: string,
  framework: Instance['framework'],
  env: Record<string, string>,
): Promise<Instance> {
  const { child, message } = await start('instance.ts', [name, framework, '0'], env);
  return { name, framework, port: message as number, process: child };
}

/** Ends the instance with `signal` and waits until it is gone. */
export async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Starts it again where it was. */
export async function restart(instance: Instance, env: Record<string, string>): Promise<void> {
  const { name, framework, port } = instance;
  const { child } = await start('instance.ts', [name, framework, String(port)], env);
  instance.process = child;
}
