/** A run of workers over sessions, from the creation of the sessions to the verdict. */
import { randomUUID } from 'node:crypto';
import { newSessionId } from '@evenkeel/core/session-cookie';
import type { SessionStore } from '@evenkeel/session-store';
import { startWorkers, type WorkerFleet } from './fleet.ts';
import { type HistoryEvent, type Operation, operationsOf } from './history.ts';
import { recording } from './recorder.ts';
import type { FinalState } from './verdict.ts';
import { openStore, type Place, type VariantName } from './variants.ts';
import type { WorkerTask } from './worker.ts';

/** The issue's own measure takes minutes: `EVENKEEL_FAULTS=full`. */
export const IS_FULL: boolean = process.env['EVENKEEL_FAULTS'] === 'full';

/** What all instances of a run have in common. */
export interface RunPlan {
  readonly variant: VariantName;
  readonly place: Place;
  /** Where the first instance finds it, if that is not the same. */
  readonly detour?: Place;
  readonly seed: number;
  readonly instances: number;
  readonly writers: number;
  readonly commits: number;
  readonly restMs: number;
  readonly sessions: number;
  /** How many of them are destroyed on the way. */
  readonly doomed: number;
  /** After so many commits of an instance's first writer. */
  readonly doomEvery: number;
  readonly isTally: boolean;
}

/** What is known when all is over. */
export interface RunRecord {
  readonly operations: readonly Operation[];
  readonly finals: ReadonlyMap<string, FinalState | undefined>;
}

/** Starts the workers, lets `faults` do its worst while they work, and reads what there is when all have ended. */
export async function runUnder(plan: RunPlan, faults: (fleet: WorkerFleet) => Promise<void>): Promise<RunRecord> {
  const prefix = `faults-${randomUUID()}:`;
  const { store, close } = openStore('plain', plan.place, prefix);
  const events: HistoryEvent[] = [];
  const sessions = await newSessions(store, plan.sessions, events);
  const fleet = await startWorkers(tasksOf(plan, prefix, sessions));
  try {
    await faults(fleet);
    await fleet.done();
    const operations = operationsOf([...events, ...fleet.events]);
    return { operations, finals: await finalsOf(store, sessions) };
  } finally {
    close();
    await fleet[Symbol.asyncDispose]();
  }
}

function tasksOf(plan: RunPlan, prefix: string, sessions: readonly string[]): WorkerTask[] {
  const { variant, place, seed, instances, writers, commits, restMs, isTally, doomEvery, detour = place } = plan;
  const doomed = sessions.slice(0, plan.doomed);
  return Array.from({ length: instances }, (_, i) => ({
    ...{ process: `p${i}`, variant, prefix, writers, commits, restMs, isTally, sessions, doomEvery },
    place: i === 0 ? detour : place,
    seed: seed * 100 + i,
    // Every other session has one writer only, so that the rest depend on what they hear of it.
    written: sessions.filter((_session, k) => k % 2 === 0 || k % instances === i),
    doomed: doomed.filter((_session, k) => k % instances === i),
  }));
}

async function newSessions(store: SessionStore, count: number, events: HistoryEvent[]): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newSessionId());
  const recorded = recording(store, 'setup', (event) => events.push(event));
  for (const id of ids) {
    const answer = await recorded.call(id, { kind: 'commit', mode: 'create', set: {}, add: {} });
    if (answer?.kind !== 'stored') throw new Error('A session could not be made before the faults begin');
  }
  return ids;
}

async function finalsOf(
  store: SessionStore,
  sessions: readonly string[],
): Promise<Map<string, FinalState | undefined>> {
  const finals = new Map<string, FinalState | undefined>();
  for (const session of sessions) {
    const record = await whenItAnswers(() => store.load(session, Date.now(), 'strong'));
    finals.set(session, record && { version: record.version, fields: Object.fromEntries(record.fields) });
  }
  return finals;
}

const PATIENCE = 100;

/** A client may need a while to find its servers again. Each attempt takes as long as the store's deadline. */
async function whenItAnswers<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === PATIENCE) throw error;
    }
  }
}
