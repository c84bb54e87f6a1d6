/** The file of the SQLite store: how it is opened, what its tables are, and the statements over them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { corruptError, storeError } from '../store-error.ts';

/** "evkl": marks a file as ours. @see https://www.sqlite.org/pragma.html#pragma_application_id */
const APPLICATION_ID = 0x65766b6c;

/** Another one is another shape of the tables. */
const SCHEMA_VERSION = 2;

const SCHEMA = `
CREATE TABLE session (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, created INTEGER NOT NULL, touched INTEGER NOT NULL, expires INTEGER NOT NULL,
  principal TEXT, retired INTEGER NOT NULL, commits TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires);
CREATE INDEX session_principal ON session (principal, created) WHERE principal IS NOT NULL;
CREATE TABLE field (
  session TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session, name)
) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** SQLite's primary result code for a lock that somebody else holds. @see https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Opens the file and makes the tables if there are none. Several processes may do so at once: the step to write-ahead logging needs
 * the file for itself and, unlike all others, does not wait for it, so the whole is tried again for as long as a call may wait.
 * @throws SESSION_STORE if the file cannot be opened
 * @throws SESSION_CORRUPT if it is a database of something else
 */
export function openDatabase(path: string, busyTimeoutMs: number): DatabaseSync {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return openOnce(path, busyTimeoutMs);
    } catch (cause) {
      if (!isBusy(cause) || performance.now() >= deadline) {
        throw storeError(`The session file ${path} cannot be opened`, cause);
      }
      sleep(1 + Math.random() * 10);
    }
  }
}

function openOnce(path: string, busyTimeoutMs: number): DatabaseSync {
  // Loaded here and not by an import: on some versions of Node its mere loading prints a warning.
  const sqlite = process.getBuiltinModule('node:sqlite');
  const database = new sqlite.DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // In one transaction, which sees one state of the file: another process may be making the tables just now.
    database.exec('BEGIN');
    assertOurs(database, path);
    database.exec('COMMIT');
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    createTables(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined;
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY;
}

/** Blocks the thread, as all of SQLite does. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** An empty file is ours to take. */
function assertOurs(database: DatabaseSync, path: string): boolean {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id'];
  const objects = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'];
  if (id === APPLICATION_ID) {
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version === SCHEMA_VERSION) return true;
    throw corruptError(`The file ${path}`, `its tables are of version ${String(version)}, not ${SCHEMA_VERSION}`);
  }
  if (id === 0 && objects === 0) return false;
  throw corruptError(`The file ${path}`, 'it is a database of something else');
}

function createTables(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  // Asked again under the lock: another process may have been faster.
  if (!assertOurs(database, path)) database.exec(SCHEMA);
  database.exec('COMMIT');
}

/** The statements of a store, prepared once. */
export interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly read: StatementSync;
  readonly putSession: StatementSync;
  readonly putField: StatementSync;
  readonly removeField: StatementSync;
  readonly removeFields: StatementSync;
  readonly removeSession: StatementSync;
  readonly touch: StatementSync;
  readonly retire: StatementSync;
  readonly list: StatementSync;
  readonly owned: StatementSync;
  readonly expired: StatementSync;
}

export function statementsOf(database: DatabaseSync): Statements {
  const upsert = 'ON CONFLICT DO UPDATE SET';
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    read: database.prepare(
      'SELECT s.version, s.created, s.touched, s.expires, s.principal, s.retired, s.commits, f.name, f.value FROM session s LEFT JOIN field f ON f.session = s.id WHERE s.id = ?',
    ),
    putSession: database.prepare(
      `INSERT INTO session (id, version, created, touched, expires, principal, retired, commits) VALUES (?, ?, ?, ?, ?, ?, 0, ?) ${upsert} version = excluded.version, touched = excluded.touched, expires = excluded.expires, commits = excluded.commits`,
    ),
    putField: database.prepare(
      `INSERT INTO field (session, name, value) VALUES (?, ?, ?) ${upsert} value = excluded.value`,
    ),
    removeField: database.prepare('DELETE FROM field WHERE session = ? AND name = ?'),
    removeFields: database.prepare('DELETE FROM field WHERE session = ?'),
    removeSession: database.prepare('DELETE FROM session WHERE id = ?'),
    touch: database.prepare('UPDATE session SET touched = ?, expires = ? WHERE id = ? AND expires > ? AND retired = 0'),
    retire: database.prepare('UPDATE session SET retired = 1, expires = ? WHERE id = ?'),
    owned: database.prepare('SELECT id FROM session WHERE principal = ?'),
    list: database.prepare(
      'SELECT id FROM session WHERE principal = ? AND expires > ? AND retired = 0 ORDER BY created',
    ),
    expired: database.prepare('SELECT id FROM session WHERE expires <= ? LIMIT 100'),
  };
}
