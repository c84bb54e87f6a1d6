/**
 * Runs tests of one spec in a copy of the work tree, in processes that are all ended with it.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A test that hangs has failed. */
const TIME_LIMIT_MS = 60_000;

export interface SpecRun {
  /** `none`: not one test was run, so that nothing is known. */
  readonly verdict: 'passed' | 'failed' | 'none';
  /** The first test that failed, or how else the run did. */
  readonly by: string;
  readonly seconds: number;
}

/** What is known of a run from what mocha says. */
interface Said {
  isStarted: boolean;
  isEnded: boolean;
  passes: number;
  failed: string | undefined;
}

/**
 * @param cwd the copy's root
 * @param signal ends the run
 * @throws if the signal has ended it
 */
export async function runSpec(cwd: string, spec: string, grep: string, signal: AbortSignal): Promise<SpecRun> {
  signal.throwIfAborted();
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', 'test/run.ts', '--no-redis', spec];
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...args, '--grep', grep, '--bail', '--reporter', 'json-stream'], {
    cwd,
    // A group of its own, with whatever the tests start in it.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const end = (): void => endGroup(child.pid);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, TIME_LIMIT_MS);
  signal.addEventListener('abort', end);
  const said: Said = { isStarted: false, isEnded: false, passes: 0, failed: undefined };
  createInterface({ input: child.stdout }).on('line', (line) => hear(said, line));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode) => resolve(exitCode ?? -1));
    });
    signal.throwIfAborted();
    return { ...judge(said, code, isLate), seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  }
}

function judge(said: Said, code: number, isLate: boolean): Omit<SpecRun, 'seconds'> {
  if (said.failed !== undefined) return { verdict: 'failed', by: said.failed };
  if (isLate) return { verdict: 'failed', by: `(not over after ${TIME_LIMIT_MS / 1_000} s, and killed)` };
  if (!said.isStarted || (said.isEnded && said.passes === 0)) return { verdict: 'none', by: '(no test was run)' };
  if (!said.isEnded) return { verdict: 'failed', by: '(the process has ended)' };
  return code === 0 ? { verdict: 'passed', by: '' } : { verdict: 'failed', by: '(something was left open)' };
}

/** A line of mocha's, or of a test's own. */
function hear(said: Said, line: string): void {
  const [, event = ''] = /^\["(start|pass|fail|end)",\{/.exec(line) ?? [];
  if (event === 'start') said.isStarted = true;
  else if (event === 'pass') said.passes++;
  else if (event === 'end') said.isEnded = true;
  else if (event === 'fail') said.failed ??= (JSON.parse(line) as [string, { title: string }])[1].title;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
