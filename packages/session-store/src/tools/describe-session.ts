/**
 * A session for people's eyes: times as dates, and of values only what kind they are, since those are the users' business. What it gives
 * survives JSON, so that it can go into a log.
 */
import { decodeValue } from '../fields/codec.ts';
import type { ListedSession } from '../store.ts';

/** A session as tools show it. */
export interface SessionDescription {
  readonly key: string;
  readonly principal: string | null;
  readonly version: number;
  /** This and the other times are ISO 8601, in UTC. */
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly isRetired: boolean;
  /** Field name to value, or to what kind of value it is and how long its text. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const KINDS: readonly [start: RegExp, kind: string][] = [
  [/^\$/, 'encrypted'],
  [/^"/, 'text'],
  [/^\{/, 'object'],
  [/^\[/, 'list'],
  [/^[-0-9]/, 'number'],
  [/^[tf]/, 'boolean'],
  [/^null$/, 'null'],
  [/^~/, 'value beyond JSON'],
];

/** @param isWithValues shows values: tagged ones with their tags, encrypted ones not. @default false */
export function describeSession({ key, record }: ListedSession, isWithValues: boolean = false): SessionDescription {
  const fields = [...record.fields].map(([name, text]) => [name, isWithValues ? shown(name, text) : kindOf(text)]);
  return {
    key,
    principal: record.principal ?? null,
    version: record.version,
    createdAt: dateOf(record.createdAt),
    lastUsedAt: dateOf(record.touchedAt),
    expiresAt: dateOf(record.expiresAt),
    isRetired: record.isRetired,
    fields: Object.fromEntries(fields),
  };
}

function kindOf(text: string): string {
  const [, kind] = KINDS.find(([start]) => start.test(text)) ?? [undefined, 'unknown'];
  return `<${kind}, ${text.length} characters>`;
}

function shown(name: string, text: string): unknown {
  if (text.startsWith('$')) return kindOf(text);
  try {
    const value = decodeValue(name, text);
    return text.startsWith('~') ? JSON.parse(text.slice(1)) : value;
  } catch {
    return `<unreadable, ${text.length} characters>`;
  }
}

/** A moment that a store may have got from anybody. */
function dateOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `<${ms} ms>` : date.toISOString();
}
