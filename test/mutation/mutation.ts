/** A way to break a law of the proxy, by a few characters of its source, and the tests that have to notice. */
export interface Mutation {
  /** As numbered in docs/proxy-laws.md. */
  readonly law: number;
  /** What is wrong with a proxy of that source. */
  readonly what: string;
  /** From the root. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** From the root. @default the laws of a proxy in bare node:http, which is the quickest to start */
  readonly spec?: string;
  /** The tests of the spec that may notice, as mocha's `--grep` takes them. @default those that are named by the law */
  readonly grep?: string;
}

const BARE = 'test/proxy/proxy.test.ts';

export function specOf({ spec = BARE }: Mutation): string {
  return spec;
}

export function grepOf({ law, grep = `law ${law}:` }: Mutation): string {
  return grep;
}

/** The source with the law broken; undefined if there is not exactly one place for that. */
export function broken(source: string, { from, to }: Mutation): string | undefined {
  const parts = source.split(from);
  return parts.length === 2 ? parts.join(to) : undefined;
}
