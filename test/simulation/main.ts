/**
 * `pnpm sim`: the scenarios of the suite as one table.
 *
 *     pnpm sim [--only S4,S5] [--strategy peakEwma,prequal] [--seed n] [--plots]
 *     pnpm sim --trace file --strategy x[,y]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { plot } from './plot.ts';
import { asRecorded, replay, replayTable } from './replay.ts';
import { SCENARIOS } from './scenarios.ts';
import { isStrategyName, make, STRATEGY_NAMES } from './strategies.ts';
import type { StrategyName } from './strategies.ts';
import { isKept, play } from './suite.ts';
import type { Row, SuiteScenario } from './suite.ts';
import { markdownTable, sourceTable } from './table.ts';
import { parseTrace } from './trace-file.ts';

const PLOTS = join(dirname(dirname(import.meta.dirname)), 'docs', 'sim');

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    only: { type: 'string' },
    strategy: { type: 'string' },
    seed: { type: 'string', default: '1' },
    plots: { type: 'boolean', default: false },
    trace: { type: 'string' },
  },
});

function listed(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function strategies(): StrategyName[] | undefined {
  return listed(values.strategy)?.map((name) =>
    isStrategyName(name) ? name : fail(`--strategy: "${name}" is none of ${STRATEGY_NAMES.join(', ')}`),
  );
}

function scenarios(): readonly SuiteScenario[] {
  const only = listed(values.only);
  if (only === undefined) return SCENARIOS;
  const known = SCENARIOS.map(({ id }) => id);
  const unknown = only.find((id) => !known.includes(id));
  if (unknown !== undefined) fail(`--only: "${unknown}" is none of ${known.join(', ')}`);
  return SCENARIOS.filter(({ id }) => only.includes(id));
}

function seed(): number {
  const given = Number(values.seed);
  return Number.isInteger(given) ? given : fail(`--seed: "${values.seed}" is no integer`);
}

function suite(): void {
  const wanted = strategies();
  const rows: Row[] = [];
  for (const scenario of scenarios()) {
    const startedAt = performance.now();
    const played = play(scenario, seed(), (name) => wanted === undefined || wanted.includes(name));
    rows.push(...played.rows);
    console.error(`${scenario.id} ${scenario.title}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    if (!values.plots || played.series.length === 0) continue;
    mkdirSync(PLOTS, { recursive: true });
    writeFileSync(
      join(PLOTS, `${scenario.id.toLowerCase()}.svg`),
      plot(`${scenario.id}: ${scenario.title}`, played.series),
    );
  }
  console.log(`${sourceTable(scenarios())}\n\n${markdownTable(rows)}`);
  const missed = rows.filter((row) => !isKept(row));
  if (missed.length > 0) process.exitCode = 1;
}

/** What the recorded requests would have met. Without `--strategy` under every strategy that needs no load reports. */
function trace(file: string): void {
  const recorded = parseTrace(readFileSync(file, 'utf8'));
  const names = strategies() ?? (['roundRobin', 'leastRequest', 'peakEwma'] as const);
  const replays = names.map((name) => replay(recorded, name, make(name)(), seed()));
  console.log(replayTable([asRecorded(recorded), ...replays]));
}

if (values.trace === undefined) suite();
else trace(values.trace);
