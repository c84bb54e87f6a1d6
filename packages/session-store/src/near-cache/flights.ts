/**
 * What is under way to the store, by name. The answer of a read may be overtaken: by the news that another instance has changed the
 * session, which comes over another connection, or by a write of this instance. Such an answer serves whoever asked and is not kept.
 */
import type { SessionRecord } from '../store.ts';

/** Everything under way for one name. */
export interface Flight {
  /** Grows with everything that makes the answers under way unfit to be kept. */
  turn: number;
  /** Operations under way; the last one takes the flight out. */
  count: number;
  /** Those of them that write. */
  writes: number;
  /** A read that others may share. */
  shared: Promise<SessionRecord | undefined> | undefined;
}

/** The flights of one cache. All methods are O(1) but `overtakeAll`. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  get size(): number {
    return this.#flights.size;
  }

  of(name: string): Flight | undefined {
    return this.#flights.get(name);
  }

  /** To be called before a command is sent, and `leave` when it was answered. */
  enter(name: string): Flight {
    let flight = this.#flights.get(name);
    if (flight === undefined) {
      flight = { turn: 0, count: 0, writes: 0, shared: undefined };
      this.#flights.set(name, flight);
    }
    flight.count++;
    return flight;
  }

  leave(name: string, flight: Flight): void {
    if (--flight.count === 0) this.#flights.delete(name);
  }

  /** The answers under way for `name` are not to be kept, and nobody joins them any more. */
  overtake(name: string): void {
    const flight = this.#flights.get(name);
    if (flight !== undefined) passBy(flight);
  }

  /** The same for all names. O(flights) */
  overtakeAll(): void {
    for (const flight of this.#flights.values()) passBy(flight);
  }
}

/** The answers under way in this flight are not to be kept, and nobody joins them any more. */
export function passBy(flight: Flight): void {
  flight.turn++;
  flight.shared = undefined;
}
