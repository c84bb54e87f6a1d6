/** The keys of connect-redis, `<prefix><id>`: strings that end by themselves. Each call is one atomic step and ends in time. */
import { type RedisClient, redisCaller } from '../stores/redis-client.ts';
import { script, type Script } from '../stores/redis-scripts.ts';
import { storeError } from '../store-error.ts';

/** What lies under a key. */
export interface FoundText {
  readonly text: string;
  /** What is left of its time, in ms; undefined for one that does not end. */
  readonly leftMs: number | undefined;
}

/** Every method rejects with SESSION_STORE if Redis does not answer or refuses. */
export interface CompatStrings {
  read(id: string): Promise<FoundText | undefined>;
  write(id: string, text: string, leftMs: number): Promise<void>;
  /** Replaces a text that is there, and returns it; undefined if there is none: nothing was written. */
  replace(id: string, text: string, leftMs: number): Promise<string | undefined>;
  /** False if there is none. */
  prolong(id: string, leftMs: number): Promise<boolean>;
  /** Removes the text and returns it. */
  take(id: string): Promise<string | undefined>;
}

const READ: Script = script(`return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}`);

const REPLACE: Script = script(`
local last = redis.call('GET', KEYS[1])
if last then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return last
`);

const TAKE: Script = script(`
local last = redis.call('GET', KEYS[1])
if last then redis.call('DEL', KEYS[1]) end
return last
`);

export function compatStrings(redis: RedisClient, prefix: string, deadlineMs: number): CompatStrings {
  const caller = redisCaller(redis, deadlineMs);

  async function within(call: Promise<unknown>): Promise<unknown> {
    try {
      return await call;
    } catch (cause) {
      throw storeError('The keys of connect-redis are out of reach', cause);
    }
  }
  function run(which: Script, id: string, ...rest: string[]): Promise<unknown> {
    return within(caller.script({ script: which, keys: [prefix + id], rest }, caller.endsAt()));
  }
  function command(name: string, id: string, ...rest: string[]): Promise<unknown> {
    return within(caller.command(caller.endsAt(), name, prefix + id, ...rest));
  }

  return {
    async read(id) {
      const [text, leftMs] = (await run(READ, id)) as [unknown, unknown];
      if (typeof text !== 'string') return undefined;
      return { text, leftMs: Number(leftMs) < 0 ? undefined : Number(leftMs) };
    },
    write: async (id, text, leftMs) => void (await command('SET', id, text, 'PX', String(leftMs))),
    replace: async (id, text, leftMs) => textOf(await run(REPLACE, id, text, String(leftMs))),
    prolong: async (id, leftMs) => Number(await command('PEXPIRE', id, String(leftMs))) === 1,
    take: async (id) => textOf(await run(TAKE, id)),
  };
}

function textOf(reply: unknown): string | undefined {
  return typeof reply === 'string' ? reply : undefined;
}
