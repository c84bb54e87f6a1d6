/**
 * The nouns of balancing: an endpoint as strategies see it, what a pick is told, and what a user writes to name one.
 */
import { hash32 } from './lib/hash.ts';
import { integerIn, v } from './options.ts';

/** What is known of an endpoint from its options alone, defaults filled in. */
export interface ResolvedEndpoint {
  /** Unique in its cluster; the endpoint's identity across updates. */
  readonly id: string;
  /** Scheme, host and port, such as `http://10.0.0.1:3000`. */
  readonly origin: string;
  /** Share of the load relative to the others; an integer in 1..65535. */
  readonly weight: number;
  /** 0 is used first; higher numbers only while too few endpoints of the lower ones are well. */
  readonly priority: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The opaque tag that a sticky cookie carries for this endpoint; never an address. */
  readonly route: string;
  /** True if the user named the route, so that the endpoint itself may put it into its cookies. */
  readonly isRouteNamed: boolean;
}

/** One address that can be sent to: a read-only view. What was learned about it belongs to the cluster. */
export interface Endpoint extends ResolvedEndpoint {
  /** Attempts begun and not yet over, bodies included. */
  readonly inflight: number;
  /**
   * What a request has to expect until its response head, in ms, as of `now`: a peak-sensitive moving average, more where requests have
   * failed of late. 0 if nothing was seen yet.
   */
  latencyAt(now: number): number;
  /** Mean age in ms of the attempts that still wait for their response head; 0 if none does. */
  waitingAgeAt(now: number): number;
}

/** What a strategy is told about one attempt. */
export interface PickContext {
  /** Milliseconds on the cluster's clock. */
  readonly now: number;
  /** A 32-bit hash of what the request hangs on (session id, client address); 0 if nothing. */
  readonly key: number;
  /** 0 for the first try, 1 for the first retry, and so on. */
  readonly attempt: number;
  /** The route of the endpoint that the request sticks to. Honoured before any strategy is asked. */
  readonly preferred: string | undefined;
  /** Only the endpoint of `preferred` will do. @default false */
  readonly isStrict?: boolean;
  /** Endpoints that this request has tried already. */
  readonly tried: readonly Endpoint[] | undefined;
}

/** What a user writes to name an endpoint; a string is short for `{ url }`. */
export interface EndpointOptions {
  /** Scheme `http:` or `https:`, host, and port if it is not the scheme's own. No path, query, fragment or credentials. */
  readonly url: string;
  /** @default the origin of `url` */
  readonly id?: string | undefined;
  /** Integer in 1..65535. @default 1 */
  readonly weight?: number | undefined;
  /** Integer in 0..255; 0 is used first, the next one while too few endpoints of it are well. @default 0 */
  readonly priority?: number | undefined;
  /** For strategies and event listeners of your own. @default {} */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** 1 to 64 characters of `[A-Za-z0-9_-]`, unique in the cluster. Set it to a Tomcat's `jvmRoute`. @default a hash of `id` */
  readonly route?: string | undefined;
}

const ORIGIN = 'an origin such as "http://10.0.0.1:3000" (http or https; no path, query, fragment or credentials)';
const ROUTE = '1 to 64 characters of A-Z a-z 0-9 _ -';

function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin, pathname, search, hash, username, password, host } = new URL(url);
  if ((protocol !== 'http:' && protocol !== 'https:') || host === '') return undefined;
  // `URL` hides an empty query, fragment or credentials; the text does not.
  if (pathname !== '/' || search || hash || username || password || /[?#@]/.test(url)) return undefined;
  return origin;
}

const endpointObject = v.pipe(
  v.strictObject({
    url: v.pipe(
      v.string(ORIGIN),
      v.check((url) => originOf(url) !== undefined, ORIGIN),
    ),
    id: v.optional(v.pipe(v.string(), v.nonEmpty('a non-empty string'))),
    weight: v.optional(integerIn(1, 65_535), 1),
    priority: v.optional(integerIn(0, 255), 0),
    tags: v.optional(v.record(v.string(), v.string()), {}),
    route: v.optional(v.pipe(v.string(ROUTE), v.regex(/^[A-Za-z0-9_-]{1,64}$/, ROUTE))),
  }),
  v.transform(({ url, id: givenId, route, ...rest }): ResolvedEndpoint => {
    const origin = originOf(url)!;
    const id = givenId ?? origin;
    return {
      ...rest,
      id,
      origin,
      route: route ?? derivedRoute(id),
      isRouteNamed: route !== undefined,
    };
  }),
);

/** Two 32-bit hashes in base 36: 64 bits, so that two endpoints of a cluster do not meet by accident. */
function derivedRoute(id: string): string {
  return hash32(id).toString(36) + hash32(id, 0x5bd1e995).toString(36);
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
