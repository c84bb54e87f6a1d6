/**
 * One application in a process of its own: `app-process.ts <candidate> <work> <url of Redis>`.
 */
import { createServer } from 'node:http';
import { answer } from '../ipc.ts';
import { KEPT_ALIVE_MS, listen } from '../listen.ts';
import { ownUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import { CANDIDATES } from './candidates.ts';
import type { Work } from './scenarios.ts';

const [name, work, redisUrl] = process.argv.slice(2) as [string, Work, string];

answer({
  /** @returns the port */
  start: async (): Promise<number> => {
    const candidate = CANDIDATES.find((one) => one.name === name);
    if (candidate === undefined) throw new Error(`no candidate ${name}`);
    return listen(createServer({ keepAliveTimeout: KEPT_ALIVE_MS }, await candidate.make(work, redisUrl)));
  },
  usage: (): Usage => ownUsage(),
});
