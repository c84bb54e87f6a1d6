import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import type { ProbeRunOptions, ProbeRunResult } from '../health/probe.ts';
import { inTime } from './probe-deadline.ts';

/** How long the last of the output is waited for once the program has ended: what it left running may hold its pipe for ever. */
const OUTPUT_GRACE_MS = 100;

const HAS_GROUPS = process.platform !== 'win32';

/** Runs a program to its end. */
export function run(
  [file, ...args]: readonly [file: string, ...args: string[]],
  { timeoutMs, env, maxOutputBytes }: ProbeRunOptions,
  signal: AbortSignal,
): Promise<ProbeRunResult> {
  return inTime<ProbeRunResult>({ timeoutMs, signal, missing: `${file} did not end` }, (settle) => {
    const { PATH } = process.env;
    const child = spawn(file, args, {
      env: { ...(PATH !== undefined && { PATH }), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it starts can be killed with it.
      detached: HAS_GROUPS,
      windowsHide: true,
    });
    const output = outputOf(child, maxOutputBytes);
    let grace: NodeJS.Timeout | undefined;
    child.on('error', settle.reject);
    child.once('exit', (exitStatus, killer) => {
      if (exitStatus === null) return settle.reject(new Error(`${file} was ended by ${killer}`));
      const finish = (): void => settle.resolve({ exitStatus, output: output() });
      grace = setTimeout(finish, OUTPUT_GRACE_MS);
      child.once('close', finish);
    });
    return () => {
      clearTimeout(grace);
      kill(child);
    };
  });
}

/** Collects the start of what the program says; the rest is read too, since a full pipe would stop it. */
function outputOf(child: ChildProcess, maxBytes: number): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  function collect(chunk: Buffer): void {
    if (length < maxBytes) chunks.push(chunk);
    length += chunk.length;
  }
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  return () => Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

/** Ends the program and whatever is left of its group. Nothing may stay behind that holds this process. */
function kill(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // Nobody is left.
  }
}
