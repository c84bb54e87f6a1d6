/** What happens to the fleet while the users shop. */
import { setTimeout as delay } from 'node:timers/promises';
import { end, restart } from './fleet.ts';
import type { Instance } from './fleet.ts';
import type { FrontLine } from './front-line.ts';
import type { View } from './view.ts';

export interface Stage {
  readonly fleet: readonly Instance[];
  readonly line: FrontLine;
  readonly env: Record<string, string>;
  readonly view: View;
  readonly signal: AbortSignal;
  readonly seconds: number;
}

/** Takes about `seconds`. False if it was interrupted. */
export async function tellStory({ fleet, line, env, view, signal, seconds }: Stage): Promise<boolean> {
  const [killed, drained] = fleet as [Instance, Instance];
  const quiet = (): Promise<void> => delay((seconds * 1_000) / 5, undefined, { signal });
  try {
    view.event('the users log in and fill their carts');
    await quiet();
    await end(killed.process, 'SIGKILL');
    view.event(`${killed.name} is killed (SIGKILL) in the middle of its work`);
    await quiet();
    await restart(killed, env);
    await line.sees(killed.name, 'up');
    view.event(`${killed.name} is started again and back in use`);
    await quiet();
    view.event(`${drained.name} is drained: each of its sessions moves with its next request`);
    await line.order('drain', drained.name);
    await end(drained.process, 'SIGTERM');
    view.event(`${drained.name} has nothing left to do and is stopped`);
    await quiet();
    await restart(drained, env);
    await line.order('enable', drained.name);
    view.event(`${drained.name} is started again and back in use`);
    await quiet();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
