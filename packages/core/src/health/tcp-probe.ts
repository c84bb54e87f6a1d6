/**
 * Asks whether the endpoint accepts a connection.
 *
 * When: protocols other than HTTP, or to see a dead machine fast. When not: there is an HTTP health page. A process whose event loop
 * hangs still accepts connections, since the kernel does that for it.
 */
import { resolveOptions, v } from '../options.ts';
import type { Probe, ProbeTiming } from './probe.ts';
import { probePort } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** Where to ask, and when. */
export interface TcpProbeOptions extends Partial<ProbeTiming> {
  /** 1..65535. @default the endpoint's own */
  readonly port?: number;
}

const schema = v.strictObject({ ...timingEntries, port: v.optional(probePort) });

/** Passes if a TCP connection comes about within `timeoutMs`. @throws INVALID_OPTIONS */
export function tcpProbe(options: TcpProbeOptions = {}): Probe {
  const { port, ...given } = resolveOptions('tcpProbe', schema, options);
  const timing = timingOf(given);
  return { name: 'tcp', ...timing, check: (endpoint, io) => io.connect(endpoint, timing.timeoutMs, port) };
}
