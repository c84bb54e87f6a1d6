/** The demo's closing words. */
import type { Tally } from './tally.ts';

/** True if nothing was lost. */
export function printSummary(tally: Tally, users: number, home: string): boolean {
  const { requests, failures, lostLogins, lostUpdates, updates, moves, served } = tally;
  const spread = [...served].toSorted().map(([name, count]) => `${name} ${count}`);
  const mean = moves.reduce((sum, count) => sum + count, 0) / Math.max(1, moves.length);
  console.log(`
Sessions           in ${home}
Requests           ${requests}, by ${users} users
Served by          ${spread.join(', ')}
Failed requests    ${failures.length}
Lost logins        ${lostLogins}
Lost updates       ${lostUpdates} of ${updates}
Moves per session  ${mean.toFixed(1)} on average, ${Math.max(0, ...moves)} at most`);
  for (const failure of failures.slice(0, 5)) console.log(`  failed: ${failure}`);
  return failures.length === 0 && lostLogins === 0 && lostUpdates === 0 && moves.length === users;
}
