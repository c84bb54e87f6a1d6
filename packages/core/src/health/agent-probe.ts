/**
 * Asks an agent beside the endpoint, over TCP, what should become of it: one line of words that set its weight, drain it or
 * take it out.
 *
 * When: the machine knows best, such as from its load, or operators control endpoints from there. When not: to tell whether the
 * endpoint is well. An agent that cannot be reached changes nothing; have another probe beside it. Only the agent undoes what
 * the agent said, so it has to stay reachable for as long as it keeps the endpoint out.
 * Source: HAProxy's `agent-check` (configuration manual, section 5.2).
 */
import type { Endpoint } from '../endpoint.ts';
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeTiming, ProbeVerdict } from './probe.ts';
import { probePort } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** Where the agent is, what it is sent, and when. An agent's word counts at once, so there is no `rise` and no `fall`. */
export interface AgentProbeOptions extends Pick<Partial<ProbeTiming>, 'intervalMs' | 'spreadPercent' | 'timeoutMs'> {
  /** The agent's port on the endpoint's host, 1..65535. */
  readonly port: number;
  /** What the agent is sent first, with its line feed if it wants one; at most 1,024 characters. @default nothing */
  readonly send?: string;
}

/** What an agent made of an endpoint; only the agent changes it. */
interface AgentState {
  /** `maint`, until `ready`. */
  isInMaintenance: boolean;
  /** `down`, `fail` or `stopped`, until `up`. */
  isDown: boolean;
}

/** A longer line is nobody's. */
const MAX_LINE_BYTES = 4_096;
const SEND = 'a string of at most 1024 characters';

const schema = v.strictObject({
  intervalMs: timingEntries.intervalMs,
  spreadPercent: timingEntries.spreadPercent,
  timeoutMs: timingEntries.timeoutMs,
  port: probePort,
  send: v.optional(v.pipe(v.string(SEND), v.maxLength(1_024, SEND)), ''),
});

/**
 * Does what the agent says. The words, in any order and case, are separated by blanks, tabs or commas; of several of a kind the
 * last one counts, and unknown ones are passed over:
 *
 * - `75%`: that share of the configured weight, at most 1000 %; `0%` is nothing new, but what sticks to the endpoint goes on.
 *   `weight:75` says the same; HAProxy has no such word.
 * - `drain`: nothing new, but what sticks to the endpoint goes on. `maint`: out of use. `ready` undoes both.
 * - `down`, `fail`, `failed`, `stopped`: out of use. `up` undoes these.
 * - `maxconn:30` is understood and ignored: how much an endpoint is given at a time is for `maxInflight` and the cluster's
 *   concurrency limit, which finds it by measuring. HAProxy's figure is per load balancer, and no agent knows how many
 *   processes share an endpoint here.
 *
 * What comes after a `#` is for people.
 * @throws INVALID_OPTIONS
 */
export function agentProbe(options: AgentProbeOptions): Probe {
  const { port, send, intervalMs, spreadPercent, timeoutMs } = resolveOptions('agentProbe', schema, options);
  const timing = timingOf({
    ...{ intervalMs, spreadPercent, timeoutMs, fastIntervalMs: intervalMs, downIntervalMs: intervalMs },
    ...{ rise: 1, fall: 1, onFail: 'remove' },
  });
  const states = new WeakMap<Endpoint, AgentState>();
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict> {
    let state = states.get(endpoint);
    if (state === undefined) states.set(endpoint, (state = { isInMaintenance: false, isDown: false }));
    const request = { port, text: send, maxBytes: MAX_LINE_BYTES };
    const line = await io.readLine(endpoint, request, timing.timeoutMs).catch(() => '');
    // Cut off, it might say anything.
    const said = line.length < MAX_LINE_BYTES ? obey(line, state) : {};
    return { ...said, isDown: state.isDown || state.isInMaintenance };
  }
  return { name: 'agent', ...timing, check };
}

/** Takes a line into the state, and gives what it says besides. */
function obey(line: string, state: AgentState): ProbeVerdict {
  let weightRatio: number | undefined;
  let isDraining: boolean | undefined;
  for (const word of line
    .split('#', 1)[0]!
    .toLowerCase()
    .split(/[\s,]+/)) {
    weightRatio = ratioIn(word) ?? weightRatio;
    if (word === 'up') state.isDown = false;
    else if (/^(down|fail|failed|stopped)$/.test(word)) state.isDown = true;
    else if (/^(ready|drain|maint)$/.test(word)) {
      isDraining = word === 'drain';
      state.isInMaintenance = word === 'maint';
    }
  }
  return { ...(weightRatio !== undefined && { weightRatio }), ...(isDraining !== undefined && { isDraining }) };
}

function ratioIn(word: string): number | undefined {
  const [, percent, weight] = /^(?:(\d{1,5})%|weight:(\d{1,5}))$/.exec(word) ?? [];
  const given = percent ?? weight;
  return given === undefined ? undefined : Math.min(10, Number(given) / 100);
}
