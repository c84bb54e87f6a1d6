/**
 * `await using` for tests, without the syntax that Node 22 does not know: what is passed to `closing` is disposed of when the test is over,
 * the last one first, however it ended.
 */
const open: (Disposable | AsyncDisposable)[] = [];

export function closing<T extends Disposable | AsyncDisposable>(resource: T): T {
  open.push(resource);
  return resource;
}

/** A root hook, see setup.ts: it runs after each test's own hooks. */
export async function closeAll(): Promise<void> {
  for (let resource = open.pop(); resource !== undefined; resource = open.pop()) {
    if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
    else resource[Symbol.dispose]();
  }
}
