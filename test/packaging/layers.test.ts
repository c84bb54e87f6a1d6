import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importProblem } from './layers.ts';
import { filesBelow, importsOf, PACKAGES, ROOT } from './workspace.ts';

const MAX_LINES = 300;

/** Every source file of every package by its path from the root, and what it imports. */
const SOURCES = PACKAGES.flatMap(({ folder }) => {
  const source = `packages/${folder}/src`;
  return filesBelow(join(ROOT, source), '.ts').map((name) => {
    const code = readFileSync(join(ROOT, source, name), 'utf8');
    return { file: `${source}/${name}`, lines: code.split('\n').length - 1, imports: importsOf(code) };
  });
});

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}

/** The first cycle of imports that is met, as a path that ends where it starts; undefined if there is none. */
function findCycle(): readonly string[] | undefined {
  const edges = new Map(
    SOURCES.map(({ file, imports }) => [
      file,
      imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => resolve(file, specifier)),
    ]),
  );
  const done = new Set<string>();
  function visit(file: string, trail: readonly string[]): readonly string[] | undefined {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  }
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe('the source of the packages', () => {
  it('imports in one direction only', () => {
    const problems = SOURCES.flatMap(({ file, imports }) =>
      imports.map((specifier) => importProblem(file, specifier)).filter((problem) => problem !== undefined),
    );
    assert.deepEqual(problems, []);
  });

  it('has no cycle of imports', () => {
    assert.equal(findCycle()?.join(' -> '), undefined);
  });

  it(`has no file of more than ${MAX_LINES} lines`, () => {
    const long = SOURCES.filter(({ lines }) => lines > MAX_LINES).map(({ file, lines }) => `${file}: ${lines}`);
    assert.deepEqual(long, []);
  });
});

describe('the reader of imports', () => {
  it('sees every form of import', () => {
    const code = [
      "import a from 'a';",
      "import 'b';",
      "import type { C } from './c.ts';",
      "import {\n  d,\n} from 'd';",
      "export * from 'e';",
      "export * as f from 'f';",
      "export type { G } from 'g';",
      "const h = await import('h');",
      "type I = import('i').I;",
      "export const j = 'not-an-import';",
      "// import k from 'k'",
    ].join('\n');
    assert.deepEqual(importsOf(code), ['a', 'b', './c.ts', 'd', 'e', 'f', 'g', 'h', 'i']);
  });
});
