/**
 * Sessions in one SQLite file, through Node's own `node:sqlite`: nothing to install, and several processes of one machine may share
 * the file. Write-ahead logging, one row per field, and one immediate transaction per commit, which gives the same merge rules as Redis.
 *
 * Calls are synchronous inside: a read takes some 10 us and a commit some 50 us of the event loop, more while another process writes.
 * A commit survives the death of the process; the last ones before a loss of power may be lost (`synchronous = NORMAL`).
 * @see https://www.sqlite.org/wal.html
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { durationMs, resolveOptions, v } from '@evenkeel/core/options';
import { isFieldName } from '../fields/fields.ts';
import { acceptance, addToField, conflictsWith, refusal } from '../fields/merge.ts';
import { sessionKey } from '../session-key.ts';
import {
  COMMIT_NAMES_KEPT,
  type CommitReceipt,
  type ListedSession,
  type SessionPatch,
  type SessionRecord,
  type SessionStore,
} from '../store.ts';
import { corruptError, storeError } from '../store-error.ts';
import { openDatabase, statementsOf } from './sqlite-schema.ts';

/** Options of `sqliteSessionStore`. */
export interface SqliteSessionStoreOptions {
  /** The file; made if it is not there. Not on a network drive. `:memory:` keeps it in this process. */
  readonly path: string;
  /** How long a call may wait, blocking the event loop, for other processes' writes, in ms, 0..60,000. @default 1,000 */
  readonly busyTimeoutMs?: number;
}

/** A session store that holds a file open until it is closed. */
export interface SqliteSessionStore extends SessionStore, Disposable {
  /** Closes the file. Later calls fail with SESSION_STORE. */
  close(): void;
}

const OPTIONS = v.strictObject({
  path: v.pipe(v.string(), v.nonEmpty('a file name')),
  busyTimeoutMs: v.optional(durationMs(0, 60_000), 1_000),
});
const SWEEP_INTERVAL_MS = 60_000;

/**
 * A store in a SQLite file. Opens it at once.
 * @throws INVALID_OPTIONS
 * @throws SESSION_STORE if the file cannot be opened
 * @throws SESSION_CORRUPT if the file is a database of something else
 */
export function sqliteSessionStore(options: SqliteSessionStoreOptions): SqliteSessionStore {
  const { path, busyTimeoutMs } = resolveOptions('sqliteSessionStore', OPTIONS, options);
  return new SqliteStore(openDatabase(path, Math.floor(busyTimeoutMs)));
}

/** A session, and the names of its last commits, each with a space before it. */
interface Held {
  readonly record: SessionRecord;
  readonly commits: string;
}

const NOBODY = { record: undefined, commits: '' } as const;

/** Eight characters each, and the space. */
const COMMITS_LENGTH = COMMIT_NAMES_KEPT * 9;

