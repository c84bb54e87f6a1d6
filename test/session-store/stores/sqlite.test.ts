import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBalancerError } from '@evenkeel/core';
import { newSessionId } from '@evenkeel/core/session-cookie';
import { sqliteSessionStore } from '@evenkeel/session-store';
import { patchOf } from '../../conformance/session-store-model.ts';
import { describeSessionStore } from '../../conformance/session-store.ts';

let folder: string;
before(() => void (folder = mkdtempSync(join(tmpdir(), 'evenkeel-sqlite-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.sqlite`);
}

describeSessionStore('sqliteSessionStore', () => {
  const path = newFile();
  const store = sqliteSessionStore({ path });
  const other = sqliteSessionStore({ path });
  return {
    store,
    other,
    close() {
      store.close();
      other.close();
    },
  };
});

describe('sqliteSessionStore', () => {
  it('keeps sessions when the process ends', async () => {
    const path = newFile();
    const id = newSessionId();
    const first = sqliteSessionStore({ path });
    await first.commit(id, patchOf({ set: new Map([['a', '1']]) }), patchOf().createdAt);
    first.close();
    const second = sqliteSessionStore({ path });
    assert.deepEqual((await second.load(id, patchOf().createdAt))?.fields, new Map([['a', '1']]));
    second[Symbol.dispose]();
  });

  it('never writes an id to the file', async () => {
    const path = newFile();
    const id = newSessionId();
    const store = sqliteSessionStore({ path });
    await store.commit(id, patchOf({ set: new Map([['a', '"needle"']]) }), patchOf().createdAt);
    store.close();
    const content = readFileSync(path, 'latin1');
    assert.ok(content.includes('needle'));
    assert.ok(!content.includes(id));
  });

  it('is opened by several processes at once while it does not exist yet', async () => {
    const opener = join(import.meta.dirname, '../fixtures/open-sqlite.ts');
    const children = Array.from({ length: 4 }, () => fork(opener));
    const said = (): Promise<string[]> =>
      Promise.all(children.map((child) => once(child, 'message').then(([message]) => message as string)));
    await said();
    // All at once, and often: without waiting for the lock about one open in twenty failed.
    for (let round = 0; round < 40; round++) {
      const answers = said();
      const path = newFile();
      for (const child of children) child.send(path);
      assert.deepEqual(await answers, ['committed', 'committed', 'committed', 'committed']);
    }
    for (const child of children) child.disconnect();
  });

  it('removes the rows of expired sessions as others are committed', async () => {
    const path = newFile();
    const store = sqliteSessionStore({ path });
    for (let i = 0; i < 150; i++) {
      await store.commit(newSessionId(), patchOf({ createdAt: 0, expiresAt: 10, set: new Map([['a', '1']]) }), 0);
    }
    const later = patchOf({ createdAt: 100_000, expiresAt: 900_000 });
    for (let i = 0; i < 3; i++) await store.commit(newSessionId(), later, 100_000);
    const database = new DatabaseSync(path);
    const count = (table: string): unknown => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
    assert.deepEqual([count('session'), count('field')], [3, 0]);
    database.close();
    store.close();
  });

  it('refuses a database of something else and leaves it as it was', () => {
    const path = newFile();
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE session (id); INSERT INTO session VALUES (1)');
    database.close();
    const before = readFileSync(path);
    assert.throws(() => sqliteSessionStore({ path }), { code: 'SESSION_CORRUPT' });
    assert.deepEqual(readFileSync(path), before);
  });

  it('is not misled by another process that makes the tables at the same moment', () => {
    const path = newFile();
    const { prepare } = DatabaseSync.prototype;
    let isFirst = true;
    DatabaseSync.prototype.prepare = function prepareAfterOthers(sql) {
      const statement = Reflect.apply(prepare, this, [sql]);
      if (isFirst && sql.includes('sqlite_schema')) {
        isFirst = false;
        try {
          sqliteSessionStore({ path, busyTimeoutMs: 0 }).close();
        } catch (error) {
          assert.equal(isBalancerError(error) && error.code, 'SESSION_STORE', 'it waits for us');
        }
      }
      return statement;
    };
    try {
      sqliteSessionStore({ path }).close();
    } finally {
      DatabaseSync.prototype.prepare = prepare;
    }
  });

  it('refuses rows that it cannot have written', async () => {
    const path = newFile();
    const store = sqliteSessionStore({ path });
    const { createdAt: now } = patchOf();
    const id = newSessionId();
    await store.commit(id, patchOf({ set: new Map([['a', '1']]) }), now);
    const database = new DatabaseSync(path);
    database.exec("UPDATE field SET name = '__proto__'");
    database.close();
    await assert.rejects(store.load(id, now), { code: 'SESSION_CORRUPT' });
    store.close();
  });

  it('fails with SESSION_STORE where it cannot write, and after it was closed', async () => {
    assert.throws(() => sqliteSessionStore({ path: join(folder, 'no/such/folder/file') }), { code: 'SESSION_STORE' });
    const store = sqliteSessionStore({ path: newFile() });
    store.close();
    store.close();
    await assert.rejects(store.load(newSessionId(), 0), { code: 'SESSION_STORE' });
    await assert.rejects(store.commit(newSessionId(), patchOf(), 0), { code: 'SESSION_STORE' });
  });

  it('fails with SESSION_STORE when another process holds the file for longer than it waits', async () => {
    const path = newFile();
    const store = sqliteSessionStore({ path, busyTimeoutMs: 0 });
    const blocker = new DatabaseSync(path);
    blocker.exec('BEGIN IMMEDIATE');
    await assert.rejects(store.commit(newSessionId(), patchOf(), 0), { code: 'SESSION_STORE', message: /locked/ });
    blocker.exec('ROLLBACK');
    blocker.close();
    assert.equal((await store.commit(newSessionId(), patchOf(), 0))?.version, 1);
    store.close();
  });

  it('loads node:sqlite only when it is used', () => {
    const script = `
      const { sqliteSessionStore } = await import('@evenkeel/session-store');
      const isLoaded = () => process.moduleLoadList.includes('NativeModule sqlite') || process.moduleLoadList.includes('Internal Binding sqlite');
      const before = isLoaded();
      sqliteSessionStore({ path: ':memory:' }).close();
      console.log(before, isLoaded());`;
    const { stdout } = spawnSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    assert.equal(stdout.trim(), 'false true');
  });

  it('refuses options that make no sense', () => {
    assert.throws(() => sqliteSessionStore({ path: '' }), {
      code: 'INVALID_OPTIONS',
      message: /`path` must be a file name/,
    });
    assert.throws(() => sqliteSessionStore({ path: ':memory:', busyTimeoutMs: -1 }), {
      code: 'INVALID_OPTIONS',
      message: /`busyTimeoutMs` must be a number of milliseconds from 0 to 60000, got -1/,
    });
  });
});
