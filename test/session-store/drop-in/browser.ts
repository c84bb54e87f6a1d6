/** A browser that keeps all cookies that it is given. */
import { get, type Received } from '../fixtures/serve.ts';

export interface Browser {
  /** The `Cookie` field. */
  readonly cookie: string;
  get(path: string): Promise<Received>;
  /** Forgets all cookies. */
  forget(): void;
}

export function browserOf(url: string, cookie = ''): Browser {
  const jar = new Map(cookie === '' ? [] : cookie.split('; ').map((pair) => splitPair(pair)));
  return {
    get cookie() {
      return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    },
    async get(path) {
      const answer = await get(url + path, this.cookie);
      for (const header of answer.headers['set-cookie'] ?? []) {
        const [name, value] = splitPair(header.split(';')[0]!);
        if (/expires=Thu, 01 Jan 1970/i.test(header)) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
    forget: () => jar.clear(),
  };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
