/**
 * Where the CPU went: reads profiles that `pnpm bench --profile <folder>` wrote. `profile.ts <file.cpuprofile>... [--top 40]`
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const { values: args, positionals: files } = parseArgs({
  options: { top: { type: 'string', default: '40' } },
  allowPositionals: true,
});

/** Whose code it is: a package, or a module of Node's. */
function areaOf({ functionName, url }: ProfileNode['callFrame']): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:internal/deps/undici')) return 'undici in node';
  if (url.startsWith('node:')) return url.replace(/^node:(internal\/)?/, 'node ').split('/')[0]!;
  const own = /\/packages\/([^/]+)\/src\/(\w[\w-]*)/.exec(url);
  if (own !== null) return `evenkeel ${own[1]}/${own[2]}`;
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? basename(url);
}

function nameOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const place = url === '' ? '' : ` ${url.replace(/^.*\/(node_modules|packages|test)\//, '')}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${place}`;
}

/** Self time in ms by what `keyOf` says; idle time left out. */
function selfTimes(profile: Profile, keyOf: (frame: ProfileNode['callFrame']) => string): Map<string, number> {
  const keys = new Map(profile.nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  const times = new Map<string, number>();
  profile.samples.forEach((id, i) => {
    const key = keys.get(id)!;
    if (key.startsWith('(idle)')) return;
    times.set(key, (times.get(key) ?? 0) + profile.timeDeltas[i]! / 1_000);
  });
  return times;
}

function print(title: string, times: ReadonlyMap<string, number>, top: number): void {
  const total = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  console.log(`\n${title}, of ${total.toFixed(0)} ms`);
  const sorted = [...times].toSorted(([, a], [, b]) => b - a).slice(0, top);
  for (const [key, ms] of sorted) console.log(`${((ms / total) * 100).toFixed(1).padStart(6)} %  ${key}`);
}

for (const file of files) {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  print(`${basename(file)} by area`, selfTimes(profile, areaOf), Infinity);
  print(`${basename(file)} by function`, selfTimes(profile, nameOf), Number(args.top));
}
