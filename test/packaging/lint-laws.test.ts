/**
 * Breaks each law of `.oxlintrc.json` once, in a folder that is laid out like this repository, and sees the linter report it.
 * One run of the linter over all snippets; each snippet breaks one law.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

interface Snippet {
  readonly law: string;
  readonly file: string;
  readonly code: string;
  /** The rule that reports it; undefined where the law allows the snippet. */
  readonly rule: string | undefined;
}

const core = (path: string): string => `packages/core/src/${path}`;

function refuses(law: string, rule: string, file: string, code: string): Snippet {
  return { law: `refuses ${law}`, rule, file, code };
}
function allows(law: string, file: string, code: string): Snippet {
  return { law: `allows ${law}`, rule: undefined, file, code };
}

function importing(...specifiers: readonly string[]): string {
  return specifiers
    .map((specifier, n) => `import type * as Type${n} from '${specifier}';\nexport type { Type${n} };`)
    .join('\n');
}

const GLOBALS = 'eslint(no-restricted-globals)';
const PROPERTIES = 'eslint(no-restricted-properties)';
const LAYERS = 'laws(layers)';

const SNIPPETS: readonly Snippet[] = [
  // Time and chance
  refuses('Date.now in a cluster', PROPERTIES, core('cluster/date-now.ts'), 'export const now = Date.now();'),
  refuses(
    'performance.now in a strategy',
    PROPERTIES,
    core('strategies/now.ts'),
    'export const now = performance.now();',
  ),
  refuses('process.hrtime in health', PROPERTIES, core('health/hrtime.ts'), 'export const now = process.hrtime();'),
  refuses('Math.random in a strategy', PROPERTIES, core('strategies/random.ts'), 'export const n = Math.random();'),
  refuses('setTimeout in health', GLOBALS, core('health/timeout.ts'), 'setTimeout(() => {}, 1);'),
  refuses('setInterval in discovery', GLOBALS, core('discovery/interval.ts'), 'setInterval(() => {}, 1);'),
  refuses('setImmediate in a cluster', GLOBALS, core('cluster/immediate.ts'), 'setImmediate(() => {});'),
  refuses(
    'timers by import',
    LAYERS,
    core('cluster/timers.ts'),
    "import { setTimeout } from 'node:timers';\nsetTimeout(() => {}, 1);",
  ),
  allows(
    'the clock to read time',
    core('lib/clock.ts'),
    'export const now = performance.now();\nsetTimeout(() => {}, 1);',
  ),
  allows('the random source to roll dice', core('lib/random.ts'), 'export const n = Math.random();'),
  allows('the transport to use timers', core('transport/timer.ts'), 'setTimeout(() => {}, 1);'),
  allows('dispatch to use timers', core('dispatch/timer.ts'), 'setImmediate(() => {});'),

  // Layers of core
  refuses('lib importing anything', LAYERS, core('lib/up.ts'), importing('../errors.ts')),
  refuses('a noun importing a policy', LAYERS, core('endpoint.ts'), importing('./health/a.ts')),
  refuses('a strategy importing health', LAYERS, core('strategies/health.ts'), importing('../health/a.ts')),
  refuses('health importing a strategy', LAYERS, core('health/strategy.ts'), importing('../strategies/a.ts')),
  refuses('retry importing health', LAYERS, core('retry/health.ts'), importing('../health/a.ts')),
  refuses('a policy importing the cluster', LAYERS, core('discovery/cluster.ts'), importing('../cluster/a.ts')),
  refuses('the cluster importing dispatch', LAYERS, core('cluster/dispatch.ts'), importing('../dispatch/a.ts')),
  refuses('the cluster importing undici', LAYERS, core('cluster/undici.ts'), importing('undici')),
  refuses('health importing node:net', LAYERS, core('health/net.ts'), "export const net = import('node:net');"),
  refuses('a file of core in no layer', LAYERS, core('utils/thing.ts'), importing('../errors.ts')),
  allows(
    'a strategy importing lib and the nouns',
    core('strategies/fine.ts'),
    importing('../lib/a.ts', '../endpoint.ts'),
  ),
  allows('the cluster importing policies', core('cluster/fine.ts'), importing('../health/a.ts')),
  allows(
    'the transport importing undici',
    core('transport/fine.ts'),
    "import type { Pool } from 'undici';\nexport type B = Pool;",
  ),

  // Between packages
  refuses(
    'proxy importing session-store',
    LAYERS,
    'packages/proxy/src/sessions.ts',
    importing('@evenkeel/session-store'),
  ),
  refuses('session-store importing proxy', LAYERS, 'packages/session-store/src/proxy.ts', importing('@evenkeel/proxy')),
  refuses('core importing another package', LAYERS, core('dispatch/proxy.ts'), importing('@evenkeel/proxy')),
  refuses('express importing koa', LAYERS, 'packages/express/src/koa.ts', importing('koa')),
  refuses('a package importing test code', LAYERS, 'packages/proxy/src/test.ts', importing('../../../test/a.ts')),
  refuses('a package importing an example', LAYERS, 'packages/koa/src/example.ts', importing('@evenkeel/examples')),
  refuses(
    "a package reaching into another one's source",
    LAYERS,
    'packages/proxy/src/reach.ts',
    importing('../../core/src/errors.ts'),
  ),
  allows(
    'express importing both halves',
    'packages/express/src/fine.ts',
    importing('@evenkeel/proxy', '@evenkeel/session-store'),
  ),

  // Shape of modules
  refuses('a cycle of imports', 'import(no-cycle)', 'packages/proxy/src/a.ts', importing('./b.ts')),
  refuses('a file that re-exports another', 'laws(no-barrel)', core('cluster/barrel.ts'), "export * from './fine.ts';"),
  refuses('a default export', 'import(no-default-export)', core('cluster/default.ts'), 'export default 1;'),
  refuses('a file of more than 300 lines', 'eslint(max-lines)', core('cluster/long.ts'), 'export {};\n'.repeat(301)),
  refuses(
    'a built-in module without node:',
    'unicorn(prefer-node-protocol)',
    'packages/proxy/src/http.ts',
    importing('http'),
  ),
  refuses(
    'top-level await',
    'node(no-top-level-await)',
    core('dispatch/await.ts'),
    'await Promise.resolve();\nexport {};',
  ),
  allows('index.ts to re-export', core('index.ts'), "export * from './cluster/fine.ts';"),

  // Language
  refuses('an enum', 'laws(erasable-only)', core('cluster/enum.ts'), 'export enum A { B }'),
  refuses(
    'a namespace',
    'laws(erasable-only)',
    core('cluster/namespace.ts'),
    'export namespace A { export const b = 1; }',
  ),
  refuses(
    'a parameter property',
    'laws(erasable-only)',
    core('cluster/property.ts'),
    'export class A { constructor(readonly b: number) {} }',
  ),
  refuses(
    'syntax that Node 22 cannot parse',
    'laws(no-using)',
    core('dispatch/using.ts'),
    'export async function f(a: AsyncDisposable): Promise<void> {\n  await using b = a;\n  void b;\n}',
  ),
  refuses('inheritance', 'laws(no-inheritance)', core('cluster/extends.ts'), 'class A {}\nexport class B extends A {}'),
  refuses(
    'a Dispatcher outside dispatch',
    'laws(no-inheritance)',
    core('transport/dispatcher.ts'),
    "import { Dispatcher } from 'undici';\nexport class B extends Dispatcher {}",
  ),
  refuses('any', 'typescript(no-explicit-any)', core('cluster/any.ts'), 'export const a = (b: any): unknown => b;'),
  refuses(
    '@ts-ignore',
    'typescript(ban-ts-comment)',
    core('cluster/ignore.ts'),
    '// @ts-ignore\nexport const a: string = 1;',
  ),
  refuses(
    'a floating promise',
    'typescript(no-floating-promises)',
    core('dispatch/floating.ts'),
    'Promise.reject(new Error());\nexport {};',
  ),
  refuses(
    'a misused promise',
    'typescript(no-misused-promises)',
    core('dispatch/misused.ts'),
    'export const f = async (): Promise<void> => {};\nif (f()) f satisfies unknown;',
  ),
  refuses('console in a package', 'eslint(no-console)', core('dispatch/console.ts'), "console.log('x');"),
  allows(
    'a namespace that augments a framework',
    'packages/express/src/augment.ts',
    'declare global {\n  namespace Express {\n    interface Request {\n      a: 1;\n    }\n  }\n}\nexport type A = 1;',
  ),
  allows('an error class', core('cluster/error.ts'), 'export class A extends Error {}'),
  allows(
    'a Dispatcher in dispatch',
    core('dispatch/dispatcher.ts'),
    "import { Dispatcher } from 'undici';\nexport class B extends Dispatcher {}",
  ),
];

