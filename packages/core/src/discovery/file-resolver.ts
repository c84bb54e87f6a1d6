/**
 * A list of endpoints in a JSON file: what a deployment script, a config map or an operator with an editor can write.
 *
 * When: something else knows the members and can write a file. When not: there is an interface to ask; a file is one more thing to get
 * stale. Write it under another name and rename it: a file that is written in place is read half-written now and then, which is noticed
 * if the JSON does not end, and only then.
 */
import { endpointsSchema } from '../endpoint.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { BalancerError } from '../errors.ts';
import { durationMs, integerIn, resolveOptions, v } from '../options.ts';
import type { Resolver, ResolverIo } from './resolver.ts';

/** Changes within this time are read at once: editors and deployments write in several steps. */
const BURST_MS = 100;

/** Which file, and how often to look. */
export interface FileResolverOptions {
  /**
   * A JSON array of endpoints as `createCluster` takes them, or an object with such an array as `endpoints`. Relative to the working
   * directory.
   */
  readonly path: string;
  /** ms between two looks if no change is noticed, as on some network file systems, 100..2^31-1. @default 10_000 */
  readonly intervalMs?: number;
  /** A larger file is refused, 2..67_108_864 bytes. @default 1_048_576 */
  readonly maxBytes?: number;
}

const schema = v.strictObject({
  path: v.pipe(v.string('a path'), v.nonEmpty('a path')),
  intervalMs: v.optional(durationMs(100), 10_000),
  maxBytes: v.optional(integerIn(2, 67_108_864), 1_048_576),
});

const fileSchema = v.strictObject({ endpoints: endpointsSchema });

/** The endpoints that a file lists, as it changes. A file that is missing or wrong changes nothing. @throws INVALID_OPTIONS */
export function fileResolver(options: FileResolverOptions): Resolver {
  const { path, intervalMs, maxBytes } = resolveOptions('fileResolver', schema, options);

  async function* resolve(io: ResolverIo): AsyncIterable<readonly (string | EndpointOptions)[]> {
    let change = Promise.withResolvers<void>();
    const stop = io.watchFile(path, () => change.resolve());
    try {
      for (let last: string | undefined; ;) {
        // Before the file is read, so that what is written meanwhile counts as a change.
        change = Promise.withResolvers<void>();
        const text = await read(io);
        if (text !== undefined && text !== last) {
          const endpoints = parse(io, text);
          if (endpoints !== undefined) yield endpoints;
          last = text;
        }
        await io.sleep(intervalMs, change.promise);
        await io.sleep(BURST_MS);
      }
    } finally {
      stop();
    }
  }

  async function read(io: ResolverIo): Promise<string | undefined> {
    try {
      return await io.readFile(path, maxBytes);
    } catch (error) {
      io.fail(error);
      return undefined;
    }
  }

  function parse(io: ResolverIo, text: string): readonly (string | EndpointOptions)[] | undefined {
    try {
      return endpointsIn(path, text);
    } catch (error) {
      io.fail(error);
      return undefined;
    }
  }

  return { name: `file ${path}`, resolve };
}

/** @throws INVALID_OPTIONS naming the file and what is wrong with it */
function endpointsIn(path: string, text: string): readonly (string | EndpointOptions)[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BalancerError('INVALID_OPTIONS', `${path}: not JSON: ${(error as Error).message}`, { cause: error });
  }
  const isWrapped = typeof json === 'object' && json !== null && !Array.isArray(json);
  const list = isWrapped ? (json as { endpoints?: unknown }).endpoints : json;
  resolveOptions(path, fileSchema, { endpoints: list });
  return list as (string | EndpointOptions)[];
}
