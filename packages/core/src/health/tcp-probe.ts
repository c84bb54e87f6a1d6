/**
 * Asks whether the endpoint accepts a connection.
 *
 * When: protocols other than HTTP, or to see a dead machine fast. When not: there is an HTTP health page. A process whose event loop
 * hangs still accepts connections, since the kernel does that for it.
 */
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeTiming } from './probe.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** When to ask. */
export type TcpProbeOptions = Partial<ProbeTiming>;

const schema = v.strictObject(timingEntries);

/** Passes if a TCP connection comes about within `timeoutMs`. @throws INVALID_OPTIONS */
export function tcpProbe(options: TcpProbeOptions = {}): Probe {
  const timing = timingOf(resolveOptions('tcpProbe', schema, options));
  return { name: 'tcp', ...timing, check: (endpoint, io) => io.connect(endpoint, timing.timeoutMs) };
}
