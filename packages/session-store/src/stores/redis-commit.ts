/** A patch as the arguments of the commit script, and the script's answer as a receipt. */
import { randomBytes } from 'node:crypto';
import { BalancerError } from '@evenkeel/core';
import { acceptance, notAddable, refusal } from '../fields/merge.ts';
import type { CommitReceipt, SessionPatch } from '../store.ts';
import { corruptError } from '../store-error.ts';
import type { Answer } from './redis-calls.ts';
import { COMMIT_NAME_LENGTH, WORD } from './redis-scripts.ts';

const NAME = /^[\w-]{8}$/;

/** The commit's own name, or a random one. @throws INVALID_OPTIONS for a name that the ring of names has no place for */
export function commitName({ name }: SessionPatch): string {
  if (name === undefined) return randomBytes((COMMIT_NAME_LENGTH * 3) / 4).toString('base64url');
  if (NAME.test(name)) return name;
  throw new BalancerError(
    'INVALID_OPTIONS',
    `A commit's name must be ${COMMIT_NAME_LENGTH} characters of A-Za-z0-9_-, got ${JSON.stringify(name)}`,
  );
}

/** What of a commit the patch does not say. */
export interface CommitContext {
  readonly now: number;
  readonly name: string;
  readonly listedUntil: number;
  readonly graceMs: number;
  /** The principal's; 0 if there is none. */
  readonly generation: number;
}

/** The arguments behind the latest moment. O(patch). */
export function commitArguments(patch: SessionPatch, context: CommitContext): (string | number)[] {
  const { mode, expiresAt, createdAt, principal, expect = NOTHING, set, remove, add } = patch;
  const { now, name, listedUntil, graceMs, generation } = context;
  const list = [now, mode === 'create' ? 'c' : 'u', name, expiresAt, createdAt, listedUntil, graceMs];
  list.push(marked(principal), generation, set.size, remove.length, add.size, expect.size);
  // One by one: what is spread and flattened makes several lists on the way, and every write waits for this.
  for (const [field, value] of set) list.push(field, value);
  for (const field of remove) list.push(field);
  for (const [field, by] of add) list.push(field, by);
  for (const [field, value] of expect) list.push(field, marked(value));
  return list;
}

const NOTHING: ReadonlyMap<string, undefined> = new Map<string, undefined>();

/** What the store does next. */
export interface CommitOutcome {
  readonly receipt: CommitReceipt;
  /** Whose list does not reach to the session's new end. */
  readonly toBeListed: string | undefined;
}

/** @returns undefined if the session is gone or retired. @throws SESSION_FIELD, SESSION_CORRUPT */
export function commitOutcome({ add }: SessionPatch, { word, rest }: Answer): CommitOutcome | undefined {
  const [first = '', ...values] = rest;
  if (word === WORD.gone) return undefined;
  if (word === WORD.exists) throw corruptError('A new session id', 'it is in use');
  if (word === WORD.notAddable) throw notAddable(first);
  if (word === WORD.conflict) {
    const conflicts = new Map<string, string | undefined>();
    for (let i = 0; i < values.length; i += 2) conflicts.set(values[i]!, unmarked(values[i + 1]));
    return { receipt: refusal(Number(first), conflicts), toBeListed: undefined };
  }
  const sums = new Map([...add.keys()].map((field, i) => [field, values[i] ?? '0']));
  return { receipt: acceptance(Number(word), sums), toBeListed: unmarked(first) };
}

/** A text or none, for Lua. */
export function marked(text: string | undefined): string {
  return text === undefined ? '-' : `=${text}`;
}

/** A text or none, from Lua. */
export function unmarked(text: string | undefined): string | undefined {
  return text?.startsWith('=') ? text.slice(1) : undefined;
}
