/**
 * How traffic is split before a strategy is asked: by priority level, and within the first level by zone. A tier is a set of
 * endpoints that one picker chooses among, and its share of the traffic.
 *
 * Levels: a level takes `1.4 * well / all` of the traffic, at most all of it, so that it spills over only when more than two sevenths
 * of it are unfit; what is left goes to the next level. If all levels together cannot take everything, each takes more in proportion.
 * Then a level of which too few are well is in panic: its health is ignored, since more probably the judges are wrong, and if not, the
 * few that are well would go under.
 *
 * Zones: a caller sends as much to its own zone as that can take, given that callers in all zones do the same; the rest goes to the
 * zones that have room to spare.
 * @see Envoy's documentation of priority levels, overprovisioning factor, panic threshold and zone aware routing, for the formulas
 */
import { OPERATOR_REASONS, REASON_BIT } from '../health/reasons.ts';
import type { EndpointState } from './endpoint-state.ts';

/** Some endpoints, and their part of the traffic. */
export interface Tier {
  /** What it is called across rebuilds. */
  readonly key: string;
  /** Above 0; all shares together make 1. */
  readonly share: number;
  readonly endpoints: readonly EndpointState[];
}

/** Where the caller is, and how callers are spread. */
export interface Locality {
  readonly zone: string;
  /** How many callers run in each zone; undefined for as many in each zone that has endpoints. */
  readonly callers: Readonly<Record<string, number>> | undefined;
  /** With fewer endpoints zones do not matter. */
  readonly minEndpoints: number;
}

export interface Split {
  readonly tiers: readonly Tier[];
  readonly isPanicking: boolean;
  /** The priority of the last level that is needed; Infinity if all of them cannot take everything. */
  readonly lastPriority: number;
}

const OVERPROVISIONING = 1.4;

interface Level {
  readonly priority: number;
  /** Those that an operator has not taken out. */
  readonly candidates: readonly EndpointState[];
  readonly well: readonly EndpointState[];
  /** The part of all traffic that it can take. */
  readonly health: number;
}

/**
 * Splits the traffic over the endpoints that may be picked.
 * @param panicPercent 0 for never ignoring health
 */
export function split(
  endpoints: readonly EndpointState[],
  panicPercent: number,
  locality: Locality | undefined,
): Split {
  const levels = levelsOf(endpoints);
  const total = levels.reduce((sum, { health }) => sum + health, 0);
  if (total === 0) return withoutHealth(levels, endpoints, panicPercent);
  const isPanicking = (level: Level): boolean =>
    total < 1 && level.well.length * 100 < level.candidates.length * panicPercent;
  const tiers: Tier[] = [];
  let left = 1;
  for (const level of levels) {
    const share = total < 1 ? level.health / total : Math.min(left, level.health);
    left -= share;
    // What is left after the last level may be a rounding error.
    if (share < 1e-9) continue;
    const key = String(level.priority);
    if (isPanicking(level)) tiers.push({ key, share, endpoints: level.candidates });
    else if (tiers.length > 0) tiers.push({ key, share, endpoints: level.well });
    else tiers.push(...zonesOf(level, share, locality));
  }
  let reach = 0;
  const last = levels.find(({ health }) => (reach += health) > 1 - 1e-9);
  return {
    tiers,
    isPanicking: levels.some((level) => level.health > 0 && isPanicking(level)),
    lastPriority: last?.priority ?? Infinity,
  };
}

function levelsOf(endpoints: readonly EndpointState[]): Level[] {
  const priorities = [...new Set(endpoints.map(({ priority }) => priority))].toSorted((a, b) => a - b);
  return priorities.map((priority) => {
    const all = priorities.length === 1 ? endpoints : endpoints.filter((endpoint) => endpoint.priority === priority);
    const well = all.filter(({ reasons }) => reasons === 0);
    const candidates = all.filter(({ reasons }) => (reasons & OPERATOR_REASONS) === 0);
    return { priority, candidates, well, health: Math.min(1, (OVERPROVISIONING * weightOf(well)) / weightOf(all)) };
  });
}

/** No endpoint is well: in panic the first level there is, else those that wait to prove themselves. */
function withoutHealth(levels: readonly Level[], endpoints: readonly EndpointState[], panicPercent: number): Split {
  const first = levels.find(({ candidates }) => candidates.length > 0);
  if (panicPercent > 0 && first !== undefined) {
    const tiers = [{ key: String(first.priority), share: 1, endpoints: first.candidates }];
    return { tiers, isPanicking: true, lastPriority: Infinity };
  }
  const onTrial = endpoints.filter(({ reasons }) => reasons === REASON_BIT['on-trial']);
  const tiers = onTrial.length === 0 ? [] : [{ key: 'trial', share: 1, endpoints: onTrial }];
  return { tiers, isPanicking: false, lastPriority: Infinity };
}

/** The level's share, split between the caller's own zone and the others. */
function zonesOf(level: Level, share: number, locality: Locality | undefined): Tier[] {
  const key = String(level.priority);
  const whole = [{ key, share, endpoints: level.well }];
  if (locality === undefined || level.candidates.length < locality.minEndpoints) return whole;
  const zones = new Map<string, { well: EndpointState[]; all: EndpointState[] }>();
  for (const endpoint of level.candidates) {
    const zone = zones.get(endpoint.zone ?? '') ?? { well: [], all: [] };
    zones.set(endpoint.zone ?? '', zone);
    zone.all.push(endpoint);
    if (endpoint.reasons === 0) zone.well.push(endpoint);
  }
  if (zones.size < 2 || (zones.get(locality.zone)?.well.length ?? 0) === 0) return whole;
  const capacity = sharesOf(
    zones,
    ({ well, all }) => weightOf(all) * Math.min(1, (OVERPROVISIONING * weightOf(well)) / weightOf(all)),
  );
  const callers = sharesOf(
    zones,
    (_zone, name) => locality.callers?.[name] ?? (locality.callers === undefined ? 1 : 0),
  );
  const [room, need] = [capacity.get(locality.zone)!, callers.get(locality.zone)!];
  const own = need === 0 ? 1 : Math.min(1, room / need);
  const spare = new Map([...capacity].map(([name, part]) => [name, Math.max(0, part - callers.get(name)!)]));
  spare.delete(locality.zone);
  const allSpare = [...spare.values()].reduce((sum, part) => sum + part, 0);
  const tiers: Tier[] = [];
  for (const [name, { well }] of zones) {
    const part = name === locality.zone ? own : allSpare === 0 ? 0 : ((1 - own) * spare.get(name)!) / allSpare;
    if (part > 1e-9) tiers.push({ key: `${key}/${name}`, share: share * part, endpoints: well });
  }
  return tiers;
}

/** A number for each zone, as a part of the sum of all. */
function sharesOf<Z>(zones: ReadonlyMap<string, Z>, numberOf: (zone: Z, name: string) => number): Map<string, number> {
  const numbers = [...zones].map(([name, zone]) => [name, numberOf(zone, name)] as const);
  const sum = numbers.reduce((total, [, number]) => total + number, 0);
  return new Map(numbers.map(([name, number]) => [name, sum === 0 ? 0 : number / sum]));
}

function weightOf(endpoints: readonly EndpointState[]): number {
  let sum = 0;
  for (const { fullWeight } of endpoints) sum += fullWeight;
  return sum;
}
