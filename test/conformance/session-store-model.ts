/**
 * What a session store must do, as a map would do it; random sequences of calls are compared with it.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { newSessionId } from '@evenkeel/core/session-cookie';
import type { SessionPatch, SessionRecord, SessionStore } from '@evenkeel/session-store';

export const HOUR = 3_600_000;
export const NOW = 1_800_000_000_000;

/** A store under test, and another handle of the same data as a second process would have. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /** The same as `store` where there can be no other. */
  readonly other: SessionStore;
  close(): void | Promise<void>;
}

/** Throws if the store does not keep it. */
export type Law = (subject: StoreUnderTest) => Promise<void>;

/** Stores a session with these fields. @returns its id */
export async function stored(
  store: SessionStore,
  fields: Record<string, string>,
  patch: Partial<SessionPatch> = {},
): Promise<string> {
  const id = newSessionId();
  await store.commit(id, patchOf({ set: new Map(Object.entries(fields)), ...patch }), NOW);
  return id;
}

/** A patch that creates unless told otherwise. */
export function patchOf(patch: Partial<SessionPatch> = {}): SessionPatch {
  const nothing = { set: new Map(), remove: [], add: new Map() };
  return { mode: 'create', createdAt: NOW, expiresAt: NOW + HOUR, ...nothing, ...patch };
}

/** Runs random sequences of calls, alternating between two handles of the same data. */
export async function assertDoesWhatAMapWould(store: SessionStore, other: SessionStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 25 }), async (steps) => {
      const ids = [newSessionId(), newSessionId()] as const;
      const model = new Map<number, ModelSession>();
      let now = NOW;
      for (const [i, step] of steps.entries()) {
        now += step.afterMs;
        const actual = await perform(i % 2 ? store : other, ids[step.session]!, step, now);
        assert.deepEqual(actual, modelled(model, step, now));
      }
    }),
    { numRuns: 30, seed: 20_261_122 },
  );
}

/** One call of the random sequence. */
interface Step {
  readonly call: 'load' | 'create' | 'update' | 'touch' | 'destroy';
  readonly session: number;
  readonly afterMs: number;
  readonly set: [string, string][];
  readonly remove: string[];
}

interface ModelSession {
  version: number;
  expiresAt: number;
  fields: Map<string, string>;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  call: fc.constantFrom('load', 'create', 'update', 'update', 'touch', 'destroy'),
  session: fc.nat({ max: 1 }),
  afterMs: fc.constantFrom(0, 0, 1, HOUR / 2, HOUR),
  set: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '"x"', 'null')), { maxLength: 2 }),
  remove: fc.subarray(['d', 'e']),
});

async function perform(store: SessionStore, id: string, step: Step, now: number): Promise<unknown> {
  const patch = patchOf({ createdAt: now, expiresAt: now + HOUR, set: new Map(step.set), remove: step.remove });
  switch (step.call) {
    case 'load':
      return observed(await store.load(id, now));
    case 'destroy':
      return observed(await store.destroy(id, now));
    case 'touch':
      return store.touch(id, now + HOUR, now);
    default:
      return store.commit(id, { ...patch, mode: step.call }, now).then(
        (receipt) => receipt?.version,
        (error: { code: string }) => error.code,
      );
  }
}

function modelled(model: Map<number, ModelSession>, { call, session, set, remove }: Step, now: number): unknown {
  const found = model.get(session);
  const live = found !== undefined && found.expiresAt > now ? found : undefined;
  if (live === undefined) model.delete(session);
  if (call === 'load') return observed(live);
  if (call === 'destroy') {
    model.delete(session);
    return observed(live);
  }
  if (call === 'touch') {
    if (live !== undefined) live.expiresAt = now + HOUR;
    return live !== undefined;
  }
  if (call === 'create' && live !== undefined) return 'SESSION_CORRUPT';
  if (call === 'update' && live === undefined) return undefined;
  const next = live ?? { version: 0, expiresAt: 0, fields: new Map() };
  next.version++;
  next.expiresAt = now + HOUR;
  for (const [name, value] of set) next.fields.set(name, value);
  for (const name of remove) next.fields.delete(name);
  model.set(session, next);
  return next.version;
}

function observed(record: Pick<SessionRecord, 'version' | 'expiresAt' | 'fields'> | undefined): unknown {
  return record && { version: record.version, expiresAt: record.expiresAt, fields: sorted(record.fields) };
}

export function sorted(fields: ReadonlyMap<string, string> | undefined): [string, string][] {
  return [...(fields ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
