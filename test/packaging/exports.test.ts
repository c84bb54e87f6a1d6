/** What a user gets: every package is packed as for the registry, unpacked, and looked at from there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build, filesBelow, PACKAGES, readManifest, ROOT, TSC } from './workspace.ts';
import type { WorkspacePackage } from './workspace.ts';

const run = promisify(execFile);

/** Where the packages are unpacked, with their dependencies beside them, as an installation would look. */
let installed: string;

function installedPath(name: string): string {
  return join(installed, 'node_modules', name);
}

function tarballPath({ folder }: WorkspacePackage): string {
  return join(installed, `${folder}.tgz`);
}

async function pack(each: WorkspacePackage): Promise<void> {
  // Started by pnpm, that same pnpm is on the PATH.
  const pnpm = process.env['npm_config_user_agent']?.startsWith('pnpm/') === true ? 'pnpm' : 'npx -y pnpm@12';
  const [command, ...args] = `${pnpm} pack --silent --out`.split(' ') as [string, ...string[]];
  await run(command, [...args, tarballPath(each)], { cwd: each.path });
  const target = installedPath(each.manifest.name);
  mkdirSync(target, { recursive: true });
  await run('tar', ['-xzf', tarballPath(each), '-C', target, '--strip-components=1']);
}

/** Puts the third-party dependencies of a package beside it, from where the workspace has them. */
function linkDependencies({ path, manifest }: WorkspacePackage): void {
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    const link = installedPath(name);
    const source = join(path, 'node_modules', name);
    // An optional peer that nothing imports is not there.
    if (existsSync(link) || !existsSync(source)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(source), link, 'junction');
  }
}

/** The specifiers of a package's entries that are code. */
function entriesOf({ manifest }: WorkspacePackage): string[] {
  const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== 'string');
  return entries.map(([entry]) => manifest.name + entry.slice(1));
}

/** What the compiler has against our types in a project that imports every entry and trusts no declaration file. */
async function complaintsOfCompiler(moduleResolution: string): Promise<string[]> {
  const imports = PACKAGES.flatMap(entriesOf).map((entry, n) => `export * as entry${n} from '${entry}';\n`);
  writeFileSync(join(installed, 'user.ts'), imports.join(''));
  const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
  const compilerOptions = { strict: true, target: 'es2024', module, moduleResolution, types: ['node'], noEmit: true };
  writeFileSync(join(installed, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(installed, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.ts'] }));
  const output = await run(process.execPath, [TSC, '-p', installed], { cwd: installed }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  // What others' declaration files have wrong is theirs.
  return output
    .split('\n')
    .filter((line) => /^(user\.ts|node_modules\/@evenkeel)/.test(line) || /error TS5\d+/.test(line));
}

/** Runs `code` as CommonJS in the folder of the installation and gives what it printed on both channels. */
async function runInstalled(code: string, nodeArgs: readonly string[] = []): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [...nodeArgs, '--input-type=commonjs', '-e', code], {
    cwd: installed,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout + stderr;
}

describe('as it is published', function () {
  this.timeout(60_000);

  before(async () => {
    installed = mkdtempSync(join(tmpdir(), 'evenkeel-packed-'));
    await build();
    await Promise.all(PACKAGES.map(pack));
    PACKAGES.forEach(linkDependencies);
    symlinkSync(join(ROOT, 'test/node_modules/@types'), installedPath('@types'), 'junction');
  });
  after(() => rmSync(installed, { recursive: true }));

  for (const moduleResolution of ['nodenext', 'bundler']) {
    it(`has types that compile with moduleResolution ${moduleResolution}`, async () => {
      assert.deepEqual(await complaintsOfCompiler(moduleResolution), []);
    });
  }

  for (const each of PACKAGES) {
    const { name } = each.manifest;

    describe(name, () => {
      const entries = entriesOf(each);

      it('has every file that its manifest names', () => {
        const targets = Object.values(readManifest(installedPath(name)).exports).flatMap((target) =>
          typeof target === 'string' ? [target] : Object.values(target),
        );
        assert.deepEqual(
          targets.filter((target) => !existsSync(join(installedPath(name), target))),
          [],
        );
      });

      it('offers the entries of the workspace, without the condition that means their source', () => {
        const expected = Object.entries(each.manifest.exports).map(([entry, target]) => {
          if (typeof target === 'string') return [entry, target];
          const { source: _, ...published } = target;
          return [entry, published];
        });
        assert.deepEqual(readManifest(installedPath(name)).exports, Object.fromEntries(expected));
      });

      it('depends on plain ranges', () => {
        const { dependencies, peerDependencies } = readManifest(installedPath(name));
        for (const range of Object.values({ ...dependencies, ...peerDependencies })) assert.match(range, /^[\^>=~]*\d/);
      });

      it('ships no compiled file without a source', () => {
        const sources = new Set(
          filesBelow(join(installedPath(name), 'src'), '.ts').map((file) => file.slice(0, -'.ts'.length)),
        );
        const compiled = filesBelow(join(each.path, 'dist'), '.js').map((file) => file.slice(0, -'.js'.length));
        assert.deepEqual(
          compiled.filter((file) => !sources.has(file)),
          [],
        );
      });

      it('ships a licence and a readme', () => {
        for (const file of ['LICENSE', 'README.md']) assert.ok(existsSync(join(installedPath(name), file)), file);
      });

      it('satisfies publint', async () => {
        const tarball = new Uint8Array(readFileSync(tarballPath(each))).buffer;
        const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
        assert.deepEqual(
          messages.map((message) => formatMessage(message, pkg ?? {})),
          [],
        );
      });

      it('resolves to its types in every mode that understands exports', async () => {
        const result = await checkPackage(createPackageFromTarballData(readFileSync(tarballPath(each))));
        assert.ok(result.types !== false, 'there are types');
        // The oldest mode knows no exports, and `require` of a module is fine in every Node that we support.
        const problems = result.problems.filter(
          (problem) =>
            problem.kind !== 'CJSResolvesToESM' &&
            !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
        );
        assert.deepEqual(problems, []);
      });

      for (const specifier of entries) {
        it(`gives the same names to require('${specifier}') and to import, without a warning`, async () => {
          const code = `import('${specifier}').then((imported) => {
          require('node:assert').deepEqual(Object.keys(require('${specifier}')), Object.keys(imported));
        })`;
          assert.equal(await runInstalled(code), '');
        });
      }

      it('is not taken from its source by users who set the condition "source" for themselves', async () => {
        const code = `console.log(${JSON.stringify(entries)}.map((entry) => require.resolve(entry)).join())`;
        const paths = await runInstalled(code, ['--conditions=source']);
        for (const path of paths.trim().split(',')) assert.match(path, /\.js$/);
      });
    });
  }
});
