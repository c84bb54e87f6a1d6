/**
 * All clients, in one process.
 */
import { answer } from '../ipc.ts';
import type { Scenario } from '../scenarios.ts';
import { LoadGroup } from './load-group.ts';
import type { LoadResult } from './load-group.ts';

/** Whom to ask for what. */
export interface LoadOrder {
  readonly port: number;
  readonly scenario: Scenario;
  readonly connections: number;
}

const groups: LoadGroup[] = [];

answer({
  /** @returns the number of the new group of clients */
  open: ({ port, scenario, connections }: LoadOrder): number =>
    groups.push(new LoadGroup(port, scenario, connections)) - 1,
  turn: ({ group, ms }: { group: number; ms: number }): Promise<LoadResult> => groups[group]!.turn(ms),
  close: (group: number): void => groups[group]!.close(),
});
