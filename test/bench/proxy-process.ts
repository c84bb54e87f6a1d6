/**
 * One candidate in a process of its own: `proxy-process.ts <candidate> <protocol> <origin>...`.
 */
import { CANDIDATES } from './candidates.ts';
import type { CandidateModule } from './candidates.ts';
import { answer } from './ipc.ts';
import type { Protocol } from './scenarios.ts';
import { ownUsage } from './usage.ts';
import type { Usage } from './usage.ts';

const [name, protocol, ...origins] = process.argv.slice(2);
let started: CandidateModule | undefined;

answer({
  /** @returns the port */
  start: async (): Promise<number> => {
    const candidate = CANDIDATES.find((one) => one.name === name);
    if (candidate === undefined) throw new Error(`no candidate ${name}`);
    started = await candidate.load();
    return started.start(origins, protocol as Protocol);
  },
  usage: (): Usage => started?.usage?.() ?? ownUsage(),
});
