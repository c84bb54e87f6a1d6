/**
 * What balancing itself costs: ns and bytes per request, beside what peers pay; then bytes per endpoint and ms for a change of a large
 * cluster. Every line is measured in processes of its own, as an application has one strategy and V8 compiles for it. The README in
 * the folder above says how to read it.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../table.ts';
import { CANDIDATES, STRATEGIES } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import type { Size, Speed } from './line.ts';
import { INFLIGHT } from './work.ts';

const USAGE = `node --conditions=source test/bench/pick/main.ts [options]
  --rounds <n>    processes per line, taking turns (default 3)
  --sizes <n,n>   numbers of endpoints (default 4,100,10000)
  --only <words>  candidates with one of these words in their name; several with commas`;

/** A young generation that no collection disturbs while bytes are counted, and no compiler thread that allocates meanwhile. */
const FLAGS = [
  '--expose-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  '--no-concurrent-recompilation',
];

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '4,100,10000' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

function isWanted(name: string): boolean {
  return args.only.split(',').some((word) => name.includes(word));
}

function measure(what: 'speed' | 'size', name: string, endpoints: number): unknown {
  const line = join(import.meta.dirname, 'line.ts');
  const given = [...process.execArgv, ...FLAGS, line, what, name, String(endpoints)];
  return JSON.parse(execFileSync(process.execPath, given, { encoding: 'utf8' }));
}

/** Round by round, so that what disturbs one line disturbs its neighbours too. */
function interleave<R, L extends { readonly results: R[] }>(lines: readonly L[], once: (line: L) => R): void {
  for (let round = 0; round < Number(args.rounds); round++) for (const line of lines) line.results.push(once(line));
}

function print(headings: readonly string[], lines: readonly (readonly string[])[]): void {
  const rule = headings.map((_heading, i) => (i === 0 ? '---' : '---:'));
  for (const line of [headings, rule, ...lines]) console.log(`| ${line.join(' | ')} |`);
  console.log();
}

function inBrief(values: readonly number[]): string {
  const digits = Math.min(...values) < 10 ? 1 : 0;
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)})`;
}

function speeds(numbers: readonly number[]): void {
  const lines = CANDIDATES.filter(({ name }) => isWanted(name)).flatMap((candidate) =>
    numbers.map((size) => ({ candidate, size, results: [] as Speed[] })),
  );
  interleave(lines, ({ candidate, size }) => measure('speed', candidate.name, size) as Speed);
  for (const what of new Set(CANDIDATES.map(({ of }) => of))) {
    const rows = lines.filter(({ candidate }) => candidate.of === what);
    if (rows.length > 0) console.log(`${what}:\n`);
    if (rows.length > 0) print(['', 'endpoints', 'ns: median (least)', 'bytes', 'build ms'], rows.map(speedRow));
  }
}

function speedRow(line: { candidate: Candidate; size: number; results: readonly Speed[] }): string[] {
  const { candidate, size, results } = line;
  return [
    candidate.name,
    size.toLocaleString('en'),
    inBrief(results.flatMap(({ ns }) => ns)),
    Math.min(...results.map(({ bytes }) => bytes)).toFixed(1),
    Math.min(...results.map(({ buildMs }) => buildMs)).toFixed(0),
  ];
}

function sizes(endpoints: number): void {
  const lines = STRATEGIES.filter(isWanted).map((name) => ({ name, results: [] as Size[] }));
  interleave(lines, ({ name }) => measure('size', name, endpoints) as Size);
  if (lines.length > 0) console.log(`a cluster of ${endpoints.toLocaleString('en')}:\n`);
  const rows = lines.map(({ name, results }) => [
    name,
    median(results.map(({ bytesPerEndpoint }) => bytesPerEndpoint)).toFixed(0),
    inBrief(results.flatMap(({ rebuildMs }) => rebuildMs)),
    inBrief(results.flatMap(({ updateMs }) => updateMs)),
  ]);
  if (rows.length > 0) print(['', 'bytes per endpoint', 'rebuild ms: median (least)', 'update ms'], rows);
}

if (args.help) console.log(USAGE);
else {
  const numbers = args.sizes.split(',').map(Number);
  console.log(`${INFLIGHT} requests in flight, ${args.rounds} processes per line, Node ${process.version}\n`);
  speeds(numbers);
  sizes(Math.max(...numbers));
}
