/**
 * From turns to one table per scenario.
 */
import type { Candidate } from './candidates.ts';
import type { Turn } from './turn.ts';

/** Turns of one candidate, in the order of the rounds. */
export interface Row {
  readonly name: string;
  readonly turns: readonly Turn[];
}

/**
 * As markdown, medians over the turns. In brackets behind the CPU: the middle half of the turns; behind a ratio: where the true
 * median is in 95 of 100 cases.
 * @param against names of rows, each of which the others are told as a multiple of
 * @param unit what is counted: `request`, `call`
 */
export function table(rows: readonly Row[], against: readonly string[], unit: string): string {
  const references = rows.filter(({ name }) => against.includes(name));
  const headings = [
    'candidate',
    `CPU us/${unit}`,
    ...references.map(({ name }) => `x ${name}`),
    `${unit}s/s`,
    'p50 ms',
    'p99 ms',
    'RSS MB',
    'errors',
  ];
  const lines = rows.map(({ name, turns }) => [
    name,
    middleHalf(turns.map(({ cpuUs }) => cpuUs)),
    ...references.map((reference) => surely(ratios(turns, reference.turns))),
    Math.round(median(turns.map(({ perSecond }) => perSecond))).toLocaleString('en'),
    median(turns.map(({ p50Ms }) => p50Ms)).toFixed(2),
    median(turns.map(({ p99Ms }) => p99Ms)).toFixed(2),
    (median(turns.map(({ rssBytes }) => rssBytes)) / 2 ** 20).toFixed(0),
    String(turns.reduce((sum, { errors }) => sum + errors, 0)),
  ]);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...lines.map((line) => line[i]!.length)));
  const drawn = [headings, widths.map((width, i) => rule(width, i)), ...lines].map(
    (line) =>
      `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`,
  );
  return drawn.join('\n');
}

/** What the numbers do not say. */
export function notes(rows: readonly Row[], candidates: readonly Candidate[]): string[] {
  const named = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  const present = candidates.filter(({ name }) => rows.some((row) => row.name === name));
  const clientCpuUs = median(rows.flatMap(({ turns }) => turns.map((turn) => turn.clientCpuUs)));
  return [
    `one endpoint instead of four: ${named(present.filter(({ endpoints }) => endpoints === 'one').map(({ name }) => name))}`,
    `header fields by the rules of RFC 9110: ${named(present.filter(({ fields }) => fields === 'by the rules').map(({ name }) => name))}`,
    `the clients took ${clientCpuUs.toFixed(1)} us of their own core per request`,
  ];
}

/** Each turn against the reference's turn of the same round: what disturbs a round disturbs both. */
function ratios(turns: readonly Turn[], reference: readonly Turn[]): number[] {
  return turns.map(({ cpuUs }, round) => cpuUs / reference[round]!.cpuUs);
}

function middleHalf(values: readonly number[]): string {
  return `${median(values).toFixed(1)} (${quantile(values, 0.25).toFixed(1)}-${quantile(values, 0.75).toFixed(1)})`;
}

/** The interval is that of the order statistics: half of the values, give or take two of their standard deviations. */
function surely(values: readonly number[]): string {
  const reach = 0.98 / Math.sqrt(values.length);
  const [least, most] = [quantile(values, 0.5 - reach), quantile(values, 0.5 + reach)];
  return `${median(values).toFixed(2)} (${least.toFixed(2)}-${most.toFixed(2)})`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  return (sorted[Math.floor(at)]! + sorted[Math.ceil(at)]!) / 2;
}

function rule(width: number, column: number): string {
  return column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
}
