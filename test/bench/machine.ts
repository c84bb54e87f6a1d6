import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join } from 'node:path';

/** What the numbers hold for, one line each. @param versions of what takes part, as `versionOf()` says */
export function conditions(isPinned: boolean, versions: readonly string[]): string[] {
  const processors = cpus();
  const pinning = isPinned
    ? 'what is measured on one core, all else on another'
    : 'not pinned, so the spread is larger';
  return [
    `Node ${process.version}, V8 ${process.versions.v8}; ${versions.join(', ')}`,
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ${platform()} ${release()} ${arch()}; ${pinning}`,
    `flags: ${[...process.execArgv, 'NODE_ENV=production'].join(' ')}`,
  ];
}

/** By hand, since most packages do not export their package.json. @returns name and version */
export function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string };
      return `${name} ${version}`;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`no package ${name} at or above ${dirname(import.meta.url)}`);
}
