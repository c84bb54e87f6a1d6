/**
 * `Retry-After` of a 503: the endpoint's own word on when to come back. Not of a 429, which is about one client of the endpoint: behind a
 * proxy that is one user among many, and others are not to be kept away for it.
 * @see RFC 9110 section 10.2.3; the cap is that of Linkerd and Envoy
 */
import type { RawHeaders } from '../transport/transport.ts';

/** However long the endpoint wants to be left alone, after so long it is asked again. */
const MAX_RETRY_AFTER_MS = 300_000;

const FIELD = 'retry-after';

/**
 * ms for which the endpoint wants no requests, 0..300_000; 0 if it does not say.
 * @param epochMs now, in ms since 1970, for a date; read only if there is one
 */
export function retryAfterMs(headers: RawHeaders, epochMs: () => number): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === FIELD.length && name.toString().toLowerCase() === FIELD) {
      return millisecondsOf(headers[i + 1]!.toString().trim(), epochMs);
    }
  }
  return 0;
}

function millisecondsOf(value: string, epochMs: () => number): number {
  const ms = /^\d{1,10}$/.test(value) ? Number(value) * 1_000 : dateOf(value) - epochMs();
  return ms > 0 ? Math.min(Math.ceil(ms), MAX_RETRY_AFTER_MS) : 0;
}

/** In the one form that may be sent (RFC 9110 section 5.6.7), since `Date.parse` takes nearly anything for a date; else NaN. */
function dateOf(value: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value) ? Date.parse(value) : NaN;
}
