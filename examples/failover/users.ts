/** The load: users who log in once and fill their carts, several updates at a time. They believe nothing and check everything. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Tally } from './tally.ts';
import { Visitor } from './visitor.ts';

const THINK_MS = 15;

/** One user, until `signal` is aborted; then the cart is compared with every update that was acknowledged. */
export async function shop(origin: string, user: string, tally: Tally, signal: AbortSignal): Promise<void> {
  const visitor = new Visitor(origin, user, tally);
  const acknowledged: string[] = [];
  await visitor.call('PUT', `/login/${user}`);
  for (let step = 0; !signal.aborted; step++) {
    const updates = [`${step}a`, `${step}b`];
    const answers = await Promise.all(updates.map((update) => visitor.call('PUT', `/cart/${update}/apple`)));
    acknowledged.push(...updates.filter((_update, i) => answers[i] !== undefined));
    await delay(THINK_MS);
  }
  const cart = await visitor.call('GET', '/cart');
  tally.updates += acknowledged.length;
  tally.lostUpdates += acknowledged.filter((update) => cart?.items?.[update] !== 'apple').length;
  tally.moves.push(visitor.moves);
}
