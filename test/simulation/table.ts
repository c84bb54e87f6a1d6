import type { Row, SuiteScenario } from './suite.ts';
import { isKept } from './suite.ts';

const COLUMNS = ['scenario', 'strategy', 'measure', 'published', 'ours', 'bar', 'ok'] as const;

/** The findings as one markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  return markdown(COLUMNS, rows.map(cells));
}

/** What the scenarios are, and where they are from. */
export function sourceTable(scenarios: readonly SuiteScenario[]): string {
  return markdown(
    ['scenario', 'what', 'source'],
    scenarios.map(({ id, title, source }) => [id, title, source]),
  );
}

/** One markdown table. */
export function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, columns.map(() => '---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells(row: Row): string[] {
  const { scenario, strategy, measure, published = '', value, unit = '', digits = 1, bar } = row;
  const verdict = bar === undefined ? '' : isKept(row) ? 'yes' : '**no**';
  return [
    scenario,
    strategy,
    measure,
    published,
    Number.isFinite(value) ? value.toFixed(digits) + unit : 'none',
    bar?.text ?? '',
    verdict,
  ];
}
