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

type Frame = ProfileNode['callFrame'];

/** The first that matches; `url` is empty for what is not JavaScript. */
const KINDS: readonly (readonly [kind: string, url: RegExp, functionName?: RegExp])[] = [
  ['evenkeel', /\/packages\/[^/]+\/src\//],
  ['undici', /\/node_modules\/undici\/|^node:internal\/deps\/undici/],
  ['peers and frameworks', /\/node_modules\//],
  ['the bench itself', /\/test\/bench\//],
  [
    'HTTP parser',
    /^wasm:|^node:_http_common|^$/,
    /^(wasm-to-js|js-to-wasm|execute|consume|unconsume|parser\w+|wasm-function.*)?$/,
  ],
  ['node:http', /^node:(_http_|http$|internal\/http$)/],
  ['node:http2', /^node:(http2|internal\/http2)/],
  ['node:net and streams', /^node:(net|tls|_tls|stream|_stream|internal\/(streams|stream_base|net|tls))/],
  [
    'events, timers, ticks, hooks',
    /^node:(events|timers|async_hooks|internal\/(timers|process|async|events|abort|event_target))/,
  ],
  ['Node starting', /^node:(internal\/)?(modules|bootstrap|deps\/amaro|main|source_map|fs|path|vm)/],
  ['rest of Node', /^node:/],
  ['garbage collector', /^$/, /^\(garbage collector\)$/],
  ['system calls: write', /^$/, /^(write|shutdown|sendto)/],
  ['event loop, reads and all else outside JavaScript', /^$/, /^\(program\)$/],
  ['built in to V8 and Node', /^$/],
];

function kindOf({ functionName, url }: Frame): string {
  const found = KINDS.find(([, place, name]) => place.test(url) && (name === undefined || name.test(functionName)));
  return found?.[0] ?? 'other';
}

/** A file of ours, a package, or a module of Node's. */
function areaOf(frame: Frame): string {
  const { functionName, url } = frame;
  if (url === '') return functionName.startsWith('(') ? functionName : `(${kindOf(frame)})`;
  if (url.startsWith('wasm:')) return `(${kindOf(frame)})`;
  if (url.startsWith('node:')) return url;
  const own = /\/packages\/([^/]+)\/src\/(.*)$/.exec(url);
  if (own !== null) return `evenkeel ${own[1]}/${own[2]}`;
  const [, name, file] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url) ?? [];
  return name === undefined ? basename(url) : name === 'undici' ? `${name} ${file}` : name;
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const place = url === '' ? '' : ` ${url.replace(/^.*\/(node_modules|packages|test)\//, '')}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${place}`;
}

/** The first wait of this length is for the first turn: what comes before it is Node starting. */
const FIRST_WAIT_US = 50_000;

/** @returns the index of the first sample after the process has started */
function startOf({ samples, timeDeltas }: Profile, idle: ReadonlySet<number>): number {
  let waited = 0;
  for (let i = 0; i < samples.length; i++) {
    waited = idle.has(samples[i]!) ? waited + timeDeltas[i]! : 0;
    if (waited >= FIRST_WAIT_US) return i;
  }
  return 0;
}

/** Self time in ms by what `keyOf` says; idle time left out. */
function selfTimes(profile: Profile, keyOf: (frame: Frame) => string): Map<string, number> {
  const { nodes, samples, timeDeltas } = profile;
  const keys = new Map(nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id));
  const times = new Map<string, number>();
  for (let i = startOf(profile, idle); i < samples.length; i++) {
    if (idle.has(samples[i]!)) continue;
    const key = keys.get(samples[i]!)!;
    times.set(key, (times.get(key) ?? 0) + timeDeltas[i]! / 1_000);
  }
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
  const top = Number(args.top);
  print(`${basename(file)} by kind`, selfTimes(profile, kindOf), Infinity);
  print(`${basename(file)} by file or package`, selfTimes(profile, areaOf), top);
  print(`${basename(file)} by function`, selfTimes(profile, nameOf), top);
}
