/**
 * What the command line asks for.
 */
import { parseArgs } from 'node:util';
import { BASELINE, CANDIDATES } from './candidates.ts';
import type { Candidate } from './candidates.ts';
import { canPin } from './ipc.ts';
import { nativeVersion } from './native.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

export const USAGE: string = `pnpm bench [options]
  --scenario <names> ${SCENARIOS.map(({ name }) => name).join(', ')}; several with commas (default: all)
  --only <words>     candidates with one of these words in their name, and the baseline; several with commas
  --against <words>  a further column each: the ratio to the first candidate with this word in its name
  --seconds <n>      length of a turn (default 0.2)
  --rounds <n>       turns of each candidate per scenario (default 50)
  --connections <n>  requests at once, each on a connection of its own; in HTTP/2 eight of them share one (default 64)
  --profile <folder> have each candidate write a CPU profile there; read it with test/bench/profile.ts
  --smoke            see in seconds that every candidate answers without an error, in one scenario of each kind`;

/** Ten thousands of requests, so that V8 has compiled what it will. */
const WARM_UP_MS = 2_500;

export interface Plan {
  readonly candidates: readonly Candidate[];
  /** Programs that are not on this machine. */
  readonly missing: readonly Candidate[];
  readonly scenarios: readonly Scenario[];
  /** Names of candidates, besides the baseline. */
  readonly against: readonly string[];
  readonly turnMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly connections: number;
  readonly profile: string | undefined;
  readonly isSmoke: boolean;
  readonly isPinned: boolean;
}

/**
 * @returns undefined if help is wanted
 * @throws Error that says what is wrong with the arguments
 */
export function planOf(given: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seconds: { type: 'string', default: '0.2' },
      rounds: { type: 'string', default: '50' },
      connections: { type: 'string', default: '64' },
      scenario: { type: 'string' },
      only: { type: 'string' },
      against: { type: 'string' },
      profile: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const wanted = CANDIDATES.filter(({ name }) => name === BASELINE || isNamed(name, values.only));
  const missing = wanted.filter(({ binary }) => binary !== undefined && nativeVersion(binary) === undefined);
  const candidates = wanted.filter((one) => !missing.includes(one));
  return {
    candidates,
    missing,
    scenarios: values.scenario?.split(',').map(scenarioOf) ?? (values.smoke ? oneOfEachKind() : SCENARIOS),
    against: values.against?.split(',').map((word) => candidateWith(word, candidates)) ?? [],
    turnMs: values.smoke ? 100 : positive('seconds', values.seconds) * 1_000,
    warmUpMs: values.smoke ? 0 : WARM_UP_MS,
    rounds: values.smoke ? 1 : positive('rounds', values.rounds),
    connections: positive('connections', values.connections),
    profile: values.profile,
    isSmoke: values.smoke,
    // All are started at once, for which one core is too slow.
    isPinned: !values.smoke && canPin(),
  };
}

function isNamed(name: string, words: string | undefined): boolean {
  return words === undefined || words.split(',').some((word) => name.includes(word));
}

function candidateWith(word: string, candidates: readonly Candidate[]): string {
  const found = candidates.find(({ name }) => name.includes(word));
  if (found === undefined) throw new Error(`no candidate with ${word} in its name takes part`);
  return found.name;
}

export function positive(name: string, value: string): number {
  const number = Number(value);
  if (number > 0) return number;
  throw new Error(`--${name} must be a number above 0, got ${value}`);
}

function oneOfEachKind(): Scenario[] {
  const kinds = SCENARIOS.map(({ protocol, method }) => `${protocol} ${method}`);
  return SCENARIOS.filter((_scenario, i) => kinds.indexOf(kinds[i]!) === i);
}

function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined)
    throw new Error(`no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  return scenario;
}
