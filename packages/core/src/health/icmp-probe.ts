/**
 * Asks whether the endpoint's machine answers an ICMP echo request, through the system's `ping`, since raw sockets need rights
 * that a server should not have.
 *
 * When: to tell a dead machine or network from a dead service, beside another probe. When not: as the only probe, since a
 * kernel answers for services that are long gone; where ICMP is filtered; for many endpoints at short intervals, since each
 * probe starts a process.
 * Source: keepalived's PING_CHECK.
 */
import type { Endpoint } from '../endpoint.ts';
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeRunResult, ProbeTiming } from './probe.ts';
import { firstLine } from './probe-output.ts';
import { targetOf } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** With what to ask, and when. */
export interface IcmpProbeOptions extends Partial<ProbeTiming> {
  /**
   * A program that understands `-n -q -c 1 -- <address>`: its name on `PATH`, or its absolute path. On macOS IPv6 addresses
   * need `ping6`.
   * @default 'ping'
   */
  readonly program?: string;
}

const PROGRAM = 'the name of a program, or its absolute path';
/** What `ping` may be given: it must not start with a dash, which would be an option, and holds nothing but a name or an address. */
const ADDRESS = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/;
const MAX_OUTPUT_BYTES = 1_024;

const schema = v.strictObject({
  ...timingEntries,
  program: v.optional(v.pipe(v.string(PROGRAM), v.regex(/^(?:\/[^\0]+|[\w.][\w.-]*)$/, PROGRAM)), 'ping'),
});

/** Passes if an answer to one echo request comes within `timeoutMs`. @throws INVALID_OPTIONS */
export function icmpProbe(options: IcmpProbeOptions = {}): Probe {
  const { program, ...given } = resolveOptions('icmpProbe', schema, options);
  const timing = timingOf(given);
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<void> {
    const { host } = targetOf(endpoint);
    if (!ADDRESS.test(host)) throw new Error(`${JSON.stringify(host)} is no name or address that ${program} is given`);
    const command = [program, '-n', '-q', '-c', '1', '--', host] as const;
    // Its messages in English, as everybody can look them up.
    const run = { timeoutMs: timing.timeoutMs, env: { LC_ALL: 'C' }, maxOutputBytes: MAX_OUTPUT_BYTES };
    const { exitStatus, output } = await io.run(command, run).catch((error) => explain(error, program));
    if (exitStatus !== 0) throw new Error(`${program} ${host} exited with ${exitStatus}: ${firstLine(output)}`);
  }
  return { name: 'icmp', ...timing, check };
}

function explain(error: unknown, program: string): ProbeRunResult {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
  const message = `icmpProbe needs the program ${program}, which is not there; Debian has it in the package iputils-ping`;
  throw new Error(message, { cause: error });
}
