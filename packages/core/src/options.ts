/**
 * Options are resolved once, at construction: defaults filled in, unknown keys refused, and one message that names path,
 * expectation and value. Shared by all packages through `@evenkeel/core/options`.
 */
import * as v from 'valibot';
import { BalancerError } from './errors.ts';

export * as v from 'valibot';

/**
 * Checks `input` against `schema` and fills in defaults.
 * @param where the public function whose argument this is, such as `createCluster`
 * @throws INVALID_OPTIONS naming path, expectation and value of every problem
 */
export function resolveOptions<const S extends v.GenericSchema>(
  where: string,
  schema: S,
  input: unknown,
): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new BalancerError('INVALID_OPTIONS', `${where}: ${result.issues.map(describeIssue).join('; ')}`);
}

/** A duration in milliseconds; an integer or fraction in `min`..`max`. */
export function durationMs(min: number, max: number = 2 ** 31 - 1): v.GenericSchema<number> {
  return numberIn(min, max, 'milliseconds');
}

/** An integer in `min`..`max`. */
export function integerIn(min: number, max: number): v.GenericSchema<number> {
  const expectation = `an integer from ${min} to ${max}`;
  return v.pipe(
    v.number(expectation),
    v.integer(expectation),
    v.minValue(min, expectation),
    v.maxValue(max, expectation),
  );
}

/** A finite number in `min`..`max`. */
export function numberIn(min: number, max: number, unit = ''): v.GenericSchema<number> {
  const expectation = `a number${unit && ` of ${unit}`} from ${min} to ${max}`;
  return v.pipe(
    v.number(expectation),
    v.finite(expectation),
    v.minValue(min, expectation),
    v.maxValue(max, expectation),
  );
}

/** A function of the type `T`. */
export function functionOf<T extends (...args: never[]) => unknown>(): v.GenericSchema<T> {
  return v.custom<T>((value) => typeof value === 'function', 'a function');
}

/** An object that has the methods `names`; for seams such as a strategy, a clock or a store. */
export function objectWith<T extends object>(
  noun: string,
  ...names: readonly (keyof T & string)[]
): v.GenericSchema<T> {
  return v.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `${noun} (an object with ${names.map((name) => `${name}()`).join(', ')})`,
  );
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  if (issue.type === 'strict_object' && issue.path !== undefined) {
    return issue.expected === 'never' ? `\`${path}\` is not a known option` : `\`${path}\` is missing`;
  }
  // valibot's own messages start with "Invalid"; ours are the expectation itself.
  const expectation = issue.message.startsWith('Invalid') ? (issue.expected ?? 'another type') : issue.message;
  return `\`${path || 'options'}\` must be ${expectation === 'Object' ? 'an object' : expectation}, got ${show(issue.input)}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
