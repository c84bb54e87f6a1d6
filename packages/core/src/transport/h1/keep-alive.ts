/**
 * How long a connection may be idle. An endpoint that says when it will close it (`Keep-Alive: timeout=5`) is believed, but for a margin:
 * a request that goes out while the close comes in is lost.
 */

const MARGIN_MS = 1_000;
const MAX_IDLE_MS = 600_000;

/** The last answer: an endpoint says the same each time. */
let knownValue: string | undefined;
let knownMs = 0;

/** @param value of the `Keep-Alive` field. @returns ms, 0 or less if the connection is not to be used again */
export function idleMsOf(value: string | undefined, keepAliveMs: number): number {
  if (value === undefined) return keepAliveMs;
  if (value !== knownValue) {
    const [, seconds] = /(?:^|[,;\s])timeout=(\d{1,9})(?:$|[,;\s])/i.exec(value) ?? [];
    knownMs = seconds === undefined ? -1 : Math.min(Number(seconds) * 1_000, MAX_IDLE_MS + MARGIN_MS);
    knownValue = value;
  }
  return knownMs < 0 ? keepAliveMs : knownMs - MARGIN_MS;
}
