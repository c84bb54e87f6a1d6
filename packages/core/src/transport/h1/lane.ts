/**
 * The connections to one endpoint that any of a kind of requests may use, and the requests that wait for one. Mostly an endpoint has one
 * lane; each preamble has its own, and so has each request that may change protocols.
 */
import { TransportError } from '../transport-error.ts';
import { Connection } from './connection.ts';
import type { Destination } from './dial.ts';
import type { Keeper } from './keeper.ts';
import type { Surroundings } from './surroundings.ts';
import type { Trip, WaitingRoom } from './trip.ts';

/** What a lane asks of its pool. */
export interface LaneOwner {
  readonly destination: Destination;
  readonly around: Surroundings;
  readonly isReleased: boolean;
  /** The lane has more requests than connections to come: dials, if there is room. */
  grow(lane: Lane): void;
  /** Another lane waits for room. */
  readonly isCrowded: boolean;
  /** @param isRefused it could not even be made */
  onClosed(lane: Lane, isRefused: boolean): void;
  onGone(): void;
  forgetIfEmpty(lane: Lane): void;
}

const NOT_NEEDED = new TransportError('reset', 'the connection is not needed any more');
const RELEASED = new TransportError('reset', 'the endpoint was released');

export class Lane implements Keeper<Connection>, WaitingRoom {
  readonly preamble: Buffer | undefined;
  readonly key: string;
  readonly isForUpgrade: boolean;
  readonly destination: Destination;
  /** It is in its pool's list of lanes without room. */
  isStarved = false;
  private readonly pool: LaneOwner;
  private readonly around: Surroundings;
  private readonly open = new Set<Connection>();
  /** The last one in is the first one out: those at the bottom may then expire. */
  private readonly idle: Connection[] = [];
  private waiting: Trip[] = [];
  /** Connections that are dialled, or cool down. */
  private coming = 0;

  constructor(pool: LaneOwner, key: string, preamble: Buffer | undefined, isForUpgrade: boolean) {
    this.pool = pool;
    this.key = key;
    this.preamble = preamble;
    this.isForUpgrade = isForUpgrade;
    this.destination = pool.destination;
    this.around = pool.around;
  }

  send(trip: Trip): void {
    const connection = this.idle.length > 0 ? this.takeIdle() : undefined;
    if (connection === undefined) {
      this.waiting.push(trip);
      trip.wait();
      if (this.isHungry) this.pool.grow(this);
    } else if (!connection.start(trip)) this.serve(connection);
  }

  /** It has more requests than connections that will be there for them. */
  get isHungry(): boolean {
    return this.waiting.length > this.coming;
  }

  get isEmpty(): boolean {
    return this.open.size === 0 && this.waiting.length === 0;
  }

  dial(staleAt: number): void {
    const connection = new Connection(this, this.around, staleAt);
    this.open.add(connection);
    this.coming++;
    try {
      connection.dial();
    } catch (error) {
      // Such as a client certificate that cannot be read.
      connection.close(error as Error);
      this.onGone();
    }
  }

  /** Ends an idle connection. @returns whether there was one */
  evict(): boolean {
    const connection = this.idle[0];
    connection?.close(NOT_NEEDED);
    return connection !== undefined;
  }

  forget(trip: Trip): void {
    const at = this.waiting.indexOf(trip);
    if (at >= 0) this.waiting.splice(at, 1);
    if (this.pool.isReleased) this.dropUnneeded();
    this.pool.forgetIfEmpty(this);
  }

  /** Ends what is idle, or everything. */
  release(isForced: boolean): void {
    for (const connection of isForced ? [...this.open] : this.idle.slice()) connection.close(RELEASED);
    if (isForced) this.refuseAll(RELEASED);
    else this.dropUnneeded();
  }

  onReady(connection: Connection): void {
    this.arrive(connection);
    this.serve(connection);
  }

  onFree(connection: Connection): void {
    connection.isComing = true;
    this.coming++;
    this.around.cooler.add(connection);
  }

  onClosed(connection: Connection, error: TransportError | undefined): void {
    this.open.delete(connection);
    this.arrive(connection);
    const at = this.idle.lastIndexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (error !== undefined) this.refuse(error);
    this.pool.onClosed(this, error !== undefined);
  }

  onGone(): void {
    this.pool.onGone();
  }

  private dropUnneeded(): void {
    if (this.waiting.length > 0) return;
    for (const connection of [...this.open]) if (connection.isComing) connection.close(RELEASED);
  }

  private arrive(connection: Connection): void {
    if (connection.isComing) this.coming--;
    connection.isComing = false;
  }

  private serve(connection: Connection): void {
    for (let trip = this.waiting.shift(); trip !== undefined; trip = this.waiting.shift()) {
      if (connection.start(trip)) return;
    }
    if (this.isForUpgrade || this.pool.isReleased || this.pool.isCrowded) return connection.close(NOT_NEEDED);
    this.idle.push(connection);
    connection.socket.unref();
  }

  private takeIdle(): Connection | undefined {
    const { idle } = this;
    const now = this.around.options.clock.now();
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.isUsable(now)) {
        connection.socket.ref();
        return connection;
      }
      connection.close(NOT_NEEDED);
    }
    return undefined;
  }

  /** The request that waits longest could not be sent; nor can the others, if nothing is left that they could hope for. */
  private refuse(error: TransportError): void {
    const trip = this.waiting.shift();
    if (this.open.size === 0) this.refuseAll(error);
    trip?.fail(error);
  }

  private refuseAll(error: TransportError): void {
    const { waiting } = this;
    this.waiting = [];
    for (const trip of waiting) trip.fail(error);
  }
}
