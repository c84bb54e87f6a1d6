/**
 * Asks the endpoint for a page and looks at the status, and at the body if told to. An `https:` endpoint is asked over TLS, with the
 * cluster's `tls` options and the same checks of its certificate as for requests.
 *
 * When: the endpoint has a page that answers from what it needs to do its work, cheaply. When not: the page also checks what all
 * endpoints share, such as a database; then one outage there makes all of them unfit at once.
 */
import type { Endpoint } from '../endpoint.ts';
import { integerIn, resolveOptions, v } from '../options.ts';
import type { Probe, ProbeIo, ProbeResponse, ProbeTiming, ProbeVerdict } from './probe.ts';
import { probePort } from './probe-target.ts';
import { timingEntries, timingOf } from './probe-timing.ts';

/** One status, or a range with both its ends. */
export type StatusRange = number | readonly [from: number, to: number];

/** What to ask, what to expect, and when. */
export interface HttpProbeOptions extends Partial<ProbeTiming> {
  /** Origin-form: starts with `/`. @default '/' */
  readonly path?: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS';
  /** 1..65535, for a page that is served apart. @default the endpoint's own */
  readonly port?: number;
  /** The `Host` field, and over TLS also the name that is asked for and checked. @default the endpoint's own */
  readonly host?: string;
  /** Further fields, none of those that frame a message or concern its connection. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Statuses that pass, 100..599. By default a redirect passes too, as with HAProxy and Kubernetes: a server that sends you to its
   * login page works. (Envoy wants 200 exactly.) @default [[200, 399]]
   */
  readonly statuses?: readonly StatusRange[];
  /** A part of the body, or a pattern that it matches. @default any body */
  readonly body?: string | RegExp;
  /** How much of the body is read, 0..1_048_576 bytes. @default 16_384 */
  readonly maxBodyBytes?: number;
}

const PATH = 'a path that starts with "/", without spaces or control characters';
const HEADERS = 'an object of header fields, without those that concern the connection';
const OUR_FIELDS = /^(host|connection|keep-alive|upgrade|te|trailer|transfer-encoding|content-length|expect)$/i;
const STATUS = 'a status from 100 to 599, or two as [from, to]';
const status = integerIn(100, 599);
const statusRange = v.union(
  [
    status,
    v.pipe(
      v.tuple([status, status]),
      v.check(([from, to]) => from <= to, STATUS),
    ),
  ],
  STATUS,
);

const schema = v.strictObject({
  ...timingEntries,
  path: v.optional(v.pipe(v.string(PATH), v.regex(/^\/[^\s#\p{Cc}]*$/u, PATH)), '/'),
  method: v.optional(v.picklist(['GET', 'HEAD', 'OPTIONS'], '"GET", "HEAD" or "OPTIONS"'), 'GET'),
  host: v.optional(v.pipe(v.string('a host'), v.regex(/^[\w.\-:[\]]+$/, 'a host, with a port if need be'))),
  port: v.optional(probePort),
  headers: v.optional(
    v.record(
      v.pipe(
        v.string(),
        v.regex(/^[\w!#$%&'*+.^`|~-]+$/, HEADERS),
        v.check((name) => !OUR_FIELDS.test(name), HEADERS),
      ),
      v.pipe(v.string(HEADERS), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/, HEADERS)),
      HEADERS,
    ),
  ),
  statuses: v.optional(v.pipe(v.array(statusRange, 'an array of statuses'), v.nonEmpty('at least one status')), [
    [200, 399],
  ]),
  body: v.optional(v.union([v.string(), v.instance(RegExp)], 'a string or a regular expression')),
  maxBodyBytes: v.optional(integerIn(0, 1_048_576), 16_384),
});

/** Passes if the status is one of `statuses` and the body, if given, is as expected. @throws INVALID_OPTIONS */
export function httpProbe(options: HttpProbeOptions = {}): Probe {
  const { path, method, host, port, headers, statuses, body, maxBodyBytes, ...given } = resolveOptions(
    'httpProbe',
    schema,
    options,
  );
  const timing = timingOf(given);
  const request = { method, path, host, maxBodyBytes, ...(port && { port }), ...(headers && { headers }) };
  const isExpected = bodyTest(body);
  async function check(endpoint: Endpoint, io: ProbeIo): Promise<ProbeVerdict | undefined> {
    const response: ProbeResponse = await io.request(endpoint, request, timing.timeoutMs);
    if (!statuses.some((range) => isIn(range, response.status))) {
      throw new Error(`${method} ${path} gave status ${response.status}, expected ${describeRanges(statuses)}`);
    }
    if (!isExpected(response.body)) throw new Error(`${method} ${path} gave a body without ${String(body)}`);
    return response.loadReport === undefined ? undefined : { loadReport: response.loadReport };
  }
  return { name: 'http', ...timing, check };
}

function isIn(range: StatusRange, given: number): boolean {
  return typeof range === 'number' ? given === range : range[0] <= given && given <= range[1];
}

function describeRanges(ranges: readonly StatusRange[]): string {
  return ranges.map((range) => (typeof range === 'number' ? `${range}` : range.join('-'))).join(', ');
}

function bodyTest(expected: string | RegExp | undefined): (body: string) => boolean {
  if (expected === undefined) return () => true;
  if (typeof expected === 'string') return (body) => body.includes(expected);
  // With the flags g or y a RegExp remembers where it stopped, and every second probe would fail.
  const pattern = new RegExp(expected.source, expected.flags.replace(/[gy]/g, ''));
  return (body) => pattern.test(body);
}
