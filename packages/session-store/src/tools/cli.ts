#!/usr/bin/env node
/** `evenkeel-sessions`: the sessions of a Redis on the command line, one line of JSON each. */
import { parseArgs } from 'node:util';
import { isBalancerError } from '@evenkeel/core';
import { isDigest } from '../stores/redis-keys.ts';
import { describeSession } from './describe-session.ts';
import { connectToRedis, type RedisSessions } from './redis-sessions.ts';
import { endSession, inspectSession, keyOf, listSessions } from './session-tools.ts';

const USAGE = `usage: evenkeel-sessions [options] <command>

  list <principal>        the sessions that a principal can use
  show <key or cookie>    one session
  end <key or cookie>     ends one session
  revoke <principal>      ends all sessions of a principal

  --redis <url>           default: REDIS_URL, which no list of processes shows
  --prefix <text>         the prefix of the store's keys; default: s:
  --values                shows values, not only what kind they are
  --help

A cookie of - is read from the standard input. Prints a line of JSON for each session. Exit code 1: nothing was found; 2: an error.
`;

const NOTHING_FOUND = 1;
const FAILED = 2;

/** What the terminal would act on instead of showing it: controls, and marks that turn the direction of the text. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

type Print = (value: object) => void;

/** A command over one connection; false if it found nothing. */
type Command = (sessions: RedisSessions, argument: string, print: Print, isWithValues: boolean) => Promise<boolean>;

const COMMANDS: Readonly<Record<string, Command>> = {
  async list({ store }, principal, print, isWithValues) {
    const sessions = await listSessions(store, principal);
    for (const session of sessions) print(describeSession(session, isWithValues));
    return sessions.length > 0;
  },
  async show({ store, find }, keyOrCookie, print, isWithValues) {
    const isKey = isDigest(keyOrCookie);
    const session = await (isKey ? find(keyOrCookie, Date.now()) : inspectSession(store, keyOrCookie));
    if (session !== undefined) print(describeSession(session, isWithValues));
    return session !== undefined;
  },
  async end({ store }, keyOrCookie, print) {
    const isEnded = await endSession(store, keyOrCookie);
    print({ key: keyOf(keyOrCookie), isEnded });
    return isEnded;
  },
  async revoke({ store }, principal, print) {
    const sessions = await listSessions(store, principal);
    await store.revoke(principal, Date.now());
    for (const session of sessions) print(describeSession(session));
    return true;
  },
};

/** One key in 64 begins with a hyphen, and would be taken for an option. */
function keysLast(args: readonly string[]): string[] {
  const isKey = (text: string): boolean => text.startsWith('-') && isDigest(text);
  if (args.includes('--') || !args.some(isKey)) return [...args];
  return [...args.filter((text) => !isKey(text)), '--', ...args.filter(isKey)];
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: keysLast(args),
    allowPositionals: true,
    options: {
      redis: { type: 'string' },
      prefix: { type: 'string', default: 's:' },
      values: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [name = '', argument, ...rest] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined || argument === undefined || rest.length > 0)
    throw new Error(`no such command\n\n${USAGE}`);
  const given = argument === '-' ? (await standardInput()).trim() : argument;
  const sessions = await connectToRedis(redisUrl(values.redis ?? process.env['REDIS_URL']), values.prefix);
  try {
    return (await command(sessions, given, printLine, values.values)) ? 0 : NOTHING_FOUND;
  } finally {
    sessions.close();
  }
}

/** The URL is not repeated in the message: it may have a password. */
function redisUrl(text: string | undefined): string {
  if (text !== undefined && /^rediss?:\/\/[^/?#]/.test(text) && URL.canParse(text)) return text;
  throw new Error('--redis (or REDIS_URL) must be a URL such as redis://127.0.0.1:6379');
}

async function standardInput(): Promise<string> {
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) text += String(part);
  return text;
}

function printLine(value: object): void {
  process.stdout.write(`${safe(JSON.stringify(value))}\n`);
}

function safe(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function describe(error: unknown): string {
  if (isBalancerError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

// Whoever reads may stop reading: `evenkeel-sessions list ada | head -1`.
process.stdout.on('error', () => undefined);
main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.exitCode = FAILED;
    process.stderr.write(`evenkeel-sessions: ${safe(describe(error))}\n`);
  },
);
