/**
 * Runs a program that tells by its exit status whether the endpoint is well, and if wanted also how much of the load it should
 * get.
 *
 * When: a check that exists already, such as a plugin of Nagios or a script for keepalived; protocols that no other probe
 * speaks. When not: many endpoints at short intervals, since each probe starts a process. The program runs with this process's
 * rights.
 * Source: keepalived's MISC_CHECK and `misc_dynamic` (keepalived.conf).
 */
import type { Endpoint } from '../endpoint.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeTiming, ProbeVerdict } from './probe.ts';
import { firstLine } from './probe-output.ts';
import { targetOf } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** What to run, how to read its exit status, and when. */
export interface CommandProbeOptions extends Partial<ProbeTiming> {
  /**
   * The program, by its name on `PATH` or its path, and its arguments. No shell reads them. The program is told of the endpoint
   * by the environment variables `EVENKEEL_ENDPOINT_HOST`, `EVENKEEL_ENDPOINT_PORT` and `EVENKEEL_ENDPOINT_ID`.
   */
  readonly command: readonly [file: string, ...args: string[]];
  /** Further environment variables. Of this process's own the program gets `PATH` and nothing else, secrets least of all. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * How the exit status is read. False: 0 passes, anything else fails. True: as with keepalived's `misc_dynamic`, 0 passes and
   * leaves the weight as it is, 1 fails, and 2..255 pass with a weight of two less than the status, of which `fullWeight` is
   * the configured one. A weight of 0 keeps new work away, and not what sticks to the endpoint. @default false
   */
  readonly isDynamic?: boolean;
  /**
   * The weight, 1..253, that stands for all of the endpoint's configured weight. keepalived sets the weight itself; here it is
   * a share, so that a script may serve endpoints of different weights. For a script written for keepalived it is the `weight`
   * of its real servers. With 100 the status is a percentage plus two. The share is at most 10. @default 100
   */
  readonly fullWeight?: number;
}

const COMMAND = 'an array of a program and its arguments, strings without NUL';
const ENV = 'an object of environment variables, strings without NUL';
const MAX_OUTPUT_BYTES = 4_096;
const MAX_WEIGHT_RATIO = 10;
const word = v.pipe(v.string(COMMAND), v.regex(/^[^\0]*$/, COMMAND));

const schema = v.strictObject({
  ...timingEntries,
  command: v.pipe(v.tupleWithRest([v.pipe(word, v.nonEmpty(COMMAND))], word, COMMAND), v.readonly()),
  env: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[^=\0]+$/, ENV)), v.pipe(v.string(ENV), v.regex(/^[^\0]*$/, ENV)), ENV),
    {},
  ),
  isDynamic: v.optional(v.boolean('true or false'), false),
  fullWeight: v.optional(integerIn(1, 253), 100),
});

/** Passes if the program ends within `timeoutMs` with a status that says so. @throws INVALID_OPTIONS */
export function commandProbe(options: CommandProbeOptions): Probe {
  const { command, env, isDynamic, fullWeight, ...given } = resolveOptions('commandProbe', schema, options);
  const timing = timingOf(given);
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict | undefined> {
    const { exitStatus, output } = await io.run(command, {
      timeoutMs: timing.timeoutMs,
      env: { ...env, ...describe(endpoint) },
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (exitStatus === 0) return undefined;
    if (!isDynamic || exitStatus === 1) {
      throw new Error(`${command[0]} exited with ${exitStatus}: ${firstLine(output)}`);
    }
    return { weightRatio: Math.min(MAX_WEIGHT_RATIO, (exitStatus - 2) / fullWeight) };
  }
  return { name: 'command', ...timing, check };
}

function describe(endpoint: Endpoint): Record<string, string> {
  const { host, port } = targetOf(endpoint);
  return {
    EVENKEEL_ENDPOINT_HOST: host,
    EVENKEEL_ENDPOINT_PORT: `${port}`,
    EVENKEEL_ENDPOINT_ID: endpoint.id,
  };
}
