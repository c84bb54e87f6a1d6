/**
 * The lines of the table. Modules are loaded by the process that measures them, and by no other.
 */
import type { Work } from './work.ts';

export interface Candidate {
  readonly name: string;
  /** What an operation is. */
  readonly of: 'pick + begin + report + end' | 'pick';
  /** Loads the module; what it gives makes a candidate with a number of endpoints. */
  load(): Promise<(size: number) => Work>;
}

function ours(name: string): Candidate {
  return { name, of: 'pick + begin + report + end', load: async () => (await import('./ours.ts')).requests(name) };
}

function ourPick(name: string): Candidate {
  return { name: `${name}, pick alone`, of: 'pick', load: async () => (await import('./ours.ts')).picks(name) };
}

function grpc(policy: string): Candidate {
  const load: Candidate['load'] = async () => (await import('./grpc.ts')).calls(policy);
  return { name: `grpc-js ${policy}`, of: 'pick + begin + report + end', load };
}

function undici(name: string, pool: 'balancedPool' | 'roundRobinPool' | 'pool'): Candidate {
  return { name: `undici ${name}`, of: 'pick', load: async () => (await import('./pools.ts'))[pool] };
}

/** The default strategy first. */
export const STRATEGIES: readonly string[] = [
  'peakEwma',
  'leastRequest',
  'random',
  'roundRobin',
  'weightedRoundRobin',
  'loadReported',
  'prequal',
  'rendezvousHash',
  'ringHash',
  'maglev',
];

export const CANDIDATES: readonly Candidate[] = [
  ...STRATEGIES.map(ours),
  grpc('round_robin'),
  grpc('weighted_round_robin'),
  ourPick('peakEwma'),
  ourPick('roundRobin'),
  undici('BalancedPool', 'balancedPool'),
  undici('RoundRobinPool', 'roundRobinPool'),
  undici('Pool', 'pool'),
];
