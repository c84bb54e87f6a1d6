/**
 * What middleware has put on a response before the proxy answers: it stays, unless the endpoint says otherwise; cookies and `Vary` add up.
 */
import { OutgoingMessage } from 'node:http';
import type { ServerResponse } from 'node:http';

/**
 * Where Node keeps fields that were set one by one. While there are any it goes through every further field one by one too, as in every
 * answer of Express, with its `X-Powered-By`. Undefined if this Node has no such place.
 */
const EARLIER = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  ({ description }) => description === 'kOutHeaders',
);

/** Whether `writeWithEarlier` works with this Node. */
export const canTakeEarlier: boolean = EARLIER !== undefined;

/** Sends the head as one flat list, earlier fields first. @throws if a name or value is not valid; then the earlier fields are still there */
export function writeWithEarlier(
  res: ServerResponse,
  status: number,
  reason: string,
  before: readonly string[],
  fields: readonly string[],
): void {
  const flat: string[] = [];
  const names = (res as ServerResponse & { getRawHeaderNames(): string[] }).getRawHeaderNames();
  for (let i = 0; i < before.length; i++) {
    if (isReplaced(before[i]!, fields)) continue;
    const value = res.getHeader(before[i]!);
    if (Array.isArray(value)) for (const one of value) flat.push(names[i]!, one);
    else flat.push(names[i]!, String(value));
  }
  for (let i = 0; i < fields.length; i++) flat.push(fields[i]!);
  const kept: unknown = Reflect.get(res, EARLIER!);
  Reflect.set(res, EARLIER!, null);
  try {
    res.writeHead(status, reason, flat);
  } catch (error) {
    Reflect.set(res, EARLIER!, kept);
    throw error;
  }
}

/** Puts the fields on the response one by one: what waits for the head reads them there. */
export function merge(res: ServerResponse, before: readonly string[], fields: readonly string[]): void {
  for (let i = 0; i < before.length; i++) if (isReplaced(before[i]!, fields)) res.removeHeader(before[i]!);
  for (let i = 0; i < fields.length; i += 2) res.appendHeader(fields[i]!, fields[i + 1]!);
}

function isReplaced(name: string, fields: readonly string[]): boolean {
  if (name === 'set-cookie' || name === 'vary') return false;
  return name === 'content-length' || name === 'transfer-encoding' || has(fields, name);
}

function has(fields: readonly string[], lowerCaseName: string): boolean {
  const { length } = lowerCaseName;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === length && name.toLowerCase() === lowerCaseName) return true;
  }
  return false;
}
