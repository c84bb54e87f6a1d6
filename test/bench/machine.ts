import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release } from 'node:os';
import { dirname, join } from 'node:path';

const PACKAGES = [
  'undici',
  'express',
  'koa',
  'http-proxy-middleware',
  'fastify',
  '@fastify/http-proxy',
  '@evenkeel/core',
];

/** What the numbers hold for, one line each. */
export function conditions(isPinned: boolean): string[] {
  const processors = cpus();
  const pinning = isPinned
    ? 'the candidate on one core, clients and endpoints on another'
    : 'not pinned: taskset or a second core is missing, so the spread is larger';
  return [
    `Node ${process.version}, V8 ${process.versions.v8}; ${PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', ')}`,
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ${platform()} ${release()} ${arch()}; ${pinning}`,
    `flags: ${[...process.execArgv, 'NODE_ENV=production'].join(' ')}`,
  ];
}

/** By hand, since most packages do not export their package.json. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string };
      return version;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`no package ${name} at or above ${dirname(import.meta.url)}`);
}
