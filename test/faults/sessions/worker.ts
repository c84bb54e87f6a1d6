/**
 * One app instance that works on sessions which all instances share. Its task is `process.argv[2]`, a `WorkerTask` as JSON; it tells
 * its parent the history of its calls as they happen, then ends with its parent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { seeded } from '@evenkeel/core/testing';
import type { HistoryEvent } from './history.ts';
import { recording } from './recorder.ts';
import { openStore, type Place, type VariantName } from './variants.ts';

export interface WorkerTask {
  /** The name of this instance. */
  readonly process: string;
  readonly variant: VariantName;
  readonly place: Place;
  readonly prefix: string;
  readonly seed: number;
  /** How many are at work at once, and how many commits each of them makes. */
  readonly writers: number;
  readonly commits: number;
  /** A writer rests for less than this after each call, in ms. */
  readonly restMs: number;
  readonly sessions: readonly string[];
  /** Those of them that this instance changes. */
  readonly written: readonly string[];
  /** Sessions that this instance destroys, one after each so many commits of its first writer. All instances use them. */
  readonly doomed: readonly string[];
  readonly doomEvery: number;
  /** Each commit in a field of its own: what of them is there in the end can be told one by one. */
  readonly isTally: boolean;
}

/** What the parent is told; `stop` is all that the parent says. */
export interface WorkerMessage {
  readonly events: readonly HistoryEvent[];
  readonly isReady: boolean;
  readonly isDone: boolean;
}

const REPORT_MS = 20;

const task = JSON.parse(process.argv[2]!) as WorkerTask;
const random = seeded(task.seed);
let events: HistoryEvent[] = [];
let isStopped = false;
process.on('message', () => (isStopped = true));
process.on('disconnect', () => process.exit());

function report(state: { isReady?: boolean; isDone?: boolean } = {}): void {
  const message: WorkerMessage = { events, isReady: false, isDone: false, ...state };
  events = [];
  process.send!(message);
}

const { store, close } = openStore(task.variant, task.place, task.prefix);
const recorded = recording(store, task.process, (event) => events.push(event));

async function commit(writer: number, n: number): Promise<void> {
  const session = task.written[random.below(task.written.length)]!;
  const own = `w${task.process}${writer}`;
  const value = JSON.stringify(`${own}-${n}`);
  // As a request does; what is not known of a session cannot be sent to a new master.
  if (task.isTally) await recorded.call(session, { kind: 'load' });
  const set = task.isTally ? { [`${own}-${n}`]: value } : { [own]: value, last: value };
  const add = { n: 1, [`n${task.process}${writer}`]: 1 };
  const answer = await recorded.call(session, { kind: 'commit', set, add });
  // Who is refused at once would have no work left by the time Redis is back.
  if (answer === undefined) await delay(REPORT_MS);
}

/** Asks until it is told. */
async function destroy(session: string): Promise<void> {
  while ((await recorded.call(session, { kind: 'destroy' })) === undefined) await delay(REPORT_MS);
}

async function write(writer: number): Promise<void> {
  const dooms = [...task.doomed];
  for (let n = 1; n <= task.commits && !isStopped; n++) {
    await commit(writer, n);
    if (!task.isTally && random.below(2) === 0) {
      const session = task.sessions[random.below(task.sessions.length)]!;
      await recorded.call(session, { kind: random.below(5) === 0 ? 'touch' : 'load' });
    }
    if (writer === 0 && n % task.doomEvery === 0 && dooms.length > 0) await destroy(dooms.pop()!);
    await delay(random.below(task.restMs));
  }
}

await store.load(task.sessions[0]!, Date.now()).catch(() => undefined);
report({ isReady: true });
const reporting = setInterval(report, REPORT_MS);
await Promise.all(Array.from({ length: task.writers }, (_, writer) => write(writer)));
clearInterval(reporting);
report({ isDone: true });
close();
