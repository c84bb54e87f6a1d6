/** How large a session may become. Refused when it is stored, before anything is sent: a store full of one user's session serves nobody. */
import { BalancerError } from '@evenkeel/core';
import { encodeValue } from './codec.ts';
import type { FieldChanges } from './merge.ts';

/** The limits of one `session()`, in bytes of UTF-8. */
export interface SizeLimits {
  /** Of one encoded value. */
  readonly maxFieldBytes: number;
  /** Of all names and encoded values together. */
  readonly maxSessionBytes: number;
}

/** The encoded value of a field. O(size). @throws SESSION_FIELD if it cannot be stored, or is over the limit */
export function encodeField({ maxFieldBytes }: SizeLimits, name: string, value: unknown): string {
  const text = encodeValue(name, value);
  const bytes = bytesOver(text, maxFieldBytes);
  if (bytes === 0) return text;
  throw new BalancerError(
    'SESSION_FIELD',
    `The session field ${JSON.stringify(name)} is too large: ${bytes} bytes, where \`maxFieldBytes\` is ${maxFieldBytes}`,
  );
}

/**
 * Lets a session that is over the limit already, because another instance allows more, shrink, and be changed where it does not grow.
 * O(fields). @throws SESSION_FIELD naming the largest change, if the session would grow beyond its limit
 */
export function assertSessionSize(
  { maxSessionBytes }: SizeLimits,
  base: ReadonlyMap<string, string>,
  { set, remove }: FieldChanges,
): void {
  if (set.size === 0) return;
  // No character of UTF-16 takes more than three bytes, so counting the bytes is rarely needed.
  let units = 0;
  for (const [name, text] of base) units += name.length + text.length;
  for (const [name, text] of set) units += name.length + text.length;
  if (units * 3 <= maxSessionBytes) return;
  const before = totalBytes(base);
  const after = totalBytes([...base].filter(([name]) => !set.has(name) && !remove.includes(name))) + totalBytes(set);
  if (after <= maxSessionBytes || after <= before) return;
  const [largest] = [...set].toSorted(([, a], [, b]) => b.length - a.length)[0]!;
  throw new BalancerError(
    'SESSION_FIELD',
    `The session field ${JSON.stringify(largest)} makes the session too large: ${after} bytes, where \`maxSessionBytes\` is ${maxSessionBytes}`,
  );
}

function totalBytes(fields: Iterable<readonly [string, string]>): number {
  let bytes = 0;
  for (const [name, text] of fields) bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}

/** The size of a text that is over the limit; 0 for one that is not. */
function bytesOver(text: string, limit: number): number {
  if (text.length * 3 <= limit) return 0;
  const bytes = Buffer.byteLength(text);
  return bytes > limit ? bytes : 0;
}
