/**
 * A fleet under a policy by manual time: requests go round robin to the endpoints that are not ejected, an endpoint whose time is up is
 * tried out with one request, and the last one that is well is never ejected. The rest of a cluster plays no part here.
 */
import type { EjectionPolicy, EjectionTracker, Outcome } from '@evenkeel/core';
import { seeded } from '@evenkeel/core/testing';

/** How an endpoint answers a request at a time, as the `serial`-th of its own. */
export type Behaviour = (now: number, serial: number) => { outcome: Outcome; latencyMs?: number };

/** What became of one endpoint. */
export interface Record {
  sent: number;
  failed: number;
  /** When it was ejected, and for how long. */
  readonly ejections: { at: number; forMs: number; sent: number }[];
}

interface Member extends Record {
  readonly tracker: EjectionTracker;
  readonly behaviour: Behaviour;
  ejectedUntil: number;
  isEjected: boolean;
}

/** Sends a request every `everyMs` until `untilMs`. */
export function drive(
  policy: EjectionPolicy,
  behaviours: readonly Behaviour[],
  everyMs: number,
  untilMs: number,
): Record[] {
  const judges = policy.start(seeded());
  const members = behaviours.map((behaviour): Member => {
    const tracker = judges.track();
    return { tracker, behaviour, sent: 0, failed: 0, ejections: [], ejectedUntil: 0, isEjected: false };
  });
  let turn = 0;
  for (let now = 0; now < untilMs; now += everyMs) {
    for (const member of members) restoreIfDue(member, now);
    do turn++;
    while (members[turn % members.length]!.isEjected);
    send(members[turn % members.length]!, now, members);
  }
  return members;
}

function restoreIfDue(member: Member, now: number): void {
  if (!member.isEjected || now < member.ejectedUntil) return;
  member.isEjected = false;
  member.tracker.restored(now);
}

function send(member: Member, now: number, members: readonly Member[]): void {
  const { outcome, latencyMs = 1 } = member.behaviour(now, member.sent++);
  if (outcome !== 'success') member.failed++;
  // Told at once, as if it had been sent that long ago; the order of the requests is all that counts here.
  const forMs = member.tracker.observe(outcome, now + latencyMs, latencyMs);
  if (forMs === 0) return;
  if (members.every((other) => other === member || other.isEjected)) return member.tracker.refused?.(now);
  member.isEjected = true;
  member.ejectedUntil = now + latencyMs + forMs;
  member.ejections.push({ at: now, forMs, sent: member.sent });
}

/** Always well. */
export const well: Behaviour = () => ({ outcome: 'success' });

/** Fails `failures` of every `of` requests, spread as evenly as can be. */
export function failing(failures: number, of: number, outcome: Outcome = 'server-error'): Behaviour {
  return (_, serial) => ({ outcome: ((serial + 1) * failures) % of < failures ? outcome : 'success' });
}
