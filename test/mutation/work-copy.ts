/**
 * A copy of the work tree, to break things in: all that git knows or would take, with the same dependencies, and with our own packages as they
 * are in the copy.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';

/** Files go by their paths from the root. */
export interface WorkCopy {
  readonly path: string;
  read(file: string): string;
  write(file: string, text: string): void;
  remove(): void;
}

/** @throws if our packages would not be those of the copy */
export function copyOf(root: string): WorkCopy {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'evenkeel-mutation-'));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    const files = filesOf(root);
    for (const file of files) {
      mkdirSync(join(path, dirname(file)), { recursive: true });
      cpSync(join(root, file), join(path, file));
    }
    linkDependencies(root, path, files);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    path,
    read: (file) => readFileSync(join(path, file), 'utf8'),
    write: (file, text) => writeFileSync(join(path, file), text),
    remove,
  };
}

function filesOf(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  // What is deleted and not committed yet is listed, too.
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

/** What comes from elsewhere is linked as one; the links of each package, which are relative, are copied, so that they stay in the copy. */
function linkDependencies(root: string, path: string, files: readonly string[]): void {
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  for (const manifest of files.filter((file) => file.includes('/') && basename(file) === 'package.json')) {
    const folder = join(dirname(manifest), 'node_modules');
    if (!existsSync(join(root, folder))) continue;
    cpSync(join(root, folder), join(path, folder), { recursive: true, verbatimSymlinks: true });
    assertOwn(path, join(path, folder, '@evenkeel'));
  }
}

function assertOwn(path: string, scope: string): void {
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const target = realpathSync(join(scope, name));
    if (!target.startsWith(path + sep)) throw new Error(`${join(scope, name)} is outside of the copy: ${target}`);
  }
}
