/**
 * The law of field names. A session is a plain object to the application, so a name must never reach a prototype, hide one of the
 * session's own members, or hide what every object has.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Prototype_Pollution_Prevention_Cheat_Sheet.html
 */
import { BalancerError } from '@evenkeel/core';

/** The longest field name, in UTF-16 units. */
export const MAX_FIELD_NAME_LENGTH = 128;

/** The members every session has; never names of fields. */
export const SESSION_MEMBERS = [
  'id',
  'isNew',
  'principal',
  'regenerate',
  'login',
  'logout',
  'destroy',
  'destroyAll',
  'listAll',
  'save',
  'reload',
  'touch',
  'increment',
  'update',
  'cas',
  'take',
] as const;

/** Names that reach a prototype; never names of fields. */
export const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype'] as const;

const RESERVED: ReadonlySet<string> = new Set([
  ...SESSION_MEMBERS,
  ...PROTOTYPE_NAMES,
  ...Object.getOwnPropertyNames(Object.prototype),
]);

// Lone surrogates have no UTF-8, and a NUL ends a text in some bindings of SQLite.
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** True for a name that a session field may have: 1..128 characters of well-formed Unicode, no control characters, not reserved. O(length). */
export function isFieldName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_FIELD_NAME_LENGTH && !RESERVED.has(name) && !UNPRINTABLE.test(name);
}

/** @throws SESSION_FIELD if `name` is not one that a session field may have */
export function assertFieldName(name: string): void {
  if (!isFieldName(name)) throw refusedName(name);
}

/** The error for a name that no field may have. */
export function refusedName(name: string): BalancerError {
  const why = RESERVED.has(name)
    ? 'is reserved'
    : `must be 1 to ${MAX_FIELD_NAME_LENGTH} characters of well-formed Unicode without control characters`;
  return new BalancerError('SESSION_FIELD', `The session field name ${JSON.stringify(name.slice(0, 80))} ${why}`);
}
