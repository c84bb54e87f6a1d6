/**
 * The `cookie` of a session of express-session: how long it says that the session lives, and what of it is stored.
 *
 * `expires` moves with every request, so it is not stored where `originalMaxAge` says the same: it is made again from the session's
 * own end. Otherwise every request would change a field.
 */
import type { SessionDocument } from './document.ts';
import type { DropInOptions } from './options.ts';

/** The options that say how long a session lives. */
export type TimeOptions = Pick<Required<DropInOptions>, 'ttlMs' | 'maxTouchIntervalMs'>;

/** More than any pause between two lines of code, and less than anybody would ask for. */
const MAX_DRIFT_MS = 100;

/** What a document's cookie means for its session. */
interface DocumentTimes {
  /** The session ends so long after its cookie, in ms, since its touches may be as late. */
  readonly touchIntervalMs: number;
  /** In ms since the epoch. */
  readonly expiresAt: number;
}

/** A document as it is to be stored, and when it ends. */
export interface StoredDocument extends DocumentTimes {
  readonly document: SessionDocument;
}

/** @param before the stored cookie that the request has read, if any */
export function toStored(document: object, before: unknown, now: number, times: TimeOptions): StoredDocument {
  const stored: SessionDocument = { ...document };
  const { expires, originalExpires, ...cookie } = plain(stored['cookie']);
  const age = (cookie['originalMaxAge'] = sameAge(cookie['originalMaxAge'], plain(before)['originalMaxAge']));
  const end = typeof expires === 'string' ? Date.parse(expires) : Number.NaN;
  const touchIntervalMs = touchIntervalOf(Number.isNaN(end) ? times.ttlMs : age, times);
  const expiresAt = (Number.isNaN(end) ? now + Math.floor(times.ttlMs) : end) + touchIntervalMs;
  // Not the same as none at all, which is how sessions of other libraries come.
  if (!Object.hasOwn(stored, 'cookie')) return { document: { ...stored, cookie: null }, touchIntervalMs, expiresAt };
  const rest = isAge(age) ? {} : { expires, originalExpires };
  return { document: { ...stored, cookie: { ...cookie, ...rest } }, touchIntervalMs, expiresAt };
}

/** The document as it was handed over; one of another library gets a cookie that ends with the browser. */
export function fromStored(document: SessionDocument, expiresAt: number, times: TimeOptions): SessionDocument {
  const { cookie: stored, ...rest } = document;
  if (stored === null) return rest;
  const cookie = plain(stored);
  const { originalMaxAge = null } = cookie;
  if (!isAge(originalMaxAge)) return { ...rest, cookie: { ...cookie, originalMaxAge } };
  const expires = new Date(expiresAt - touchIntervalOf(originalMaxAge, times)).toISOString();
  return { ...rest, cookie: { ...cookie, originalMaxAge, expires } };
}

/**
 * Between express-session's reading of `maxAge` and its writing of it the clock may tick, so the age that it hands back is often a
 * millisecond less. That is no change.
 */
function sameAge(age: unknown, before: unknown): unknown {
  return isAge(age) && isAge(before) && Math.abs(before - age) <= MAX_DRIFT_MS ? before : age;
}

/** A hundredth of a session's time, at most what the options say. */
function touchIntervalOf(maxAgeMs: unknown, { maxTouchIntervalMs }: TimeOptions): number {
  return isAge(maxAgeMs) ? Math.floor(Math.min(maxAgeMs / 100, maxTouchIntervalMs)) : 0;
}

function isAge(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}

/** A cookie as JSON has it. Its class has its data behind accessors of its prototype. */
function plain(cookie: unknown): SessionDocument {
  const json: unknown = cookie === undefined ? undefined : JSON.parse(JSON.stringify(cookie) ?? 'null');
  return typeof json === 'object' && json !== null ? (json as SessionDocument) : {};
}
