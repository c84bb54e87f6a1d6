/**
 * Asks an endpoint for a load report, but only while it has none that is fresh: reports come with every response, so this is for
 * those that get no requests, whose figures would otherwise be unknown when they are needed.
 *
 * When: beside `prequal()`, if requests are rare or endpoints many. When not: enough requests for each endpoint to answer one per
 * `maxAgeMs`; then it never asks, and need not be there. It sees an outage only where nothing else is sent, so an endpoint that answers
 * requests with fresh reports and errors is a matter for ejection.
 */
import type { Endpoint } from '../endpoint.ts';
import { durationMs, resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeTiming, ProbeVerdict } from './probe.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** What to ask, and how old a report may be. */
export interface LoadProbeOptions extends Partial<ProbeTiming> {
  /** Origin-form: starts with `/`. A page that costs nothing, behind `reportLoad()`. @default '/' */
  readonly path?: string;
  /** ms after which to ask for another report, 1..2^31-1. The default keeps it younger than `prequal()` wants it. @default 500 */
  readonly maxAgeMs?: number;
  /** ms between two looks at whether to ask, 10..2^31-1. @default half of `maxAgeMs`, 10 at least */
  readonly intervalMs?: number;
}

const PATH = 'a path that starts with "/", without spaces or control characters';

const schema = v.strictObject({
  ...timingEntries,
  path: v.optional(v.pipe(v.string(PATH), v.regex(/^\/[^\s#\p{Cc}]*$/u, PATH)), '/'),
  maxAgeMs: v.optional(durationMs(1), 500),
  intervalMs: v.optional(durationMs(10)),
});

/** What tells servers that speak several formats which one to answer in; others do not know it. */
const HEADERS = { 'endpoint-load-metrics-format': 'text' };

/**
 * Passes if the endpoint answers with a status below 500, and takes in its report if it gives one. @throws INVALID_OPTIONS
 */
export function loadProbe(options: LoadProbeOptions = {}): Probe {
  const { path, maxAgeMs, intervalMs, ...given } = resolveOptions('loadProbe', schema, options);
  const timing = timingOf({ ...given, intervalMs: intervalMs ?? Math.max(10, maxAgeMs / 2) });
  const request = { method: 'GET', path, host: undefined, maxBodyBytes: 0, headers: HEADERS };
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict> {
    const { status, loadReport } = await io.request(endpoint, request, timing.timeoutMs);
    if (status < 100 || status >= 500) throw new Error(`GET ${path} gave status ${status}, expected less than 500`);
    return loadReport === undefined ? {} : { loadReport };
  }
  function isDue({ report }: Endpoint, now: number): boolean {
    return report === undefined || now - report.receivedAt > maxAgeMs;
  }
  return { name: 'load', ...timing, check, isDue };
}
