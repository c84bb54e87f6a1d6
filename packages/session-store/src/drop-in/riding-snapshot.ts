/**
 * @fastify/session makes a session of what a store hands it without asking the store, and copies property by property. The one thing
 * that it takes along as it is are the options of the cookie, under a symbol of its own: this is where a snapshot rides. It does so too
 * on a document that an application has copied, whose cookie is the same object.
 */
import type { Snapshot } from './documents.ts';

const SNAPSHOT: unique symbol = Symbol('evenkeel.snapshot');

/** Invisible to JSON and to `for ... in`; copied by `{ ...cookie }`. */
export function putSnapshotOn(cookie: unknown, snapshot: Snapshot): void {
  if (typeof cookie !== 'object' || cookie === null) return;
  Object.defineProperty(cookie, SNAPSHOT, { value: snapshot, enumerable: true, writable: true, configurable: true });
}

/** The snapshot that rides on a session. O(own symbols). */
export function snapshotOn(session: object): Snapshot | undefined {
  const seats: unknown[] = [Reflect.get(session, 'cookie')];
  for (const symbol of Object.getOwnPropertySymbols(session)) seats.push(Reflect.get(session, symbol));
  for (const seat of seats) {
    if (typeof seat !== 'object' || seat === null || !Object.hasOwn(seat, SNAPSHOT)) continue;
    return (seat as { [SNAPSHOT]: Snapshot })[SNAPSHOT];
  }
  return undefined;
}
