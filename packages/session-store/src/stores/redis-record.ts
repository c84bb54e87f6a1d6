/** What Redis holds of a session, as a record; and the proof that it is of this library's making. */
import { isFieldName } from '../fields/fields.ts';
import type { SessionRecord } from '../store.ts';
import { corruptError } from '../store-error.ts';

/** A session as Redis has it. */
export interface StoredSession {
  readonly record: SessionRecord;
  /** The principal's generation when the session began; 0 if it is nobody's. */
  readonly generation: number;
}

/** The shapes in which ioredis hands over a hash: an object, a Map (`replyMapping: 'resp3'`), a list (out of a script). */
export function entriesOf(reply: unknown): [string, string][] {
  if (reply instanceof Map) return [...reply].map(([name, value]) => [String(name), String(value)]);
  if (!Array.isArray(reply)) return Object.entries(Object(reply)).map(([name, value]) => [name, String(value)]);
  const entries: [string, string][] = [];
  for (let i = 0; i < reply.length; i += 2) entries.push([String(reply[i]), String(reply[i + 1])]);
  return entries;
}

/** A count or a moment as Redis keeps it; undefined for any other text. */
export function integerOf(text: string): number | undefined {
  const number = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Undefined if there are no entries. O(entries). @throws SESSION_CORRUPT unless they are those of a session */
export function readSession(key: string, entries: readonly [string, string][]): StoredSession | undefined {
  if (entries.length === 0) return undefined;
  const meta = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const [name, value] of entries) {
    if (name.startsWith('#')) meta.set(name, value);
    else if (name.startsWith('.') && isFieldName(name.slice(1))) fields.set(name.slice(1), value);
    else throw corruptError(`The Redis key ${key}`, 'it has a field of another kind');
  }
  function integer(name: string): number {
    const value = integerOf(meta.get(name) ?? '');
    if (value === undefined) throw corruptError(`The Redis key ${key}`, `no ${name}`);
    return value;
  }
  const principal = meta.get('#p');
  const retired = meta.get('#r');
  if (retired !== undefined && retired !== '1') throw corruptError(`The Redis key ${key}`, 'it is not plainly retired');
  return {
    record: {
      version: integer('#v'),
      createdAt: integer('#c'),
      touchedAt: integer('#a'),
      expiresAt: integer('#x'),
      principal,
      isRetired: retired === '1',
      fields,
    },
    generation: principal === undefined ? 0 : integer('#g'),
  };
}
