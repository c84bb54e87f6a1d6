/** What a response that has reached a client owes to the one that the endpoint sent. */
import { check } from './lane.ts';
import type { Verdict } from './node-client.ts';
import { Malformed, readResponse, valuesOf } from './reader.ts';
import type { Fields, Message } from './reader.ts';
import type { ResponseCase } from './response-grammar.ts';

/** Fields that the proxy or Node makes, whatever the endpoint said. */
const OWN = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'date',
  'set-cookie',
  'cache-control',
  'trailer',
]);

/** Statuses for which another try is made, so that the last answer is the proxy's or the endpoint's. */
const RETRIED: ReadonlySet<number> = new Set([502, 503, 504]);

/** More than this is refused: the limits are laws of their own. */
const MAX_HEAD = 16_000;
const MAX_FIELDS = 1_000;

/**
 * @param isResetAnEnd undici takes a reset for the end of a body that ends with its connection (its client-h1.js says why), and nobody
 * behind it can tell
 * @param byNode what Node's client makes of the same bytes
 * @returns what happened, in a word
 * @throws Finding if it may not
 */
export async function checkTold(
  given: ResponseCase,
  told: Message | undefined,
  isResetAnEnd: boolean,
  byNode: () => Promise<Verdict>,
): Promise<string> {
  const sent = readStrictly(given);
  if (told === undefined) {
    check(typeof sent === 'string' || !isFine(sent, given), () => 'a response that is fine is cut short');
    return 'cut short';
  }
  if (told.status === 502 && valuesOf(told.fields, 'cache-control').includes('no-store')) {
    check(typeof sent === 'string' || !isFine(sent, given), () => 'a response that is fine is refused');
    return 'refused';
  }
  if (typeof sent === 'string') {
    check(!told.fields.some(([name]) => name.toLowerCase() === 'x-injected'), () => `a field is made up of ${sent}`);
    check((await byNode()) !== 'refused', () => `what Node refuses is passed on (${sent})`);
    return `passed on though not clean: ${sent.replaceAll(/"[^]*/g, '').slice(0, 60)}`;
  }
  check(told.status === sent.status, () => `${sent.status} has become ${told.status}`);
  const isCut = isResetAnEnd && given.ending === 'resets' && sent.body.startsWith(told.body);
  check(
    told.body === sent.body || isCut,
    () => `the body has become ${told.body.length} bytes: ${JSON.stringify(told.body.slice(0, 200))}`,
  );
  checkFields(told.fields, sent.fields);
  return 'passed on';
}

/** The final response; or what is wrong with it. */
function readStrictly({ bytes, method, ending }: ResponseCase): Message | string {
  try {
    for (let at = 0; ;) {
      const message = readResponse(bytes, at, method, ending !== 'keeps');
      if (message === undefined) return 'half a response';
      if (message.status >= 200) return message;
      at = message.end;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return error.message;
  }
}

/** Nothing speaks against passing it on. A reset may overtake what was sent before it, and bytes behind the end may spoil it. */
function isFine({ status, start, fields, body, end, isChunked }: Message, { bytes, ending }: ResponseCase): boolean {
  if (ending === 'resets' || end < bytes.length || status > 599 || RETRIED.has(status)) return false;
  const isPlain = start.startsWith('HTTP/1.1 ') && !/^HTTP\/1\.1 1|\r\nHTTP\/1\.1 [1-9]/.test(bytes);
  const hasEnd = isChunked || valuesOf(fields, 'content-length').length > 0;
  const headLength = bytes.length - body.length;
  const isUpgrade = valuesOf(fields, 'upgrade').length > 0;
  // llhttp keeps the blank behind a value, and takes such a coding for another one.
  const isBlank = /(transfer-encoding|content-length):[^\r]*[ \t]\r/i.test(bytes);
  return isPlain && hasEnd && !isUpgrade && !isBlank && headLength < MAX_HEAD && fields.length < MAX_FIELDS;
}

function checkFields(told: Fields, sent: Fields): void {
  for (const [name, value] of told) {
    const lower = name.toLowerCase();
    if (OWN.has(lower)) continue;
    const isSent = sent.some(([sentName, sentValue]) => sentName === name && sentValue === value);
    check(isSent, () => `${name}: ${value} comes from nowhere: ${JSON.stringify(told)} of ${JSON.stringify(sent)}`);
  }
  const named = valuesOf(sent, 'connection').includes('X-Secret') ? ['x-secret'] : [];
  for (const name of ['proxy-authenticate', 'upgrade', 'endpoint-load-metrics', ...named]) {
    check(valuesOf(told, name).length === 0, () => `${name} crosses: ${JSON.stringify(told)}`);
  }
}