class SqliteStore implements SqliteSessionStore {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof statementsOf>;
  #sweepAt = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = statementsOf(database);
  }

  async load(id: string, now: number): Promise<SessionRecord | undefined> {
    return guarded(() => this.#read(sessionKey(id), now)?.record);
  }

  async commit(id: string, patch: SessionPatch, now: number): Promise<CommitReceipt | undefined> {
    return this.#transaction(() => {
      const key = sessionKey(id);
      const { record, commits } = this.#read(key, now) ?? NOBODY;
      const before = record?.fields ?? new Map<string, string>();
      if (record !== undefined && patch.name !== undefined && commits.split(' ').includes(patch.name)) {
        return acceptance(
          record.version,
          new Map([...patch.add.keys()].map((name) => [name, before.get(name) ?? '0'])),
        );
      }
      if (patch.mode === 'update' && (record === undefined || record.isRetired)) return undefined;
      if (patch.mode === 'create' && record !== undefined) throw corruptError('A new session id', 'it is in use');
      const conflicts = conflictsWith(before, patch);
      if (conflicts.size > 0) return refusal(record?.version ?? 0, conflicts);
      const { putSession, putField, removeField } = this.#statements;
      // An expired session of the same id may still have rows.
      if (record === undefined) this.#remove(key);
      const version = (record?.version ?? 0) + 1;
      const { createdAt, principal } = record ?? patch;
      const names = patch.name === undefined ? commits : `${commits} ${patch.name}`.slice(-COMMITS_LENGTH);
      putSession.run(key, version, createdAt, now, patch.expiresAt, principal ?? null, names);
      const sums = new Map([...patch.add].map(([name, by]) => [name, addToField(name, before.get(name), by)]));
      for (const [name, value] of [...patch.set, ...sums]) putField.run(key, name, value);
      for (const name of patch.remove) removeField.run(key, name);
      this.#sweep(now);
      return acceptance(version, sums);
    });
  }

  async touch(id: string, expiresAt: number, now: number): Promise<boolean> {
    return guarded(() => this.#statements.touch.run(now, expiresAt, sessionKey(id), now).changes === 1);
  }

  async destroy(id: string, now: number): Promise<SessionRecord | undefined> {
    return this.#transaction(() => {
      const key = sessionKey(id);
      const held = this.#read(key, now);
      this.#remove(key);
      return held?.record;
    });
  }

  async retire(id: string, until: number, now: number): Promise<SessionRecord | undefined> {
    return this.#transaction(() => {
      const key = sessionKey(id);
      const record = this.#read(key, now)?.record;
      if (record === undefined || record.isRetired) return record;
      const expiresAt = Math.min(until, record.expiresAt);
      this.#statements.retire.run(expiresAt, key);
      return { ...record, isRetired: true, expiresAt };
    });
  }

  async list(principal: string, now: number): Promise<readonly ListedSession[]> {
    return this.#transaction(() =>
      keysIn(this.#statements.list.all(principal, now)).map((key) => ({ key, record: this.#read(key, now)!.record })),
    );
  }

  async end(key: string, now: number): Promise<boolean> {
    return this.#transaction(() => {
      const isThere = this.#read(key, now) !== undefined;
      this.#remove(key);
      return isThere;
    });
  }

  async revoke(principal: string): Promise<void> {
    this.#transaction(() => keysIn(this.#statements.owned.all(principal)).forEach((key) => this.#remove(key)));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Immediate: the lock for writing comes before the first read, so what was read is still true at the commit. */
  #transaction<T>(work: () => T): T {
    return guarded(() => {
      this.#statements.begin.run();
      try {
        const result = work();
        this.#statements.commit.run();
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#statements.rollback.run();
        throw error;
      }
    });
  }

  #read(key: string, now: number): Held | undefined {
    // One statement, so that it is one snapshot also outside of a transaction.
    const rows = this.#statements.read.all(key);
    const fields = new Map<string, string>();
    for (const { name, value } of rows) {
      if (name === null) continue;
      if (typeof name !== 'string' || !isFieldName(name) || typeof value !== 'string') {
        throw corruptError('A row of the SQLite file', 'a field of another kind');
      }
      fields.set(name, value);
    }
    const [first] = rows;
    if (first === undefined || integerOf(first, 'expires') <= now) return undefined;
    const { principal, commits } = first;
    const record: SessionRecord = {
      version: integerOf(first, 'version'),
      createdAt: integerOf(first, 'created'),
      touchedAt: integerOf(first, 'touched'),
      expiresAt: integerOf(first, 'expires'),
      principal: typeof principal === 'string' ? principal : undefined,
      isRetired: integerOf(first, 'retired') !== 0,
      fields,
    };
    return { record, commits: String(commits) };
  }

  #remove(key: string): void {
    this.#statements.removeFields.run(key);
    this.#statements.removeSession.run(key);
  }

  /** Piecemeal, so that no request pays for a night's worth of dead sessions. */
  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    const expired = this.#statements.expired.all(now);
    for (const key of keysIn(expired)) this.#remove(key);
    // A full batch means there is more; the next commit goes on.
    if (expired.length < 100) this.#sweepAt = now + SWEEP_INTERVAL_MS;
  }
}

type Row = ReturnType<StatementSync['all']>[number];

function keysIn(rows: readonly Row[]): string[] {
  return rows.map((row) => String(row['id']));
}

function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw corruptError('A row of the SQLite file', `no ${column}`);
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw storeError('SQLite did not do what the session needs', cause);
  }
}
