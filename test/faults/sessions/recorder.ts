/** A store whose calls are written down. */
import { isBalancerError } from '@evenkeel/core';
import type { SessionPatch, SessionRecord, SessionStore } from '@evenkeel/session-store';
import { type Action, type Answer, type HistoryEvent, historyNow } from './history.ts';

/** The calls of a store that histories know. */
export interface RecordedStore {
  /** @returns what the store answered; undefined if it failed */
  call(session: string, action: Action): Promise<Answer | undefined>;
}

const HOUR = 3_600_000;

/** @param process the name of this process in the history */
export function recording(store: SessionStore, process: string, write: (event: HistoryEvent) => void): RecordedStore {
  let serial = 0;
  return {
    async call(session, action) {
      const op = `${process}:${serial++}`;
      write({ type: 'invoke', op, at: historyNow(), process, session, action });
      try {
        const answer = await perform(store, session, action);
        write({ type: 'ok', op, at: historyNow(), answer });
        return answer;
      } catch (error) {
        write({ type: isDefinite(error) ? 'fail' : 'unknown', op, at: historyNow(), error: String(error) });
        return undefined;
      }
    },
  };
}

async function perform(store: SessionStore, session: string, action: Action): Promise<Answer> {
  const now = Date.now();
  switch (action.kind) {
    case 'load':
      return seen(await store.load(session, now));
    case 'destroy':
      return seen(await store.destroy(session, now));
    case 'touch':
      return { kind: (await store.touch(session, now + HOUR, now)) ? 'touched' : 'gone' };
    default: {
      const { mode = 'update', set, add } = action;
      const receipt = await store.commit(session, patchOf(mode, set, add, now), now);
      if (receipt === undefined) return { kind: 'gone' };
      return { kind: 'stored', version: receipt.version, sums: Object.fromEntries(receipt.sums) };
    }
  }
}

function patchOf(
  mode: SessionPatch['mode'],
  set: Readonly<Record<string, string>>,
  add: Readonly<Record<string, number>>,
  now: number,
): SessionPatch {
  const changes = { set: new Map(Object.entries(set)), remove: [], add: new Map(Object.entries(add)) };
  return { mode, createdAt: now, expiresAt: now + HOUR, ...changes };
}

function seen(record: SessionRecord | undefined): Answer {
  if (record === undefined) return { kind: 'gone' };
  return { kind: 'there', version: record.version, fields: Object.fromEntries(record.fields) };
}

/** What says that nothing was stored. Whether a write that failed with SESSION_STORE took effect is unknown by contract. */
function isDefinite(error: unknown): boolean {
  return isBalancerError(error) && error.code !== 'SESSION_STORE';
}
