/**
 * The public types of a package as one text: every declaration file that its entries reach, in the order of their names.
 * `pnpm api` writes it to api/<package>.d.ts; a test compares. What changes there changes for users.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, ROOT } from './workspace.ts';
import type { WorkspacePackage } from './workspace.ts';

export function reportPath({ folder }: WorkspacePackage): string {
  return join(ROOT, 'test/packaging/api', `${folder}.d.ts`);
}

/** The report of a package as it is built now. */
export function apiReport({ path, manifest }: WorkspacePackage): string {
  const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
    typeof target === 'string' ? [] : [{ name: join(manifest.name, name), file: target['types']!.slice('./'.length) }],
  );
  const reached = new Set<string>();
  function visit(file: string): void {
    if (reached.has(file)) return;
    reached.add(file);
    for (const specifier of importsOf(declarations(path, file))) {
      if (!specifier.startsWith('.')) continue;
      const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
      visit(target.replace(/\.[jt]s$/, '.d.ts'));
    }
  }
  for (const { file } of entries) visit(file);
  return [
    ...entries.map(({ name, file }) => `// ${name}: ${file}\n`),
    ...[...reached].toSorted().map((file) => `\n// ${file}\n${declarations(path, file)}`),
  ].join('');
}

function declarations(path: string, file: string): string {
  if (!existsSync(join(path, file))) throw new Error(`${join(path, file)} does not exist: build first`);
  return readFileSync(join(path, file), 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
}
