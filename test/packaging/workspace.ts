/** The packages of this workspace as the packaging tests see them: their manifests, their sources, what they emit. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export const ROOT: string = join(import.meta.dirname, '../..');

/** The fields of a package.json that the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** The folder's name below `packages/`. */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
}

export const PACKAGES: readonly WorkspacePackage[] = readdirSync(join(ROOT, 'packages'))
  .toSorted()
  .map((folder) => {
    const path = join(ROOT, 'packages', folder);
    return { folder, path, manifest: readManifest(path) };
  });

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** All files below `folder`, as paths relative to it with forward slashes, without those in `node_modules` and `dist`. */
export function filesBelow(folder: string, extension: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isFile()) return entry.name.endsWith(extension) ? [entry.name] : [];
      if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name === 'dist') return [];
      return filesBelow(join(folder, entry.name), extension).map((file) => `${entry.name}/${file}`);
    })
    .toSorted();
}

/** The specifiers that a module imports or re-exports from, types included. */
export function importsOf(code: string): string[] {
  const statements = code.matchAll(/^(?:import|export)\s+(?:[\w$*{},\s]+\sfrom\s+)?(['"])(?<specifier>[^'"\n]+)\1/gm);
  const calls = code.matchAll(/\bimport\(\s*(['"])(?<specifier>[^'"\n]+)\1/g);
  return [...statements, ...calls].map(({ groups }) => groups!['specifier']!);
}

/** The compiler, to be run by Node. */
export const TSC: string = join(
  dirname(createRequire(join(ROOT, 'package.json')).resolve('typescript/package.json')),
  'bin/tsc',
);

const run = promisify(execFile);
let built: Promise<unknown> | undefined;

/** Compiles all packages; does nothing where nothing changed. */
export async function build(): Promise<void> {
  built ??= run(process.execPath, [TSC, '-b', ...PACKAGES.map(({ path }) => path)], { cwd: ROOT }).catch(
    (error: { stdout: string }) => {
      throw new Error(`The packages do not compile:\n${error.stdout}`);
    },
  );
  await built;
}
