/**
 * The nouns of balancing: an endpoint as strategies see it, what a pick is told, and what a user writes to name one.
 */
import { hash32 } from './lib/hash.ts';
import type { LoadReport } from './load-report.ts';
import { integerIn, v } from './options.ts';

/** What is known of an endpoint from its options alone, defaults filled in. */
export interface ResolvedEndpoint {
  /** Unique in its cluster; the endpoint's identity across updates. */
  readonly id: string;
  /** Scheme, host and port, such as `http://10.0.0.1:3000`. */
  readonly origin: string;
  /** The Unix socket to connect to in place of the origin's address; undefined for none. */
  readonly socketPath: string | undefined;
  /** Share of the load relative to the others; an integer in 1..65535. */
  readonly weight: number;
  /** 0 is used first; higher numbers only while too few endpoints of the lower ones are well. */
  readonly priority: number;
  /** Where it runs, such as `eu-1a`; undefined if unknown. */
  readonly zone: string | undefined;
  /** About to go: serves what sticks to it and nothing new. */
  readonly isDraining: boolean;
  /** Serves only while no other endpoint may be picked. */
  readonly isFallback: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** The opaque tag that a sticky cookie carries for this endpoint; never an address. */
  readonly route: string;
  /** True if the user named the route, so that the endpoint itself may put it into its cookies. */
  readonly isRouteNamed: boolean;
}

/** One address that can be sent to: a read-only view. What was learned about it belongs to the cluster. */
export interface Endpoint extends ResolvedEndpoint {
  /**
   * Share of the load relative to the others as of the last rebuild, above 0 and not always whole: what the options say, times what an
   * agent says, less while it starts slowly.
   */
  readonly weight: number;
  /** Attempts begun and not yet over, bodies included. */
  readonly inflight: number;
  /**
   * What a request has to expect until its response head, in ms, as of `now`: a peak-sensitive moving average, more where requests have
   * failed of late. 0 if nothing was seen yet.
   */
  latencyAt(now: number): number;
  /** Mean age in ms of the attempts that still wait for their response head; 0 if none does. */
  waitingAgeAt(now: number): number;
  /**
   * The greater of the two in whole microseconds, in steps of about 20 %, so that endpoints that are nearly equal are equal; 0 if its
   * latency is not known. Looked at again at every outcome, and otherwise when it may have changed by a step. What strategies
   * compare. O(1), allocates nothing.
   */
  expectedUsAt(now: number): number;
  /** What it last said about itself; undefined if it never did. */
  readonly report: LoadReport | undefined;
  /** How many of its reports could not be used: not ORCA, or not a number in range anywhere. */
  readonly ignoredReports: number;
}

/** What a strategy is told about one attempt. */
export interface PickContext {
  /** Milliseconds on the cluster's clock. */
  readonly now: number;
  /** A 32-bit hash of what the request hangs on (session id, client address); 0 if nothing. */
  readonly key: number;
  /** 0 for the first try, 1 for the first retry, and so on. */
  readonly attempt: number;
  /**
   * The route of the endpoint that the request sticks to; `ROUTE_OF_KEY` for whoever the key belongs to. Honoured before any strategy is
   * asked.
   */
  readonly preferred: string | undefined;
  /**
   * How many times its share of what is in flight that endpoint may have with this request; above that, this one request goes
   * elsewhere. @default Infinity
   */
  readonly maxLoadRatio?: number | undefined;
  /** Only the endpoint of `preferred` will do. @default false */
  readonly isStrict?: boolean;
  /** Endpoints that this request has tried already. */
  readonly tried: readonly Endpoint[] | undefined;
  /** A failure of this attempt can be made up for by another, so an endpoint may be tried out on it. @default true */
  readonly isRetryable?: boolean;
}

/** What a user writes to name an endpoint; a string is short for `{ url }`. */
export interface EndpointOptions {
  /** Scheme `http:` or `https:`, host, and port if it is not the scheme's own. No path, query, fragment or credentials. */
  readonly url: string;
  /**
   * A Unix socket to connect to in place of the address in `url`, which still says whether to speak TLS and what the `Host` is: an absolute
   * path, or one that starts with a NUL for Linux' abstract sockets. @default none
   */
  readonly socketPath?: string | undefined;
  /** @default the origin of `url`, or its `socketPath` */
  readonly id?: string | undefined;
  /** Integer in 1..65535. @default 1 */
  readonly weight?: number | undefined;
  /** Integer in 0..255; 0 is used first, the next one while too few endpoints of it are well. @default 0 */
  readonly priority?: number | undefined;
  /** Where it runs, such as `eu-1a`. @default unknown */
  readonly zone?: string | undefined;
  /** About to go: serves what sticks to it and nothing new. For whoever tells the cluster of its endpoints. @default false */
  readonly isDraining?: boolean | undefined;
  /** A sorry server: serves only while no other endpoint may be picked. @default false */
  readonly isFallback?: boolean | undefined;
  /** For strategies and event listeners of your own. @default {} */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** 1 to 64 characters of `[A-Za-z0-9_-]`, unique in the cluster. Set it to a Tomcat's `jvmRoute`. @default a hash of `id` */
  readonly route?: string | undefined;
}

