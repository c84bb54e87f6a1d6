/**
 * Types of functions that users write.
 */

/** The same function, which may also ask for a framework's own kind of request or response: Express' has a `body`, Koa's has not. */
export type Lenient<F extends (...args: never[]) => unknown> = {
  call(...args: Parameters<F>): ReturnType<F>;
}['call'];
