import type { TraceEndpoint, TraceLine } from '@evenkeel/core';

type Line<K extends TraceLine['kind']> = Extract<TraceLine, { kind: K }>;

/** What `recordTrace` wrote, in the order of the times at which it began. */
export interface Trace {
  readonly cluster: string;
  /** The name that the recorded strategy gives itself, such as `peak-ewma`. */
  readonly strategy: string;
  readonly members: readonly Line<'members'>[];
  readonly arrivals: readonly number[];
  readonly attempts: readonly Line<'attempt'>[];
  readonly health: readonly Line<'health'>[];
}

/** Reads a trace, one line of JSON per fact. @throws Error if it is none, or one of another version */
export function parseTrace(text: string): Trace {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as TraceLine);
  const header = lines[0];
  if (header?.kind !== 'header' || header.version !== 1) throw new Error('not a trace of version 1: no header line');
  const members = of(lines, 'members');
  const arrivals = of(lines, 'arrival').map(({ at }) => at);
  if (members.length === 0 || arrivals.length === 0) throw new Error('a trace of no endpoints or no requests');
  return {
    cluster: header.cluster,
    strategy: header.strategy,
    members: byTime(members),
    arrivals: arrivals.toSorted((a, b) => a - b),
    attempts: byTime(of(lines, 'attempt')),
    health: byTime(of(lines, 'health')),
  };
}

/** Every endpoint that was ever a member. */
export function endpointsOf(trace: Trace): readonly TraceEndpoint[] {
  const all = new Map<string, TraceEndpoint>();
  for (const { endpoints } of trace.members) for (const endpoint of endpoints) all.set(endpoint.id, endpoint);
  return [...all.values()];
}

function of<K extends TraceLine['kind']>(lines: readonly TraceLine[], kind: K): Line<K>[] {
  return lines.filter((line): line is Line<K> => line.kind === kind);
}

function byTime<L extends { readonly at: number }>(lines: readonly L[]): L[] {
  return lines.toSorted((a, b) => a.at - b.at);
}
