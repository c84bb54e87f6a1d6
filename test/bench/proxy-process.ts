/**
 * One candidate in a process of its own: `proxy-process.ts <candidate> <origin>...`.
 */
import { CANDIDATES } from './candidates.ts';
import { answer } from './ipc.ts';

/** What the process has used so far. */
export interface Usage {
  /** User and system, in us. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

const [name, ...origins] = process.argv.slice(2);

answer({
  /** @returns the port */
  start: async (): Promise<number> => {
    const candidate = CANDIDATES.find((one) => one.name === name);
    if (candidate === undefined) throw new Error(`no candidate ${name}`);
    const { start } = await candidate.load();
    return start(origins);
  },
  usage: (): Usage => {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
  },
});
