/**
 * What the options of all concurrency limits have in common: a start between a least and a most.
 */
import { resolveOptions, v } from '../options.ts';

interface Limits {
  readonly initialLimit: number;
  readonly minLimit: number;
  readonly maxLimit: number;
}

/**
 * Resolves the options of a limit; three of its `entries` are the limits, and have to be in order.
 * @throws INVALID_OPTIONS
 */
export function resolveLimits<const E extends v.ObjectEntries>(
  where: string,
  entries: E,
  options: unknown,
): v.InferOutput<v.StrictObjectSchema<E, undefined>> {
  const schema = v.pipe(
    v.strictObject(entries) as unknown as v.GenericSchema<Required<Limits>>,
    v.forward(
      v.check(({ minLimit, maxLimit }) => maxLimit >= minLimit, 'at least `minLimit`'),
      ['maxLimit'],
    ),
    v.forward(
      v.check(
        ({ initialLimit, minLimit, maxLimit }) => initialLimit >= minLimit && initialLimit <= maxLimit,
        'from `minLimit` to `maxLimit`',
      ),
      ['initialLimit'],
    ),
  );
  return resolveOptions(where, schema, options) as ReturnType<typeof resolveLimits<E>>;
}
