/**
 * The text under a key of connect-redis: a session as one JSON document. In one that we write for instances that still run connect-redis
 * there is a note of what we wrote, field by field. It survives when they write the document back, so that what they have changed can
 * be told from what they only had read.
 */
import { hash } from 'node:crypto';
import { corruptError } from '../store-error.ts';
import { changesTo, documentOf, type SessionDocument } from './document.ts';
import { fromStored, type TimeOptions, toStored } from './express-cookie.ts';

/** The property with the note. Applications see it in their session, on old instances only. */
const NOTE = '_evenkeel';

/** Long enough for 1 in 10^14 to be missed. */
const DIGEST_LENGTH = 8;

/** Old instances know nothing of ours: the cookie that they get ends a little before or after ours, by a minute at most. */
const TIMES: TimeOptions = { ttlMs: 0, maxTouchIntervalMs: 60_000 };

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

/** What we wrote into a text. */
interface Note {
  /** The digest of the session's id. An application may copy all of a session into one of another id. */
  readonly key: string;
  readonly version: number;
  /** Field name to digest. */
  readonly fields: SessionDocument;
}

/** A text of connect-redis. */
export interface CompatText {
  /** The document's fields as we store them. */
  readonly fields: ReadonlyMap<string, string>;
  /** So much later than its cookie may the session end. */
  readonly touchIntervalMs: number;
  /** The version that we wrote last; undefined for a session that is not one of ours. */
  readonly version: number | undefined;
  /** What an old instance has changed since, as far as that can be told: fields it has set, and names of those it has removed. */
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** @param key the digest of the session's id. @throws SESSION_CORRUPT */
export function readCompatText(text: string, key: string): CompatText {
  const { [NOTE]: note, ...document } = parse(text);
  const { document: stored, touchIntervalMs } = toStored(document, undefined, 0, TIMES);
  const fields = changesTo(stored, NO_FIELDS).set;
  if (!isNote(note) || note.key !== key)
    return { fields, touchIntervalMs, version: undefined, set: fields, remove: [] };
  const isNew = ([name, value]: [string, string]): boolean => digestIn(note.fields, name) !== digestOf(value);
  const set = new Map([...fields].filter(isNew));
  // A session that is not of express-session gets its cookie from there; it has no use for it.
  if (!Object.hasOwn(note.fields, 'cookie')) set.delete('cookie');
  const remove = Object.keys(note.fields).filter((name) => !fields.has(name));
  return { fields, touchIntervalMs, version: note.version, set, remove };
}

/** The text of a session of ours. */
export function writeCompatText(
  key: string,
  version: number,
  fields: ReadonlyMap<string, string>,
  expiresAt: number,
): string {
  const document = documentOf(fields);
  const note: Note = { key, version, fields: {} };
  for (const [name, value] of changesTo(document, NO_FIELDS).set) note.fields[name] = digestOf(value);
  return JSON.stringify({ ...fromStored(document, expiresAt, TIMES), [NOTE]: note });
}

function parse(text: string): SessionDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw corruptError('A key of connect-redis', 'it holds no JSON');
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document as SessionDocument;
  throw corruptError('A key of connect-redis', 'it holds no object');
}

function isNote(note: unknown): note is Note {
  if (typeof note !== 'object' || note === null) return false;
  const { key, version, fields } = note as SessionDocument;
  return typeof key === 'string' && Number.isSafeInteger(version) && typeof fields === 'object' && fields !== null;
}

function digestIn(fields: SessionDocument, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function digestOf(value: string): string {
  return hash('sha256', value, 'base64url').slice(0, DIGEST_LENGTH);
}
