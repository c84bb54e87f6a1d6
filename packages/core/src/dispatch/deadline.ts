/**
 * How long a request may take, told to whoever works on it: the milliseconds that are left travel in a header field, so that nobody
 * works for a caller who has stopped waiting. HTTP has no field for it; the one used here is Envoy's.
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-expected-rq-timeout-ms
 */
import type { UpstreamRequest } from '../transport/transport.ts';

/** The field that carries the milliseconds left, unless an option names another one. */
export const DEADLINE_FIELD = 'x-envoy-expected-rq-timeout-ms';

/** What Node's timers can do, 24 days. Whoever allows more does not mean a limit. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

const MILLISECONDS = /^[1-9]\d{0,9}$/;

/**
 * The milliseconds that a request says are left for it, to be passed on as `deadlineMs`; undefined if it does not say, or nothing that
 * makes sense. Whoever sends the request can shorten its time by this and never lengthen it beyond 24 days: take the lesser of it and
 * your own.
 * @param headers a request's fields by their lower-case names, such as `req.headers`
 * @param field @default 'x-envoy-expected-rq-timeout-ms'
 */
export function deadlineOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  field: string = DEADLINE_FIELD,
): number | undefined {
  const value = headers[field.toLowerCase()];
  // Two fields are two opinions, and Node joins them to something that is not a number.
  if (typeof value !== 'string' || !MILLISECONDS.test(value)) return undefined;
  const ms = Number(value);
  return ms <= MAX_TIMER_MS ? ms : undefined;
}

/** The request as one attempt sends it: whatever it said about its time replaced by what is left. O(fields) */
export function withDeadline(request: UpstreamRequest, field: string, leftMs: number): UpstreamRequest {
  const { method, path, body, headTimeoutMs, bodyTimeoutMs } = request;
  const headers: string[] = [];
  const name = field.toLowerCase();
  for (let i = 0; i < request.headers.length; i += 2) {
    const known = request.headers[i]!;
    if (known.length === name.length && known.toLowerCase() === name) continue;
    headers.push(known, request.headers[i + 1]!);
  }
  headers.push(field, String(Math.max(1, Math.floor(leftMs))));
  return { method, path, headers, body, headTimeoutMs, bodyTimeoutMs };
}