const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});
const ORIGIN = 'an origin such as "http://10.0.0.1:3000" (http or https; no path, query, fragment or credentials)';
const SOCKET_PATH = 'the absolute path of a Unix socket';
const ROUTE = '1 to 64 characters of A-Z a-z 0-9 _ -';

function originOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  const { protocol, origin, pathname, search, hash, username, password, host } = parsed;
  if ((protocol !== 'http:' && protocol !== 'https:') || host === '') return undefined;
  // `URL` hides an empty query, fragment or credentials; the text does not.
  if (pathname !== '/' || search || hash || username || password || /[?#@]/.test(url)) return undefined;
  return origin;
}

const endpointObject = v.pipe(
  v.strictObject({
    url: v.pipe(
      v.string(ORIGIN),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const origin = originOf(dataset.value);
        if (origin !== undefined) return origin;
        addIssue({ message: ORIGIN });
        return NEVER;
      }),
    ),
    socketPath: v.optional(v.pipe(v.string(SOCKET_PATH), v.regex(/^(\/[^\0]+|\0[^\0]+)$/, SOCKET_PATH))),
    id: v.optional(v.pipe(v.string(), v.nonEmpty('a non-empty string'))),
    weight: v.optional(integerIn(1, 65_535), 1),
    priority: v.optional(integerIn(0, 255), 0),
    zone: v.optional(v.pipe(v.string('a string'), v.nonEmpty('a non-empty string'))),
    isDraining: v.optional(v.boolean('true or false'), false),
    isFallback: v.optional(v.boolean('true or false'), false),
    tags: v.optional(v.record(v.string(), v.string()), NO_TAGS),
    route: v.optional(v.pipe(v.string(ROUTE), v.regex(/^[A-Za-z0-9_-]{1,64}$/, ROUTE))),
  }),
  v.transform((given): ResolvedEndpoint => {
    const { url: origin, socketPath, weight, priority, zone, isDraining, isFallback, tags, route } = given;
    const id = given.id ?? socketPath ?? origin;
    // Field by field: what is spread takes half as much memory again, and there may be thousands.
    return {
      id,
      origin,
      socketPath,
      weight,
      priority,
      zone,
      isDraining,
      isFallback,
      tags,
      route: route ?? derivedRoute(id),
      isRouteNamed: route !== undefined,
    };
  }),
);

/** Two 32-bit hashes in base 36: 64 bits, so that two endpoints of a cluster do not meet by accident. */
function derivedRoute(id: string): string {
  // Joined, it is one string; a sum would keep both parts.
  return [hash32(id).toString(36), hash32(id, 0x5bd1e995).toString(36)].join('');
}

/** The schema of one endpoint; accepts a URL alone. */
export const endpointSchema: v.GenericSchema<string | EndpointOptions, ResolvedEndpoint> = v.pipe(
  v.union(
    [
      v.pipe(
        v.string(),
        v.transform((url) => ({ url })),
      ),
      v.looseObject({}),
    ],
    ORIGIN,
  ),
  endpointObject,
) as v.GenericSchema<string | EndpointOptions, ResolvedEndpoint>;

/** The schema of a whole set: at least one, no id and no route twice. */
export const endpointsSchema: v.GenericSchema<readonly (string | EndpointOptions)[], ResolvedEndpoint[]> = v.pipe(
  v.array(endpointSchema, 'an array of endpoints'),
  v.nonEmpty('at least one endpoint'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const field of ['id', 'route'] as const) {
      const seen = new Set<string>();
      dataset.value.forEach((endpoint, index) => {
        const value = endpoint[field];
        if (seen.has(value)) {
          const path: [v.ArrayPathItem] = [
            { type: 'array', origin: 'value', input: dataset.value, key: index, value: endpoint },
          ];
          addIssue({ message: `an endpoint with its own ${field}`, input: value, path });
        }
        seen.add(value);
      });
    }
  }),
);
