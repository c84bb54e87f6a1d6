/**
 * Commands that are sent in one turn of the event loop leave in one system call. A busy process makes dozens of them in a turn, and each
 * would be a call of its own that wakes Redis up; nothing waits longer than until the turn is over, which is when replies could be read.
 */

/** A socket that can hold back what is written to it. */
interface Corkable {
  cork(): void;
  uncork(): void;
}

const held = new Set<Corkable>();

/** Holds what is written to the client's connection from now on until the turn is over. A Cluster has many, and is left alone. */
export function writeTogether(redis: { readonly stream?: unknown }): void {
  const { stream } = redis;
  if (!isCorkable(stream) || held.has(stream)) return;
  if (held.size === 0) setImmediate(release);
  held.add(stream);
  stream.cork();
}

function release(): void {
  for (const stream of held) stream.uncork();
  held.clear();
}

function isCorkable(stream: unknown): stream is Corkable {
  return typeof stream === 'object' && stream !== null && 'cork' in stream && typeof stream.cork === 'function';
}
