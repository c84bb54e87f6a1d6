/**
 * What a scenario of the suite is: a few lines that run one strategy and say what came of it, what others published, and which bar it
 * has to pass.
 */
import type { Strategy } from '@evenkeel/core';
import type { Latencies } from './latencies.ts';
import type { StrategyName } from './strategies.ts';
import { make } from './strategies.ts';

/** A limit that a figure has to keep. */
export interface Bar {
  readonly text: string;
  holds(value: number): boolean;
}

export interface Finding {
  readonly measure: string;
  readonly value: number;
  /** @default '' */
  readonly unit?: string;
  /** @default 1 */
  readonly digits?: number;
  /** What others measured, theory says, or another strategy did under the same seed. */
  readonly published?: string | undefined;
  /** @default none: the figure is there to compare with */
  readonly bar?: Bar | undefined;
}

/** What a scenario is given. */
export interface Trial {
  readonly name: StrategyName;
  readonly strategy: () => Strategy;
  readonly seed: number;
  /** Another strategy to compare with. */
  other(name: StrategyName): () => Strategy;
  /** Keeps a distribution for the scenario's plot. */
  plot(latencies: Latencies, label?: string): void;
}

export interface SuiteScenario {
  readonly id: string;
  readonly title: string;
  /** Where setup and published figures are from. */
  readonly source: string;
  readonly strategies: readonly StrategyName[];
  /** Those of them that have a bar; the tests play no others. @default all */
  readonly held?: readonly StrategyName[];
  /** Too long for the tests; `pnpm sim` runs it. @default false */
  readonly isSlow?: boolean;
  measure(trial: Trial): readonly Finding[];
}

export function atLeast(limit: number, unit = ''): Bar {
  return { text: `>= ${limit}${unit}`, holds: (value) => value >= limit };
}

export function atMost(limit: number, unit = ''): Bar {
  return { text: `<= ${limit}${unit}`, holds: (value) => value <= limit };
}

/** One finding with its scenario, as a row of the table. */
export interface Row extends Finding {
  readonly scenario: string;
  readonly strategy: string;
}

/** A distribution to be drawn. */
export interface Series {
  readonly label: string;
  readonly latencies: Latencies;
}

/** Runs a scenario with each of the strategies that it names and `wanted` does not rule out. */
export function play(
  scenario: SuiteScenario,
  seed: number,
  wanted: (name: StrategyName) => boolean = () => true,
): { readonly rows: readonly Row[]; readonly series: readonly Series[] } {
  const series: Series[] = [];
  const rows = scenario.strategies.filter(wanted).flatMap((name) =>
    scenario
      .measure({
        name,
        strategy: make(name),
        seed,
        other: make,
        plot: (latencies, label = name) => void series.push({ label, latencies }),
      })
      .map((finding): Row => ({ ...finding, scenario: scenario.id, strategy: name })),
  );
  return { rows, series };
}

/** False for a figure that misses its bar. */
export function isKept({ bar, value }: Finding): boolean {
  return bar === undefined || bar.holds(value);
}
