/**
 * All connections to one endpoint: how many there may be, and which lane gets the next one.
 */
import { addressOf } from '../address.ts';
import type { Address } from '../address.ts';
import type { Endpoint } from '../../endpoint.ts';
import type { TransportHandler, UpstreamRequest } from '../transport.ts';
import type { Destination } from './dial.ts';
import { Lane } from './lane.ts';
import type { LaneOwner } from './lane.ts';
import { writeHead } from './request-head.ts';
import type { Surroundings } from './surroundings.ts';
import { Trip } from './trip.ts';

/** An age that is the same everywhere makes everybody reconnect at once: 10 % more or less. */
const AGE_JITTER_RATIO = 0.1;

export class Pool implements LaneOwner {
  readonly endpoint: Endpoint;
  readonly destination: Destination;
  readonly around: Surroundings;
  isReleased = false;
  private readonly authority: string;
  private readonly max: number;
  private readonly main: Lane;
  private readonly byPreamble = new Map<string, Lane>();
  private readonly lanes = new Set<Lane>();
  /** Those that want more connections than there may be, in the order in which they came to it. */
  private readonly starved: Lane[] = [];
  /** Connections that may be used, or are being made. */
  private size = 0;
  /** Sockets that are not closed yet. */
  private sockets = 0;
  private readonly drained = Promise.withResolvers<void>();

  constructor(endpoint: Endpoint, around: Surroundings) {
    const { tls, maxConnections } = around.options;
    const address = addressOf(endpoint);
    this.endpoint = endpoint;
    this.around = around;
    this.destination = { address, tls, session: undefined };
    this.authority = authorityOf(address);
    this.max = maxConnections ?? Infinity;
    this.main = this.addLane('', undefined, false);
  }

  send(request: UpstreamRequest, handler: TransportHandler): void {
    const isPlain = request.upgrade === undefined && request.preamble === undefined;
    const lane = isPlain ? this.main : this.laneOf(request);
    const trip = new Trip(request, handler, lane);
    if (request.body !== null && !Buffer.isBuffer(request.body)) trip.watch(request.body);
    try {
      writeHead(trip, this.authority);
    } catch (error) {
      this.forgetIfEmpty(lane);
      return trip.fail(error as Error);
    }
    lane.send(trip);
  }

  /** Resolves when no socket is left. Further requests belong to another pool. */
  async release(isForced: boolean): Promise<void> {
    this.isReleased = true;
    for (const lane of [...this.lanes]) lane.release(isForced);
    if (this.sockets > 0) await this.drained.promise;
  }

  grow(lane: Lane): void {
    if (this.size < this.max) return this.dial(lane);
    if (!lane.isStarved) {
      lane.isStarved = true;
      this.starved.push(lane);
    }
    for (const other of this.lanes) {
      if (other !== lane && other.evict()) return;
    }
  }

  get isCrowded(): boolean {
    return this.starved.length > 0 && this.nextStarved(undefined) !== undefined;
  }

  onClosed(lane: Lane, isRefused: boolean): void {
    this.size--;
    // Others may have more luck with their connections; who has just had none is not tried again on its own account.
    if (!isRefused && lane.isHungry && !lane.isStarved) this.grow(lane);
    while (this.size < this.max) {
      const next = this.nextStarved(isRefused ? lane : undefined);
      if (next === undefined) break;
      this.dial(next);
    }
    this.forgetIfEmpty(lane);
  }

  onGone(): void {
    this.sockets--;
    if (this.sockets === 0 && this.isReleased) this.drained.resolve();
  }

  private dial(lane: Lane): void {
    const { clock, random, maxConnectionAgeMs } = this.around.options;
    this.size++;
    this.sockets++;
    const jitter = 1 + AGE_JITTER_RATIO * (2 * random.unit() - 1);
    lane.dial(maxConnectionAgeMs === undefined ? Infinity : clock.now() + maxConnectionAgeMs * jitter);
  }

  private nextStarved(except: Lane | undefined): Lane | undefined {
    const { starved } = this;
    for (let at = 0; at < starved.length;) {
      const lane = starved[at]!;
      if (!lane.isHungry) {
        lane.isStarved = false;
        starved.splice(at, 1);
      } else if (lane === except) at++;
      else return lane;
    }
    return undefined;
  }

  private laneOf({ upgrade, preamble }: UpstreamRequest): Lane {
    const key = preamble === undefined ? '' : preamble.toString('latin1');
    if (upgrade !== undefined) return this.addLane(key, preamble, true);
    let lane = this.byPreamble.get(key);
    if (lane === undefined) {
      lane = this.addLane(key, preamble, false);
      this.byPreamble.set(key, lane);
    }
    return lane;
  }

  private addLane(key: string, preamble: Buffer | undefined, isForUpgrade: boolean): Lane {
    const lane = new Lane(this, key, preamble, isForUpgrade);
    this.lanes.add(lane);
    return lane;
  }

  forgetIfEmpty(lane: Lane): void {
    if (lane === this.main || !lane.isEmpty) return;
    this.lanes.delete(lane);
    if (this.byPreamble.get(lane.key) === lane) this.byPreamble.delete(lane.key);
  }
}

function authorityOf({ host, port, isTls }: Address): string {
  const name = host.includes(':') ? `[${host}]` : host || 'localhost';
  return port === (isTls ? 443 : 80) ? name : `${name}:${port}`;
}
