import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileResolver } from '@evenkeel/core';
import type { FileResolverOptions } from '@evenkeel/core';
import { closing } from '../../closing.ts';
import { rig } from './rig.ts';
import type { Rig } from './rig.ts';

interface WatchedFile extends Rig {
  readonly path: string;
  /** Resolves when the operating system told of another change. */
  noticed(): Promise<void>;
  /** Resolves when the file was read another time. */
  read(): Promise<void>;
}

/** A file in a folder of its own, and its resolver. */
async function watching(content: string | undefined, options: Partial<FileResolverOptions> = {}): Promise<WatchedFile> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-'));
  closing({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  const path = join(folder, 'endpoints.json');
  if (content !== undefined) await writeFile(path, content);
  let onNoticed = (): void => undefined;
  let onRead = (): void => undefined;
  const rigged = rig(fileResolver({ path, ...options }), (io) => ({
    watchFile: (file, onChange) =>
      io.watchFile(file, () => {
        onChange();
        onNoticed();
      }),
    readFile: (file, maxBytes) => io.readFile(file, maxBytes).finally(() => onRead()),
  }));
  return Object.assign(closing(rigged), {
    path,
    noticed: () => new Promise<void>((resolve) => (onNoticed = resolve)),
    read: () => new Promise<void>((resolve) => (onRead = resolve)),
  });
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Writes to the file and lets the time pass in which writes are taken together. */
async function change(file: WatchedFile, write: () => Promise<void>): Promise<void> {
  const noticed = file.noticed();
  await write();
  await noticed;
  await settle();
  file.clock.advance(100);
}

describe('fileResolver()', () => {
  it('reads a list of endpoints, or an object with one', async () => {
    const list = await watching('["http://10.0.0.1:80"]');
    assert.deepEqual(await list.next(), ['http://10.0.0.1:80']);
    const wrapped = await watching('{"comment":"by hand","endpoints":[{"url":"http://10.0.0.2","weight":3}]}');
    assert.deepEqual(await wrapped.next(), [{ url: 'http://10.0.0.2', weight: 3 }]);
  });

  it('notices a file that is renamed into its place, time and again', async () => {
    const file = await watching('["http://a"]');
    await file.next();
    for (const name of ['b', 'c']) {
      const set = file.next();
      await writeFile(`${file.path}.new`, `["http://${name}"]`);
      await change(file, () => rename(`${file.path}.new`, file.path));
      assert.deepEqual(await set, [`http://${name}`]);
    }
    assert.deepEqual(file.failures, []);
  });

  it('notices a file that is written in place', async () => {
    const file = await watching('["http://a"]');
    await file.next();
    const set = file.next();
    await change(file, () => writeFile(file.path, '["http://b"]'));
    assert.deepEqual(await set, ['http://b']);
  });

  it('notices that the folder behind a mounted config map is another one', async () => {
    const file = await watching(undefined);
    const folder = join(file.path, '..');
    for (const name of ['1', '2']) {
      await mkdir(join(folder, `..${name}`));
      await writeFile(join(folder, `..${name}`, 'endpoints.json'), `["http://${name}"]`);
    }
    await symlink('..1', join(folder, '..data'));
    await symlink('..data/endpoints.json', file.path);
    assert.deepEqual(await file.next(), ['http://1']);
    const set = file.next();
    await symlink('..2', join(folder, '..next'));
    await change(file, () => rename(join(folder, '..next'), join(folder, '..data')));
    assert.deepEqual(await set, ['http://2']);
  });

  it('takes changes within 100 ms together', async () => {
    const file = await watching('["http://a"]');
    await file.next();
    const set = file.next();
    const noticed = file.noticed();
    await writeFile(file.path, '["http://b"]');
    await noticed;
    await settle();
    file.clock.advance(99);
    await writeFile(file.path, '["http://c"]');
    file.clock.advance(1);
    assert.deepEqual(await set, ['http://c']);
  });

  it('looks now and then where no change is told', async () => {
    const file = await watching('["http://a"]', { intervalMs: 5_000 });
    const blind = rig(fileResolver({ path: file.path, intervalMs: 5_000 }), () => ({
      watchFile: () => () => undefined,
    }));
    closing(blind);
    await blind.next();
    const set = blind.next();
    await writeFile(file.path, '["http://b"]');
    blind.clock.advance(4_999);
    assert.equal(blind.clock.pending, 1);
    blind.clock.advance(1);
    await settle();
    blind.clock.advance(100);
    assert.deepEqual(await set, ['http://b']);
  });

  for (const [what, content, message] of [
    ['is no JSON', '["http://a"', /endpoints\.json: not JSON/],
    ['lists no endpoint', '[]', /endpoints\.json: `endpoints` must be at least one endpoint/],
    ['has a wrong endpoint', '["ftp://a"]', /endpoints\.json: `endpoints\[0\]\.url` must be an origin/],
    ['has no list', '{"endpoints":"http://a"}', /endpoints\.json: `endpoints` must be an array of endpoints/],
  ] as const) {
    it(`tells once that the file ${what} and waits for a better one`, async () => {
      const file = await watching('["http://a"]');
      await file.next();
      const set = file.next();
      const read = file.read();
      await change(file, () => writeFile(file.path, content));
      await read;
      await settle();
      assert.equal(file.failures.length, 1);
      assert.match((file.failures[0] as Error).message, message);
      const again = file.read();
      file.clock.advance(10_000);
      await settle();
      file.clock.advance(100);
      await again;
      await settle();
      await change(file, () => writeFile(file.path, '["http://b"]'));
      assert.deepEqual(await set, ['http://b']);
      assert.equal(file.failures.length, 1);
    });
  }

  it('reads no more of a file than it may', async () => {
    const file = await watching(`["http://a"]${' '.repeat(52)}`, { maxBytes: 64 });
    assert.deepEqual(await file.next(), ['http://a']);
    const read = file.read();
    void file.next().catch(() => undefined);
    await change(file, () => writeFile(file.path, `["http://a"]${' '.repeat(53)}`));
    await read;
    await settle();
    assert.match((file.failures[0] as Error).message, /endpoints\.json is larger than 64 bytes/);
    if (!existsSync('/dev/zero')) return;
    const endless = closing(rig(fileResolver({ path: '/dev/zero' })));
    void endless.next().catch(() => undefined);
    while (endless.failures.length === 0) await settle();
    assert.match((endless.failures[0] as Error).message, /\/dev\/zero is larger than 1048576 bytes/);
  });

  it('watches no longer than it is asked', async () => {
    let watches = 0;
    const file = rig(fileResolver({ path: '/nowhere/at-all.json' }), () => ({
      watchFile() {
        watches++;
        return () => void watches--;
      },
    }));
    const set = file.next();
    assert.equal(watches, 1);
    await file[Symbol.asyncDispose]();
    assert.equal(watches, 0);
    await assert.rejects(set, /the test is over/);
  });

  it('waits for a file that is not there yet', async () => {
    const file = await watching(undefined);
    const read = file.read();
    const set = file.next();
    await read;
    await settle();
    await change(file, () => writeFile(file.path, '["http://a"]'));
    assert.deepEqual(await set, ['http://a']);
    assert.equal((file.failures[0] as { code: string }).code, 'ENOENT');
  });

  it('looks now and then for a folder that is not there yet', async () => {
    const file = await watching(undefined);
    const folder = join(file.path, '..', 'later');
    const late = closing(rig(fileResolver({ path: join(folder, 'endpoints.json'), intervalMs: 1_000 })));
    const set = late.next();
    while (late.failures.length === 0) await settle();
    await mkdir(folder);
    await writeFile(join(folder, 'endpoints.json'), '["http://a"]');
    await settle();
    late.clock.advance(1_000);
    await settle();
    late.clock.advance(100);
    assert.deepEqual(await set, ['http://a']);
  });

  it('refuses a path that is none', () => {
    assert.throws(() => fileResolver({ path: '' }), { code: 'INVALID_OPTIONS', message: /`path` must be a path/ });
  });
});
