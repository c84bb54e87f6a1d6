/**
 * Breaks each law of the proxy, in a copy of the work tree, and sees whether a test of that law fails:
 * `node --conditions=source test/mutation/main.ts [--law n] [--only words]`. Ends with 1 if a law can be broken without a test that minds.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutations } from './laws.ts';
import { broken, grepOf, specOf } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import { runSpec } from './spec-run.ts';
import type { SpecRun } from './spec-run.ts';
import { copyOf } from './work-copy.ts';
import type { WorkCopy } from './work-copy.ts';

const ROOT = join(import.meta.dirname, '../..');

function chosen(): Mutation[] {
  const { law, only } = parseArgs({ options: { law: { type: 'string' }, only: { type: 'string' } } }).values;
  const fitting = mutations.filter(
    (mutation) => (law === undefined || mutation.law === Number(law)) && mutation.what.includes(only ?? ''),
  );
  if (fitting.length === 0) throw new Error('there is no such mutation');
  return fitting;
}

/** Each choice of tests has to pass as long as nothing is broken. @returns whether all do */
async function runUnbroken(copy: WorkCopy, list: readonly Mutation[], signal: AbortSignal): Promise<boolean> {
  const runs = new Map(list.map((mutation) => [`${specOf(mutation)} ${grepOf(mutation)}`, mutation]));
  console.log(`${runs.size} choices of tests, with nothing broken`);
  let isGood = true;
  for (const [name, mutation] of runs) {
    const { verdict, by } = await runSpec(copy.path, specOf(mutation), grepOf(mutation), signal);
    if (verdict === 'passed') continue;
    isGood = false;
    console.log(`${name}: ${by}`);
  }
  return isGood;
}

async function runBroken(copy: WorkCopy, mutation: Mutation, signal: AbortSignal): Promise<SpecRun> {
  const source = copy.read(mutation.file);
  const text = broken(source, mutation);
  if (text === undefined) return { verdict: 'none', by: '(its place in the source is not there)', seconds: 0 };
  copy.write(mutation.file, text);
  try {
    return await runSpec(copy.path, specOf(mutation), grepOf(mutation), signal);
  } finally {
    copy.write(mutation.file, source);
  }
}

function row(law: string, what: string, seconds: string, by: string): string {
  return `${law.padStart(3)}  ${what.padEnd(80)}  ${seconds.padStart(7)}  ${by}`;
}

async function main(list: readonly Mutation[], copy: WorkCopy, signal: AbortSignal): Promise<boolean> {
  if (!(await runUnbroken(copy, list, signal))) return false;
  console.log(row('law', 'broken', 'seconds', 'caught by'));
  const survivors: Mutation[] = [];
  for (const mutation of list) {
    const { verdict, by, seconds } = await runBroken(copy, mutation, signal);
    if (verdict !== 'failed') survivors.push(mutation);
    const told = verdict === 'passed' ? 'NOTHING' : verdict === 'none' ? `NOTHING ${by}` : by;
    console.log(row(String(mutation.law), mutation.what, seconds.toFixed(1), told));
  }
  console.log(`${list.length - survivors.length} of ${list.length} were caught`);
  return survivors.length === 0;
}

const list = chosen();
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stopping.abort());
const copy = copyOf(ROOT);
try {
  process.exitCode = (await main(list, copy, stopping.signal)) ? 0 : 1;
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  process.exitCode = 1;
} finally {
  copy.remove();
}
