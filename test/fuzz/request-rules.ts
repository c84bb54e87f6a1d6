/** What a request that has reached an endpoint owes to the one that the client sent. */
import { check } from './lane.ts';
import { MASKED } from './node-reading.ts';
import type { ReadRequest } from './node-reading.ts';
import { valuesOf } from './reader.ts';
import type { Fields, Message } from './reader.ts';

/** Fields that the proxy or its client makes, whatever the client said. */
const OWN = new Set([
  ...['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'forwarded', 'via'],
  ...['connection', 'content-length', 'transfer-encoding', 'host', 'te', 'trailer', 'expect', 'upgrade'],
]);
const NEVER = ['keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate'];
/** Of the connection, or what some endpoints take for one of the proxy's own fields. */
const DROPPED = new Set([...NEVER, 'http2-settings', MASKED]);
const OWN_ALIKE = /^x_forwarded_/;

/** True if `heard` is `sent`, as far as method, target and body go. */
export function isSame(heard: Message, sent: ReadRequest): boolean {
  const [method, target] = heard.start.split(' ');
  return method === sent.method && target === targetOf(sent.target) && heard.body === sent.body;
}

/** True if what `sent` says is all there, to tell requests apart that are alike otherwise. */
export function hasFieldsOf(heard: Message, sent: ReadRequest): boolean {
  try {
    checkFields(heard, sent);
    return true;
  } catch {
    return false;
  }
}

/** Absolute-form goes on as its path. */
function targetOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return path === target || path.startsWith('/') ? path : `/${path}`;
}

/** @throws Finding if fields were added, lost or changed against the rules (laws 2, 3, 4, 5 and 8). */
export function checkFields(heard: Message, sent: ReadRequest): void {
  const given = pairsOf(sent.rawHeaders);
  const said = (): string => `${JSON.stringify(heard.fields)} of ${JSON.stringify(given)}`;
  for (const name of NEVER) check(valuesOf(heard.fields, name).length === 0, () => `${name} crosses: ${said()}`);
  for (const [name, value] of heard.fields) {
    const lower = name.toLowerCase();
    if (OWN.has(lower) || (lower === 'cookie' && value.length > 0)) continue;
    check(
      given.some(([givenName, givenValue]) => givenName === name && givenValue === value),
      () => `${name}: ${value} comes from nowhere: ${said()}`,
    );
    check(
      !/^x[-_]forwarded[-_](for|proto|host|port)$/i.test(name),
      () => `${name} is the client's own word: ${said()}`,
    );
  }
  const [host] = valuesOf(given, 'host');
  if (host !== undefined) check(valuesOf(heard.fields, 'host')[0] === host, () => `another Host: ${said()}`);
  const addresses = valuesOf(heard.fields, 'x-forwarded-for');
  check(
    addresses.length === 1 && addresses[0] === '127.0.0.1',
    () => `X-Forwarded-For is ${addresses.join()}: ${said()}`,
  );
  check(valuesOf(heard.fields, 'forwarded').length === 1, () => `not one Forwarded: ${said()}`);
  const cookies = valuesOf(given, 'cookie').length;
  check(valuesOf(heard.fields, 'cookie').length === cookies, () => `cookies are lost: ${said()}`);
  checkNamed(heard.fields, given, said);
  checkKept(heard.fields, given, said);
}

function checkKept(heard: Fields, given: Fields, said: () => string): void {
  const named = namesIn(given);
  for (const [name, value] of given) {
    const lower = name.toLowerCase();
    if (OWN.has(lower) || DROPPED.has(lower) || OWN_ALIKE.test(lower) || lower === 'cookie' || named.includes(lower))
      continue;
    check(
      heard.some((field) => field[0] === name && field[1] === value),
      () => `${name}: ${value} is lost: ${said()}`,
    );
  }
}

function namesIn(given: Fields): string[] {
  return valuesOf(given, 'connection').flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
}

function checkNamed(heard: Fields, given: Fields, said: () => string): void {
  for (const name of namesIn(given)) {
    if (OWN.has(name) || name === 'cookie' || name === 'close' || name === '') continue;
    check(valuesOf(heard, name).length === 0, () => `${name} is named by Connection and crosses: ${said()}`);
  }
}

function pairsOf(raw: readonly string[]): Fields {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!.trim()] as const);
}