/** Files that snippets need beside them, themselves within the law. */
const BESIDE: Readonly<Record<string, string>> = {
  'packages/proxy/src/b.ts': importing('./a.ts'),
};

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
}

/** Runs the linter over `files` as if they stood in this repository. */
async function lint(files: Readonly<Record<string, string>>): Promise<Diagnostic[]> {
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-lint-'));
  try {
    for (const path of ['node_modules', 'test']) symlinkSync(join(ROOT, path), join(dir, path), 'junction');
    for (const path of ['.oxlintrc.json', 'tsconfig.base.json']) cpSync(join(ROOT, path), join(dir, path));
    writeFileSync(
      join(dir, 'tsconfig.json'),
      JSON.stringify({ extends: './tsconfig.base.json', include: ['packages'] }),
    );
    for (const [file, code] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), `${code}\n`);
    }
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
    const output = await new Promise<string>((resolve) => {
      // oxlint exits with 1 if it finds something; what it printed tells whether it ran.
      execFile(process.execPath, [oxlint, '--format=json', 'packages'], { cwd: dir }, (_, stdout, stderr) =>
        resolve(stdout || stderr),
      );
    });
    assert.match(output, /^\{/, output);
    return (JSON.parse(output) as { diagnostics: Diagnostic[] }).diagnostics;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the linter', function () {
  this.timeout(60_000);
  let diagnostics: Diagnostic[];
  before(async () => {
    diagnostics = await lint({ ...BESIDE, ...Object.fromEntries(SNIPPETS.map(({ file, code }) => [file, code])) });
  });

  for (const { law, rule, file } of SNIPPETS) {
    it(law, () => {
      const codes = diagnostics.filter(({ filename }) => filename === file).map(({ code }) => code);
      if (rule === undefined) assert.deepEqual(codes, []);
      else assert.ok(codes.includes(rule), `${rule} among [${codes.join(', ')}]`);
    });
  }
});
